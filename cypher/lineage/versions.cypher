// Which versions does this artifact have?
//
// Parameters
//   $artifact  STRING   'project/name'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $newest    BOOLEAN  whether the greatest number comes first; null for the least
//   $limit     INTEGER  at most so many; null for all
//   $after     INTEGER  leave out so many of the first, given before; null for none
//
// Columns
//   version    MAP      each version's properties, in the order of their numbers
//
// Try    :param artifact => 'digits/classifier'
//   :param as_of => null
//   :param newest => null
//   :param limit => null
//   :param after => null
MATCH (v:ArtifactVersion {artifact: $artifact})
WHERE $as_of IS NULL OR v.created_at <= datetime($as_of)
WITH v ORDER BY CASE WHEN $newest THEN -v.version ELSE v.version END
SKIP coalesce($after, 0) LIMIT coalesce($limit, 1000000000)
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
