// Which runs and versions was this made from, and how far away are they?
//
// Follows LOGGED_BY and USED, which both point from a thing to what it came from, and visits each node once. An edge counts
// when it had happened by $as_of and was known by $known_at. Carries no properties: the walk itself, as fast as it gets.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   uids       LIST     uid of each run and version, the nearest first; home is the first
//   depths     LIST     the least number of relationships from home to each
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/upstream
// Try    :param uid => null
//   :param depth => null
//   :param as_of => null
//   :param known_at => null
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
WITH home, datetime($as_of) AS as_of, datetime($known_at) AS known_at
// The walk has a subquery of its own: there it is certain that home is one node, so the search's order and depths need no
// grouping.
CALL (home, as_of, known_at) {
  MATCH p = (home)-[steps:LOGGED_BY|USED*0..]->(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  WHERE $depth IS NULL OR depth <= $depth
  RETURN n, depth
}
RETURN collect(n.uid) AS uids, collect(depth) AS depths
