// What did the steps behind the versions of this project take, and what would the names they asked for mean now?
//
// The versions of the project with the runs that logged them, and what those runs used, one step back and no further.
// LOGGED_BY and USED count when they had happened by $as_of and were known by $known_at. From this follows what is stale: see
// lineage/stale for the rows an auditor wants. Answers in lists, for rows cost more; a `number` is the server's own of a node and
// means nothing outside of one graph.
//
// Parameters
//   $project   STRING   a project
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   versions   LIST     lists: numbers, full names
//   runs       LIST     lists: numbers, names such as 'digits/runs/train-1', steps
//   made       LIST     lists: number of a version, number of a run that logged it
//   used       LIST     lists: number of a run, number of a version that it used, how it was asked for, its role
//                       ('' where that was not said), seconds since 1970
//   names      LIST     [artifact, alias, number of the version that it meant, its name, seconds since 1970 when that was first
//                       seen]; alias null: no `latest`, and this is the newest; version null: the alias was removed
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(v:ArtifactVersion)
  WHERE (as_of IS NULL OR v.created_at <= as_of) AND (known_at IS NULL OR v.recorded_at <= known_at)
  RETURN collect(v) AS vs
}
CALL (vs, as_of, known_at) {
  UNWIND vs AS v
  MATCH (v)-[e:LOGGED_BY]->(r)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  RETURN [collect(id(v)), collect(id(r))] AS made, collect(DISTINCT r) AS rs
}
CALL (rs, as_of, known_at) {
  UNWIND rs AS r
  MATCH (r)-[u:USED]->(w)
  WHERE (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at)
  WITH r, w, u.asked AS asked, u.used_as AS used_as, u.at AS at
  RETURN [collect(id(r)), collect(id(w)), collect(coalesce(asked, '')), collect(coalesce(used_as, '')),
    collect(at.epochSeconds + at.microsecond / 1000000.0)] AS used, collect(DISTINCT w) AS ws
}
CALL (vs, rs, ws) {
  UNWIND vs + rs + ws AS n
  RETURN collect(DISTINCT n) AS nodes
}
// All the names of those artifacts, as they were then; where nobody logged one, so that it has no `latest`, the version seen
// first the last.
CALL (nodes, as_of, known_at) {
  UNWIND [n IN nodes WHERE n:ArtifactVersion] AS v
  WITH DISTINCT v.artifact AS artifact, as_of, known_at
  CALL (artifact, as_of, known_at) {
    MATCH (a:Alias {artifact: artifact})
    WHERE as_of IS NULL AND known_at IS NULL
    OPTIONAL MATCH (held:ArtifactVersion {uid: a.version})
    RETURN a.name AS alias, held
    UNION ALL
    WITH artifact, as_of, known_at WHERE as_of IS NOT NULL OR known_at IS NOT NULL
    MATCH (a:Alias {artifact: artifact})-[m:MOVED]->(v)
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    WITH a, v, m ORDER BY m.at DESC, m.event DESC
    WITH a, collect([v, m.removed])[0] AS last
    RETURN a.name AS alias, CASE WHEN last[1] IS NULL THEN last[0] END AS held
    UNION ALL
    WITH artifact, as_of, known_at
    WHERE NOT EXISTS {
      MATCH (:Alias {artifact: artifact, name: 'latest'})-[m:MOVED]->()
      WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    }
    MATCH (v:ArtifactVersion {artifact: artifact})
    WHERE (as_of IS NULL OR v.created_at <= as_of) AND (known_at IS NULL OR v.recorded_at <= known_at)
    WITH v ORDER BY v.created_at DESC, v.version DESC LIMIT 1
    RETURN null AS alias, v AS held
  }
  WITH artifact, alias, held ORDER BY artifact, alias
  RETURN collect([artifact, alias, id(held), held.name, held.created_at.epochSeconds + held.created_at.microsecond / 1000000.0]) AS names
}
WITH made, used, names, [n IN nodes WHERE n:ArtifactVersion] AS vs, [n IN nodes WHERE n:Run] AS rs
RETURN [[v IN vs | id(v)], [v IN vs | v.name]] AS versions,
  [[r IN rs | id(r)], [r IN rs | r.project + '/runs/' + r.id], [r IN rs | r.step]] AS runs,
  made, used, names
