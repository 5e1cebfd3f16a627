// Which models behind an alias rest on this data?
//
// Each version of that type that was made from the data, as long as an alias means it: the models somebody may be using now.
//
// Parameters
//   $version   STRING   the data: full name with its number, such as 'digits/digits-raw:v0'
//   $alias     STRING   such as 'prod' or 'best'; null for any
//   $type      STRING   which type of version; null for 'model'
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   model      STRING   its full name
//   alias      STRING   the alias that means it
//   since      STRING   when that alias was moved to it
//   who        STRING   who moved it; null where nobody said so
//   depth      INTEGER  the least number of relationships from the data
//   digest     STRING   the model's digest
//   recorded_at STRING  when the graph learnt of the move
//
// Plan   VarLengthExpand(Pruning,BFS
// Try    :param version => 'digits/digits-raw:v0'
//   :param alias => 'best'
//   :param type => null
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (home:ArtifactVersion {name: $version})
CALL (home, as_of, known_at) {
  MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  RETURN n, min(length(p)) AS depth
}
WITH n, depth, as_of, known_at WHERE depth > 0 AND n.type = coalesce($type, 'model')
MATCH (n)<-[:MOVED]-(a:Alias) WHERE $alias IS NULL OR a.name = $alias
WITH a, collect([n, depth]) AS found, as_of, known_at
CALL (a, as_of, known_at) {
  MATCH (a)-[m:MOVED]->(meant)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  RETURN m, meant ORDER BY m.at DESC, m.event DESC LIMIT 1
}
WITH a, m, meant, [one IN found WHERE one[0] = meant | one[1]][0] AS depth
WHERE m.removed IS NULL AND depth IS NOT NULL
RETURN meant.name AS model, a.name AS alias, toString(m.at) AS since, m.actor AS who, depth, meant.digest AS digest,
  toString(m.recorded_at) AS recorded_at
ORDER BY depth, model, alias
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
