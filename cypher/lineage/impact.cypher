// What does this touch: how much was made from it, of what kind, by whom, and which names point into that?
//
// One walk against LOGGED_BY and USED, each node visited once; it is counted where it is found, and only a page of nodes, the
// nearest, is sent. An edge counts when it had happened by $as_of and was known by $known_at. Home is where the walk begins and
// is not counted; `looped` says whether it is downstream of itself. A version's author is that of the run that made it. An
// alias holds as of that time.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//   $limit     INTEGER  at most so many runs and versions on the page, by depth and uid; null for all
//   $after     INTEGER  leave out so many of the first, given before; null for none
//
// Columns
//   found      INTEGER  how many runs and versions are downstream
//   looped     BOOLEAN  whether home is made from itself
//   run_groups LIST     [project, job_type, author, state, how many runs]
//   version_groups LIST [project, type, author, how many versions]
//   aliases    LIST     [alias, artifact, name of the version, its depth]
//   uids       LIST     the uid of each run and version on the page, the nearest first
//   depths     LIST     the least number of relationships from home to each of `uids`
//   runs       LIST     lists: uids, then id, name, project, job_type, step, state, started_at, ended_at, author, source_id
//   versions   LIST     lists: uids, then name, type, digest, size, created_at, aliases, source_id
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/neighbours
// Try    :param uid => null
//   :param depth => null
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
WITH home, datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (home, as_of, known_at) {
  MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  WHERE depth > 0 AND ($depth IS NULL OR depth <= $depth)
  WITH n, depth
  ORDER BY depth
  RETURN collect(n) AS nodes, collect(depth) AS depths
}
WITH home, as_of, known_at, nodes, depths, coalesce($after, 0) AS after
// Which of the things that home came from are downstream of it: those that are in both lists.
CALL (home, as_of, known_at, nodes) {
  WITH nodes + COLLECT {
    MATCH (home)-[e:LOGGED_BY|USED]->(m)
    WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
    RETURN DISTINCT m
  } AS both
  UNWIND CASE WHEN size(both) > size(nodes) THEN both ELSE [] END AS m
  RETURN count(DISTINCT m) < count(m) AS looped
}
CALL (nodes) {
  UNWIND [n IN nodes WHERE n:Run] AS r
  WITH r.project AS project, r.job_type AS type, r.author AS author, r.state AS state, count(*) AS runs
  ORDER BY runs DESC, project, type, author, state
  RETURN collect([project, type, author, state, runs]) AS run_groups
}
CALL (nodes) {
  UNWIND [n IN nodes WHERE n:ArtifactVersion] AS v
  OPTIONAL MATCH (v)<-[:LOGGED {created: true}]-(creator:Run)
  WITH v.project AS project, v.type AS type, creator.author AS author, count(*) AS versions
  ORDER BY versions DESC, project, type, author
  RETURN collect([project, type, author, versions]) AS version_groups
}
// The last move of each alias that ever pointed to one of the nodes, only where another time is asked for.
CALL (nodes, as_of, known_at) {
  UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN [] ELSE nodes END AS v
  MATCH (v)<-[:MOVED]-(alias:Alias)
  WITH DISTINCT alias, as_of, known_at
  MATCH (alias)-[m:MOVED]->(held)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH alias, held, m ORDER BY m.at DESC, m.event DESC
  WITH alias, collect([held, null, alias.name, m.removed])[0] AS last
  WHERE last[3] IS NULL
  RETURN collect(last) AS moves
}
CALL (nodes, depths, as_of, known_at, moves) {
  UNWIND [i IN range(0, size(nodes) - 1) | [nodes[i], depths[i]]] + moves AS one
  WITH one[0] AS v, max(one[1]) AS depth, collect(one[2]) AS then
  WHERE depth IS NOT NULL
  UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN v.aliases ELSE then END AS alias
  WITH alias, v, depth
  ORDER BY alias = 'latest', depth, alias, v.name
  RETURN collect([alias, v.artifact, v.name, depth]) AS aliases
}
// The page: sorted by uid as well, but only as deep as it reaches.
CALL (nodes, depths, after) {
  WITH nodes, depths, after, depths[after + $limit - 1] AS deepest
  UNWIND range(0, CASE WHEN deepest IS NULL THEN size(nodes) ELSE size([d IN depths WHERE d <= deepest]) END - 1) AS i
  WITH nodes[i] AS n, depths[i] AS depth, after
  ORDER BY depth, n.uid
  SKIP coalesce($after, 0) LIMIT coalesce($limit, 9223372036854775807)
  WITH collect(n) AS page, collect(depth) AS page_depths
  RETURN page, page_depths, [n IN page WHERE n:Run] AS rs, [n IN page WHERE n:ArtifactVersion] AS vs
}
RETURN size(nodes) AS found, looped, run_groups, version_groups, aliases, [n IN page | n.uid] AS uids, page_depths AS depths,
  [[r IN rs | r.uid], [r IN rs | r.id], [r IN rs | r.name], [r IN rs | r.project], [r IN rs | r.job_type], [r IN rs | r.step],
   [r IN rs | r.state], [r IN rs | toString(r.started_at)], [r IN rs | toString(r.ended_at)], [r IN rs | r.author],
   [r IN rs | r.source_id]] AS runs,
  [[v IN vs | v.uid], [v IN vs | v.name], [v IN vs | v.type], [v IN vs | v.digest], [v IN vs | v.size],
   [v IN vs | toString(v.created_at)], [v IN vs | v.aliases], [v IN vs | v.source_id]] AS versions
