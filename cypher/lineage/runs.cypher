// Which runs does this project have?
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $limit     INTEGER  at most so many, the newest first
//
// Columns
//   run        MAP      the run's properties
//
// Try    :param project => 'digits'
//   :param limit => 100
MATCH (r:Run)
WHERE $project IS NULL OR r.project = $project
WITH r ORDER BY r.started_at DESC, r.uid LIMIT $limit
RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
  recorded_at: toString(r.recorded_at)} AS run
