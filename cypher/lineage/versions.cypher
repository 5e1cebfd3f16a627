// Which versions does this artifact have?
//
// Parameters
//   $artifact  STRING   'project/name'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   version    MAP      each version's properties, the oldest number first
//
// Try    :param artifact => 'digits/classifier'
//   :param as_of => null
MATCH (v:ArtifactVersion {artifact: $artifact})
WHERE $as_of IS NULL OR v.created_at <= datetime($as_of)
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
ORDER BY v.version
