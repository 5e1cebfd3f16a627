// What is recorded of these runs and versions, in short?
//
// What a walk tells of its nodes, for nodes that are known already. Answers in lists, one a property, in two rows: the first is
// worked on while the server is at the second.
//
// Parameters
//   $runs      LIST     uids of runs
//   $versions  LIST     uids of versions
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z', for the versions' aliases; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   part       STRING   'versions', 'runs', in this order
//   lists      LIST     of versions: uids in the order given, then name, type, digest, size, created_at, aliases, source_id,
//                       then [uid, alias] as they were then (for now, the versions' own hold); of runs: uids in the order
//                       given, then id, name, project, job_type, step, state, started_at, ended_at, author, source_id
//
// Try    :param runs => []
//   :param versions => []
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
UNWIND ['versions', 'runs'] AS part
CALL (part, as_of, known_at) {
  WITH * WHERE part = 'versions'
  CALL () {
    UNWIND $versions AS uid
    MATCH (v:ArtifactVersion {uid: uid})
    RETURN collect(v) AS vs
  }
  CALL (vs, as_of, known_at) {
    UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN [] ELSE vs END AS v
    MATCH (v)<-[:MOVED]-(alias:Alias)
    WITH DISTINCT alias, as_of, known_at
    MATCH (alias)-[m:MOVED]->(v)
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    WITH alias, v, m ORDER BY m.at DESC, m.event DESC
    WITH alias, collect([v.uid, alias.name, m.removed])[0] AS last
    WHERE last[2] IS NULL
    RETURN collect(last[..2]) AS aliases
  }
  RETURN [[v IN vs | v.uid], [v IN vs | v.name], [v IN vs | v.type], [v IN vs | v.digest], [v IN vs | v.size],
    [v IN vs | toString(v.created_at)], [v IN vs | v.aliases], [v IN vs | v.source_id], aliases] AS lists
  UNION ALL
  WITH * WHERE part = 'runs'
  CALL () {
    UNWIND $runs AS uid
    MATCH (r:Run {uid: uid})
    RETURN collect(r) AS rs
  }
  RETURN [[r IN rs | r.uid], [r IN rs | r.id], [r IN rs | r.name], [r IN rs | r.project], [r IN rs | r.job_type],
    [r IN rs | r.step], [r IN rs | r.state], [r IN rs | toString(r.started_at)], [r IN rs | toString(r.ended_at)],
    [r IN rs | r.author], [r IN rs | r.source_id]] AS lists
}
RETURN part, lists
