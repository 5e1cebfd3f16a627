// What is recorded of this run?
//
// Parameters
//   $run       STRING   full name, such as 'digits/runs/train-1'
//
// Columns
//   run        MAP      its properties
//
// Try    :param run => 'digits/runs/train-1'
MATCH (r:Run {project: split($run, '/runs/')[0], id: split($run, '/runs/')[1]})
RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
  recorded_at: toString(r.recorded_at)} AS run
