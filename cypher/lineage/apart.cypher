// What lies upstream of only one of these two, and what upstream of both?
//
// Both walks of lineage/closure, each at its own time, and what is recorded of the nodes they do not share; a thing is not
// upstream of itself. Answers in lists, one a property, in three rows: the first is worked on while the server is at the next.
//
// Parameters
//   $a         STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $b         STRING   the other one
//   $a_as_of   STRING   a time, such as '2026-01-05T08:00:00Z', for $a; null for now
//   $b_as_of   STRING   likewise for $b
//   $known_at  STRING   likewise for both, by when the graph learnt of it
//   $both      BOOLEAN  whether to tell of what they share, too
//   $limit     INTEGER  tell of at most so many runs and versions, the nearest first, by depth, side and uid; null for all
//   $after     INTEGER  leave out so many of the first, given before; null for none
//
// Columns
//   part       STRING   'nodes', 'versions', 'runs', in this order
//   lists      LIST     of nodes: of each one whose it is (0: $a's alone, 1: $b's alone, 2: of both), and its depth, from $a
//                       where it is $a's; of versions: uids, whose, depths, then name, type, digest, size, created_at,
//                       aliases, source_id, then [uid, alias, whether by $b's time] as they were then (for now, the versions'
//                       own hold); of runs: uids, whose, depths, then id, name, project, job_type, step, state, started_at,
//                       ended_at, author, source_id
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/upstream
// Try    :param a => null
//   :param b => null
//   :param a_as_of => null
//   :param b_as_of => null
//   :param known_at => null
//   :param both => false
//   :param limit => null
//   :param after => null
WITH datetime($a_as_of) AS a_as_of, datetime($b_as_of) AS b_as_of, datetime($known_at) AS known_at
CALL (a_as_of, b_as_of, known_at) {
  UNWIND [0, 1] AS side
  CALL (side) {
    MATCH (v:ArtifactVersion {uid: CASE side WHEN 0 THEN $a ELSE $b END}) RETURN v AS home
    UNION
    MATCH (r:Run {uid: CASE side WHEN 0 THEN $a ELSE $b END}) RETURN r AS home
  }
  WITH side, home, CASE side WHEN 0 THEN a_as_of ELSE b_as_of END AS as_of, known_at
  // The walk has a subquery of its own: there it is certain that home is one node, so the search's order and depths need no
  // grouping.
  CALL (home, as_of, known_at) {
    MATCH p = (home)-[steps:LOGGED_BY|USED*0..]->(n)
    WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
    WITH n, min(length(p)) AS depth
    WHERE depth > 0
    RETURN n, depth
  }
  WITH n, sum(side + 1) - 1 AS whose, min([side, depth])[1] AS depth
  ORDER BY CASE WHEN $limit IS NOT NULL THEN depth END, CASE WHEN $limit IS NOT NULL THEN whose END,
    CASE WHEN $limit IS NOT NULL THEN n.uid END
  RETURN collect(n) AS nodes, collect(whose) AS whose, collect(depth) AS depths
}
WITH *, [i IN range(0, size(nodes) - 1) WHERE $both OR whose[i] < 2] AS told
WITH *, told[coalesce($after, 0)..coalesce(coalesce($after, 0) + $limit, size(told))] AS page
UNWIND ['nodes', 'versions', 'runs'] AS part
CALL (part, nodes, whose, depths, page, a_as_of, b_as_of, known_at) {
  WITH * WHERE part = 'nodes'
  RETURN [whose, depths] AS lists
  UNION ALL
  WITH * WHERE part = 'versions'
  WITH [i IN page WHERE nodes[i]:ArtifactVersion] AS here, nodes, whose, depths, a_as_of, b_as_of, known_at
  WITH *, [i IN here | nodes[i]] AS vs
  CALL (here, nodes, whose, a_as_of, b_as_of, known_at) {
    UNWIND CASE WHEN a_as_of IS NULL AND b_as_of IS NULL AND known_at IS NULL THEN [] ELSE here END AS i
    WITH nodes[i] AS v, whose[i] = 1 AS bs, known_at, a_as_of, b_as_of
    MATCH (v)<-[:MOVED]-(alias:Alias)
    WITH DISTINCT alias, bs, CASE WHEN bs THEN b_as_of ELSE a_as_of END AS as_of, known_at
    MATCH (alias)-[m:MOVED]->(v)
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    WITH alias, bs, v, m ORDER BY m.at DESC, m.event DESC
    WITH alias, bs, collect([v.uid, alias.name, bs, m.removed])[0] AS last
    WHERE last[3] IS NULL
    RETURN collect(last[..3]) AS aliases
  }
  RETURN [[v IN vs | v.uid], [i IN here | whose[i]], [i IN here | depths[i]], [v IN vs | v.name], [v IN vs | v.type],
    [v IN vs | v.digest], [v IN vs | v.size], [v IN vs | toString(v.created_at)], [v IN vs | v.aliases],
    [v IN vs | v.source_id], aliases] AS lists
  UNION ALL
  WITH * WHERE part = 'runs'
  WITH [i IN page WHERE nodes[i]:Run] AS here, nodes, whose, depths
  WITH *, [i IN here | nodes[i]] AS rs
  RETURN [[r IN rs | r.uid], [i IN here | whose[i]], [i IN here | depths[i]], [r IN rs | r.id], [r IN rs | r.name],
    [r IN rs | r.project], [r IN rs | r.job_type], [r IN rs | r.step], [r IN rs | r.state], [r IN rs | toString(r.started_at)],
    [r IN rs | toString(r.ended_at)], [r IN rs | r.author], [r IN rs | r.source_id]] AS lists
}
RETURN part, lists
