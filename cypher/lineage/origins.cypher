// What did each run upstream of this use, in which role, and which runs logged each version?
//
// The walk of lineage/closure with its edges, each with what it says beyond its ends: enough to follow two lineages side by
// side, and to find what lies between two things. `id` is the server's own number of a node: it ties the lists of one answer
// together, and means nothing outside it.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   ids        LIST     number of each run and version, the nearest first; home is the first
//   uids       LIST     the uid of each of `ids`
//   depths     LIST     the least number of relationships from home to each of `ids`
//   names      LIST     the full name of each of `ids`
//   artifacts  LIST     'project/name' of each of `ids` that is a version, null for a run
//   digests    LIST     the digest of each of `ids` that is a version, null for a run
//   used       LIST     lists: ids of runs, ids of versions, roles ('' where none was said), times in seconds since 1970
//   logged     LIST     lists: ids of runs, ids of versions, whether that run made it, times likewise
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
  WITH n, depth
  ORDER BY depth
  RETURN collect(n) AS nodes, collect(depth) AS depths
}
WITH nodes, depths, as_of, known_at, nodes[..size([d IN depths WHERE $depth IS NULL OR d < $depth])] AS inner
CALL (inner, as_of, known_at) {
  UNWIND inner AS r
  MATCH (r)-[e:USED]->(v)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH r, v, coalesce(e.used_as, '') AS role, e.at AS at
  RETURN [collect(id(r)), collect(id(v)), collect(role), collect(at.epochSeconds + at.microsecond / 1000000.0)] AS used
}
CALL (inner, as_of, known_at) {
  UNWIND inner AS v
  MATCH (v)<-[e:LOGGED]-(r)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH r, v, coalesce(e.created, false) AS created, e.at AS at
  RETURN [collect(id(r)), collect(id(v)), collect(created), collect(at.epochSeconds + at.microsecond / 1000000.0)] AS logged
}
RETURN [n IN nodes | id(n)] AS ids, [n IN nodes | n.uid] AS uids, depths,
  [n IN nodes | CASE WHEN n:Run THEN n.project + '/runs/' + n.id ELSE n.name END] AS names,
  [n IN nodes | n.artifact] AS artifacts, [n IN nodes | n.digest] AS digests, used, logged
