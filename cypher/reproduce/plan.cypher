// Which runs and versions lead to this, who made each version, and whose bytes are kept?
//
// What a plan to make it again is chosen from: all that lies upstream and what else those runs logged, each node once. Of a
// version that several runs logged, the one with `created` made it. An edge counts when it had happened by $as_of and was known
// by $known_at. Answers in lists, one a property; `id` is the server's own number of a node: it ties the lists of one answer
// together, and means nothing outside it. reproduce/recipes then tells how the chosen runs were run.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   home       INTEGER  id of the version or run to begin at
//   runs       LIST     lists: ids, then uid, full name, whether all it did was to bring files in (`lineage-graph log`)
//   versions   LIST     lists: ids, then uid, name, type, digest, size, content
//   used       LIST     lists: ids of the runs, ids of the versions, used_as, asked ('' where none was said)
//   logged     LIST     lists: ids of the runs, ids of the versions, created, times in seconds since 1970
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/neighbours
// Try    :param uid => null
//   :param as_of => null
//   :param known_at => null
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
WITH home, datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (home, as_of, known_at) {
  MATCH p = (home)-[steps:LOGGED_BY|USED*0..]->(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  RETURN collect(n) AS nodes
}
WITH home, as_of, known_at, [n IN nodes WHERE n:Run] AS rs, [n IN nodes WHERE n:ArtifactVersion] AS upstream
CALL (rs, as_of, known_at) {
  UNWIND rs AS r
  MATCH (r)-[u:USED]->(v)
  WHERE (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at)
  WITH r, v, coalesce(u.used_as, '') AS used_as, coalesce(u.asked, '') AS asked
  RETURN [collect(id(r)), collect(id(v)), collect(used_as), collect(asked)] AS used
}
CALL (rs, as_of, known_at) {
  UNWIND rs AS r
  MATCH (r)-[l:LOGGED]->(v)
  WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
  WITH r, v, coalesce(l.created, false) AS created, l.at AS at
  RETURN collect(v) AS outputs,
    [collect(id(r)), collect(id(v)), collect(created), collect(at.epochSeconds + at.microsecond / 1000000.0)] AS logged
}
CALL (upstream, outputs) {
  UNWIND upstream + outputs AS v
  WITH DISTINCT v
  RETURN collect(v) AS vs
}
RETURN id(home) AS home,
  [[r IN rs | id(r)], [r IN rs | r.uid], [r IN rs | r.project + '/runs/' + r.id],
   [r IN rs | r.step = 'log' AND r.job_type = 'log']] AS runs,
  [[v IN vs | id(v)], [v IN vs | v.uid], [v IN vs | v.name], [v IN vs | v.type], [v IN vs | v.digest], [v IN vs | v.size],
   [v IN vs | v.content]] AS versions,
  used, logged
