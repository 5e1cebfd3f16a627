// Which versions did this run log?
//
// Parameters
//   $run       STRING   full name, such as 'digits/runs/train-1'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   version    MAP      the version's properties
//   at         STRING   when the run logged it
//   created    BOOLEAN  whether it made it
//
// Try    :param run => 'digits/runs/train-1'
//   :param as_of => null
MATCH (r:Run {project: split($run, '/runs/')[0], id: split($run, '/runs/')[1]})-[l:LOGGED]->(v:ArtifactVersion)
WHERE $as_of IS NULL OR l.at <= datetime($as_of)
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version, toString(l.at) AS at,
  l.created AS created
ORDER BY l.at, v.name
