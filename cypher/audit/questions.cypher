// Who asked what in their own Cypher?
//
// The newest first: what ran through `lineage-graph cypher`, what it refused, and what failed on its way. Parameters are kept as
// the digest of their canonical JSON. Who has the database's password can also ask past that door, and is not listed.
//
// Parameters
//   $project   STRING   what names without a project were in; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   at         STRING   when it was asked
//   who        STRING   who asked; null where that was erased
//   outcome    STRING   'ran', 'refused' or 'failed'
//   rows       INTEGER  how many rows were given; null where it did not run
//   statement  STRING   the statement; null where it was erased
//   reason     STRING   why it did not run; null where it did
//   project    STRING   what names without a project were in
//   digest     STRING   SHA-256 of the statement
//   parameters STRING   SHA-256 of its parameters as canonical JSON; null where it had none
//   recorded_at STRING  when the graph learnt of it
//   event      STRING   its uid
//
// Try    :param project => null
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (q:Question)
WHERE ($project IS NULL OR q.project = $project)
  AND (as_of IS NULL OR q.at <= as_of) AND (known_at IS NULL OR q.recorded_at <= known_at)
RETURN toString(q.at) AS at, q.actor AS who, q.outcome AS outcome, q.rows AS rows, q.statement AS statement, q.reason AS reason,
  q.project AS project, q.statement_digest AS digest, q.parameters_digest AS parameters,
  toString(q.recorded_at) AS recorded_at, q.uid AS event
ORDER BY q.at DESC, event
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
