// What did these runs use and log, as bare numbers to group?
//
// All of it, not only what an ancestry or a descent leads through; one relationship and no further. The numbers are the
// server's own, from a cluster/shape_… query a moment ago. An edge counts when it had happened by $as_of and was known by
// $known_at.
//
// Parameters
//   $runs      LIST     numbers of runs
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   runs       LIST     empty: the runs are those that were given
//   versions   LIST     [type, artifact, numbers] for each artifact that versions are of
//   edges      LIST     lists: numbers of what came before, numbers of what came after
//
// Draw   lineage/neighbours
// Try    :param runs => []
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (r) WHERE id(r) IN $runs AND r:Run
  WITH r, as_of, known_at
  MATCH (r)-[e:USED|LOGGED]->(v)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH type(e) = 'USED' AS used, id(r) AS run, id(v) AS version, v
  RETURN [collect(CASE WHEN used THEN version ELSE run END), collect(CASE WHEN used THEN run ELSE version END)] AS edges,
    collect(DISTINCT v) AS vs
}
CALL (vs) {
  UNWIND vs AS v
  WITH v.artifact AS artifact, collect(v) AS of
  RETURN collect([of[0].type, artifact, [v IN of | id(v)]]) AS versions
}
RETURN [] AS runs, versions, edges
