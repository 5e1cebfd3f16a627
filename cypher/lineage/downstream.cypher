// What was made from this, all the way on?
//
// Follows LOGGED_BY and USED against their direction, and visits each node once. An edge counts
// when it had happened by $as_of and was known by $known_at; edges are those that a walk of $depth relationships follows.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   runs       LIST     [uid, id, name, project, job_type, step, state, started_at, ended_at, author, source_id, depth]
//   versions   LIST     [uid, name, type, digest, size, created_at, aliases, source_id, depth]
//   used       LIST     [uid of the version, list of [uid of the run that used it, at]]
//   logged     LIST     [uid of the run, list of [uid of the version it logged, at]]
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/neighbours
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
MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
WITH n, as_of, known_at, min(length(p)) AS depth
WHERE $depth IS NULL OR depth <= $depth
WITH n, depth, as_of, known_at, n:Run AS is_run, COLLECT {
  MATCH (n)<-[e:LOGGED_BY|USED]-(m)
  WHERE ($depth IS NULL OR depth < $depth)
    AND (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  RETURN [m.uid, toString(e.at)]
} AS out
RETURN
  collect(CASE WHEN is_run THEN [n.uid, n.id, n.name, n.project, n.job_type, n.step, n.state, toString(n.started_at),
    toString(n.ended_at), n.author, n.source_id, depth] END) AS runs,
  collect(CASE WHEN NOT is_run THEN [n.uid, n.name, n.type, n.digest, n.size, toString(n.created_at), n.aliases, n.source_id,
    depth] END) AS versions,
  collect(CASE WHEN NOT is_run AND size(out) > 0 THEN [n.uid, out] END) AS used,
  collect(CASE WHEN is_run AND size(out) > 0 THEN [n.uid, out] END) AS logged
