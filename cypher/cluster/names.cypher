// What are the runs and versions of these numbers called?
//
// For the few that a drawing names one by one. The numbers are the server's own, from a cluster/shape_… query a
// moment ago.
//
// Parameters
//   $numbers   LIST     numbers of runs and versions
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z', of aliases; null for now
//   $known_at  STRING   likewise, by when the graph learnt of them
//
// Columns
//   nodes      LIST     [number, uid, full name, name to show, aliases] of each that is there
//   aliases    LIST     [number, alias] as they were then; empty for now, when the nodes' own hold
//
// Draw   lineage/neighbours
// Try    :param numbers => []
//   :param as_of => null
//   :param known_at => null
CALL () {
  MATCH (n)
  WHERE id(n) IN $numbers AND (n:Run OR n:ArtifactVersion)
  RETURN collect(n) AS found
}
CALL (found) {
  WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
  UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN [] ELSE found END AS v
  MATCH (v)<-[:MOVED]-(alias:Alias)
  WITH DISTINCT alias, as_of, known_at
  MATCH (alias)-[m:MOVED]->(v)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH alias, v, m ORDER BY m.at DESC, m.event DESC
  WITH alias, collect([id(v), alias.name, m.removed])[0] AS last
  WHERE last[2] IS NULL
  RETURN collect(last[..2]) AS aliases
}
RETURN [n IN found |
    [id(n), n.uid, CASE WHEN n:Run THEN n.project + '/runs/' + n.id ELSE n.name END, n.name, n.aliases]] AS nodes, aliases
