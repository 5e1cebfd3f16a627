// What was this made from, all the way back?
//
// Follows LOGGED_BY and USED, which both point from a thing to what it came from, and visits each node once. An edge counts
// when it had happened by $as_of and was known by $known_at; edges are those that a walk of $depth relationships follows.
// Answers in lists, one a property, for rows cost more than the walk, and in four rows, so that one can be read while the next is
// being made. `id` is the server's own number of a node: it ties the lists together, and means nothing outside this answer.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//   $limit     INTEGER  at most so many runs and versions, the nearest first, by depth and uid; null for all
//   $after     INTEGER  leave out so many of the first, given before; null for none
//
// Columns
//   part       STRING   'nodes', 'edges', 'versions', 'runs', in this order
//   lists      LIST     of nodes: id of each run and version found, those left out as well (one more than $limit when there are
//                       more), its uid, the least number of relationships from home, whether it is a run; of edges: ids of the
//                       ends nearer to home, ids of the ends one step further, times in seconds since 1970; of versions: ids,
//                       then name, type, digest, size, created_at, aliases, source_id, then [id, alias] as they were then
//                       (for now, the versions' own hold); of runs: ids, then id, name, project, job_type, step, state,
//                       started_at, ended_at, author, source_id
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/neighbours
// Try    :param uid => null
//   :param depth => null
//   :param as_of => null
//   :param known_at => null
//   :param limit => null
//   :param after => null
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
WITH home, datetime($as_of) AS as_of, datetime($known_at) AS known_at
// The walk has a subquery of its own: there it is certain that home is one node, so the search's order and depths need no
// grouping, and a $limit stops it early.
CALL (home, as_of, known_at) {
  MATCH p = (home)-[steps:LOGGED_BY|USED*0..]->(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  WHERE $depth IS NULL OR depth <= $depth
  WITH n, depth
  ORDER BY depth, CASE WHEN $limit IS NOT NULL THEN n.uid END
  LIMIT coalesce(coalesce($after, 0) + $limit + 1, 9223372036854775807)
  RETURN collect(n) AS nodes, collect(depth) AS depths
}
WITH nodes, depths, as_of, known_at, nodes[coalesce($after, 0)..] AS page
UNWIND ['nodes', 'edges', 'versions', 'runs'] AS part
CALL (part, nodes, depths, page, as_of, known_at) {
  WITH * WHERE part = 'nodes'
  RETURN [[n IN nodes | id(n)], [n IN nodes | n.uid], depths, [n IN nodes | n:Run]] AS lists
  UNION ALL
  WITH * WHERE part = 'edges'
  CALL (nodes, depths, as_of, known_at) {
    UNWIND nodes[..size([d IN depths WHERE $depth IS NULL OR d < $depth])] AS n
    MATCH (n)-[e:LOGGED_BY|USED]->(m)
    WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
    WITH n, m, e.at AS at
    RETURN [collect(id(n)), collect(id(m)), collect(at.epochSeconds + at.microsecond / 1000000.0)] AS lists
  }
  RETURN lists
  UNION ALL
  WITH * WHERE part = 'versions'
  WITH [n IN page WHERE n:ArtifactVersion] AS vs, as_of, known_at
  CALL (vs, as_of, known_at) {
    UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN [] ELSE vs END AS v
    MATCH (v)<-[:MOVED]-(alias:Alias)
    WITH DISTINCT alias, as_of, known_at
    MATCH (alias)-[m:MOVED]->(v)
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    WITH alias, v, m ORDER BY m.at DESC, m.event DESC
    WITH alias, collect([id(v), alias.name, m.removed])[0] AS last
    WHERE last[2] IS NULL
    RETURN collect(last[..2]) AS aliases
  }
  RETURN [[v IN vs | id(v)], [v IN vs | v.name], [v IN vs | v.type], [v IN vs | v.digest], [v IN vs | v.size],
    [v IN vs | toString(v.created_at)], [v IN vs | v.aliases], [v IN vs | v.source_id], aliases] AS lists
  UNION ALL
  WITH * WHERE part = 'runs'
  WITH [n IN page WHERE n:Run] AS rs
  RETURN [[r IN rs | id(r)], [r IN rs | r.id], [r IN rs | r.name], [r IN rs | r.project], [r IN rs | r.job_type],
    [r IN rs | r.step], [r IN rs | r.state], [r IN rs | toString(r.started_at)], [r IN rs | toString(r.ended_at)],
    [r IN rs | r.author], [r IN rs | r.source_id]] AS lists
}
RETURN part, lists
