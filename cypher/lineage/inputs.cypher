// Which versions did this run use?
//
// Parameters
//   $run       STRING   full name, such as 'digits/runs/train-1'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   version    MAP      the version's properties
//   at         STRING   when the run used it
//   used_as    STRING   in which role; null where none was said
//
// Try    :param run => 'digits/runs/train-1'
//   :param as_of => null
MATCH (r:Run {project: split($run, '/runs/')[0], id: split($run, '/runs/')[1]})-[u:USED]->(v:ArtifactVersion)
WHERE $as_of IS NULL OR u.at <= datetime($as_of)
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version, toString(u.at) AS at,
  u.used_as AS used_as
ORDER BY u.at, v.name
