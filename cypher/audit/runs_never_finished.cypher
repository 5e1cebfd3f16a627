// Which runs never finished?
//
// No end of theirs is recorded ('running'), or somebody else had to say that they were gone ('crashed'). What a run's record
// keeps is its last end, so a run that was resumed counts as open between its ends.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   run        STRING   its full name
//   state      STRING   'running' or 'crashed', as of then
//   started_at STRING   when it began
//   who        STRING   its author
//   host       STRING   where it ran
//   job_type   STRING   its job type
//   logged     INTEGER  how many versions it logged
//   stub       BOOLEAN  whether others spoke of it and nobody ever started it
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (r:Run)
WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
  AND (as_of IS NULL OR r.started_at <= as_of) AND (known_at IS NULL OR r.recorded_at <= known_at)
WITH r, as_of, known_at, CASE
    WHEN r.ended_at IS NULL OR r.ended_at > as_of OR coalesce(r.end_recorded_at, r.recorded_at) > known_at THEN 'running'
    WHEN r.resumed_at > r.ended_at AND (as_of IS NULL OR r.resumed_at <= as_of) THEN 'running'
    ELSE r.state
  END AS state
WHERE state IN ['running', 'crashed']
RETURN r.project + '/runs/' + r.id AS run, state, toString(r.started_at) AS started_at, r.author AS who, r.host AS host,
  r.job_type AS job_type, COUNT {
    MATCH (r)-[l:LOGGED]->() WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
  } AS logged, coalesce(r.stub, false) AS stub, toString(r.recorded_at) AS recorded_at
ORDER BY r.started_at, run
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
