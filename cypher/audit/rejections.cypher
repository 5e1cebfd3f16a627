// Which events did the graph refuse, and why?
//
// The newest first. Entries and receipts are canonical JSON, one outcome for each event, so what is asked for always stands in
// the same place: an event's artifact before its `at`, its kind and run after it.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   recorded_at STRING  when it was refused
//   at         STRING   when it happened, as the event says
//   kind       STRING   what it says: 'run_started', 'used', 'logged', …
//   run        STRING   the run it is about; null where it is about none
//   artifact   STRING   the artifact it is about; null where it is about none
//   reason     STRING   why it was refused
//   journal    STRING   the journal it came in
//   seq        INTEGER  its entry
//   event      STRING   its uid
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (e:Entry)
WHERE e.rejected > 0 AND (known_at IS NULL OR e.recorded_at <= known_at)
WITH e, as_of, split(e.body, '"at":"') AS events, tail(split(e.receipt, '"event":"')) AS outcomes
UNWIND range(0, size(outcomes) - 1) AS i
WITH e, as_of, i, outcomes[i] AS outcome, events[i] AS before, events[i + 1] AS after
WHERE substring(outcome, 36, 12) = '","reason":"'
WITH e, as_of, i, left(outcome, 36) AS event, left(after, 27) AS at,
  split(split(after, '"kind":"')[1], '"')[0] AS kind,
  split(split(after, '"run":"')[1], '"')[0] AS run,
  split(split(before, '"artifact":"')[1], '"')[0] AS artifact,
  replace(replace(split(substring(outcome, 48), '","result":')[0], '\\"', '"'), '\\\\', '\\') AS reason
WHERE (as_of IS NULL OR datetime(at) <= as_of)
  AND ($project IS NULL OR run STARTS WITH $project + '/runs/'
    OR (artifact STARTS WITH $project + '/' AND NOT substring(artifact, size($project) + 1) CONTAINS '/'))
RETURN toString(e.recorded_at) AS recorded_at, toString(datetime(at)) AS at, kind, run, artifact, reason, e.journal AS journal, e.seq AS seq, event
ORDER BY e.recorded_at DESC, journal, seq, i
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
