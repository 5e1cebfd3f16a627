// What of these did these runs use, and what of those did those runs log?
//
// The edges between two parts of a picture that were found by different walks. The numbers are the server's own, from a
// cluster/shape_… query a moment ago. Only the runs' own relationships are looked at, however many others a version has. An edge
// counts when it had happened by $as_of and was known by $known_at.
//
// Parameters
//   $users     LIST     numbers of runs
//   $used      LIST     numbers of versions they may have used
//   $makers    LIST     numbers of runs
//   $made      LIST     numbers of versions they may have logged
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   edges      LIST     lists: numbers of what came before, numbers of what came after
//
// Draw   lineage/neighbours
// Try    :param users => []
//   :param used => []
//   :param makers => []
//   :param made => []
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (r) WHERE id(r) IN $users AND r:Run
  WITH r, as_of, known_at
  MATCH (r)-[e:USED]->(v)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH id(r) AS run, id(v) AS version
  WHERE version IN $used
  RETURN collect(version) AS inputs, collect(run) AS users
}
CALL (as_of, known_at) {
  MATCH (r) WHERE id(r) IN $makers AND r:Run
  WITH r, as_of, known_at
  MATCH (r)-[e:LOGGED]->(v)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH id(r) AS run, id(v) AS version
  WHERE version IN $made
  RETURN collect(run) AS makers, collect(version) AS outputs
}
RETURN [inputs + makers, users + outputs] AS edges
