// Which runs logged this version?
//
// Each run that logged these bytes under this name; `created` marks the one that made the version, the others came to the same
// result.
//
// Parameters
//   $version   STRING   full name, such as 'digits/classifier:v0'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   run        MAP      the run's properties
//   at         STRING   when it logged the version
//   created    BOOLEAN  whether it made it
//
// Try    :param version => 'digits/classifier:v0'
//   :param as_of => null
MATCH (:ArtifactVersion {name: $version})<-[l:LOGGED]-(r:Run)
WHERE $as_of IS NULL OR l.at <= datetime($as_of)
RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
  recorded_at: toString(r.recorded_at)} AS run, toString(l.at) AS at, l.created AS created
ORDER BY l.at, r.uid
