// Which runs did this run again?
//
// Parameters
//   $run       STRING   full name, such as 'digits/runs/train-1'
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   run        MAP      the later run's properties
//   at         STRING   when it said whose retry it is
//
// Draw   lineage/neighbours
// Try    :param run => 'digits/runs/train-1'
//   :param as_of => null
MATCH (r:Run {project: split($run, '/runs/')[0], id: split($run, '/runs/')[1]})<-[e:RETRY_OF]-(again:Run)
WHERE $as_of IS NULL OR e.at <= datetime($as_of)
RETURN again {.*, started_at: toString(again.started_at), ended_at: toString(again.ended_at),
  resumed_at: toString(again.resumed_at), recorded_at: toString(again.recorded_at)} AS run, toString(e.at) AS at
ORDER BY e.at, again.id
