// Which versions did this alias mean, from when until when, and who moved it?
//
// Its moves in the order of time, those that changed nothing and those that took it away too.
//
// Parameters
//   $artifact  STRING   'project/name'
//   $alias     STRING   such as 'latest' or 'best'
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   at         STRING   when it was moved
//   until      STRING   when it was moved again; null where it was not
//   what       STRING   'moved' or 'removed'
//   version    STRING   the version it came to mean, or was taken from
//   who        STRING   who moved it; null where nobody said so
//   event      STRING   uid of the event that says so
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param artifact => 'digits/classifier'
//   :param alias => 'best'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (:Alias {artifact: $artifact, name: $alias})-[m:MOVED]->(v:ArtifactVersion)
WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
WITH m, v ORDER BY m.at, m.event
WITH collect(m) AS moves, collect(v) AS versions
UNWIND range(0, size(moves) - 1) AS i
WITH i, moves[i] AS m, moves[i + 1] AS next, versions[i] AS v
RETURN toString(m.at) AS at, toString(next.at) AS until, CASE WHEN m.removed THEN 'removed' ELSE 'moved' END AS what,
  v.name AS version, m.actor AS who, m.event AS event, toString(m.recorded_at) AS recorded_at
ORDER BY i
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
