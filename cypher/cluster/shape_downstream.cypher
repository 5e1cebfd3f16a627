// What was made from this, as bare numbers to group?
//
// The shape of a descent without its nodes' properties: which nodes there are, of which role, and what points where. The
// numbers are the server's own; they tie the lists together, and mean nothing later. The facade finds levels by longest path in
// them, which plain Cypher can do only by listing paths; cluster/level_summary counts by least depth without any Python.
//
// Follows LOGGED_BY and USED against their direction, and visits each node once. An edge counts when it had happened by $as_of
// and was known by $known_at; edges are those that a walk of $depth relationships follows.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//   $apart     LIST     uids of runs, uids and full names of versions, whose numbers are wanted as well
//
// Columns
//   home       INTEGER  the number of home
//   apart      LIST     [what was given, number] of those of $apart that are there
//   deepest    INTEGER  the greatest depth at which there is a node
//   runs       LIST     [job_type, state, numbers] for each role that runs have
//   versions   LIST     [type, artifact, numbers] for each artifact that versions are of
//   edges      LIST     lists: numbers of what came before, numbers of what came after
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/downstream
// Try    :param uid => null
//   :param depth => null
//   :param as_of => null
//   :param known_at => null
//   :param apart => []
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
WITH home, datetime($as_of) AS as_of, datetime($known_at) AS known_at
// The walk has a subquery of its own: there it is certain that home is one node, so the search's order and depths need no
// grouping.
CALL (home, as_of, known_at) {
  MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  WHERE $depth IS NULL OR depth <= $depth
  RETURN collect(n) AS nodes, collect(depth) AS depths
}
CALL (nodes, depths, as_of, known_at) {
  UNWIND CASE WHEN $depth IS NULL THEN nodes ELSE nodes[..size([d IN depths WHERE d < $depth])] END AS n
  MATCH (n)<-[e:LOGGED_BY|USED]-(m)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  RETURN [collect(id(n)), collect(id(m))] AS edges
}
CALL (nodes) {
  UNWIND [n IN nodes WHERE n:Run] AS r
  WITH r.job_type AS job_type, r.state AS state, collect(id(r)) AS numbers
  RETURN collect([job_type, state, numbers]) AS runs
}
CALL (nodes) {
  UNWIND [n IN nodes WHERE n:ArtifactVersion] AS v
  WITH v.artifact AS artifact, collect(v) AS vs
  RETURN collect([vs[0].type, artifact, [v IN vs | id(v)]]) AS versions
}
CALL () {
  UNWIND $apart AS given
  CALL (given) {
    MATCH (v:ArtifactVersion {uid: given}) RETURN v AS n
    UNION
    MATCH (v:ArtifactVersion {name: given}) RETURN v AS n
    UNION
    MATCH (r:Run {uid: given}) RETURN r AS n
  }
  RETURN collect([given, id(n)]) AS apart
}
RETURN id(home) AS home, apart, depths[-1] AS deepest, runs, versions, edges
