// Since when does the graph know that its runs ended?
//
// Graphs from before end_recorded_at was kept do not say; the entry with the event that ended a run does. Entries are canonical
// JSON, so an event's run and uid come after its kind. Safe to run again.
MATCH (e:Entry)
WHERE e.body CONTAINS '"kind":"run_finished"'
CALL (e) {
  UNWIND tail(split(e.body, '"kind":"run_finished"')) AS said
  WITH e, split(split(split(said, '"run":"')[1], '"')[0], '/runs/') AS run, split(split(said, '"uid":"')[1], '"')[0] AS event
  MATCH (r:Run {project: run[0], id: run[1]})
  WHERE r.end_recorded_at IS NULL AND r.finished_by = event
  SET r.end_recorded_at = e.recorded_at
} IN TRANSACTIONS OF 1000 ROWS;
