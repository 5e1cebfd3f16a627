// What lies one step before and one step after this?
//
// A version's producers and consumers, or what a run used and logged. An edge counts when it had happened by $as_of and was
// known by $known_at.
//
// Parameters
//   $uid       STRING   the version or run; lineage/version and lineage/run find it by name
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   home       NODE     the version or run itself
//   edge       RELATIONSHIP  USED or LOGGED
//   neighbour  NODE     what is at its other end
//
// Try    :param uid => null
//   :param as_of => null
//   :param known_at => null
CALL () {
  MATCH (v:ArtifactVersion {uid: $uid}) RETURN v AS home
  UNION
  MATCH (r:Run {uid: $uid}) RETURN r AS home
}
MATCH (home)-[edge:USED|LOGGED]-(neighbour)
WHERE ($as_of IS NULL OR edge.at <= datetime($as_of)) AND ($known_at IS NULL OR edge.recorded_at <= datetime($known_at))
RETURN home, edge, neighbour
ORDER BY type(edge), edge.at, neighbour.uid
