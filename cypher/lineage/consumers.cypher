// Which runs used this version?
//
// Parameters
//   $version   STRING   full name, such as 'digits/classifier:v0'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   run        MAP      the run's properties
//   at         STRING   when it used the version
//   used_as    STRING   in which role; null where none was said
//
// Try    :param version => 'digits/classifier:v0'
//   :param as_of => null
MATCH (:ArtifactVersion {name: $version})<-[u:USED]-(r:Run)
WHERE $as_of IS NULL OR u.at <= datetime($as_of)
RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
  recorded_at: toString(r.recorded_at)} AS run, toString(u.at) AS at, u.used_as AS used_as
ORDER BY u.at, r.uid
