// Which version did this alias mean at a time?
//
// Moves are kept, never overwritten: the last one by (at, event) before that time holds.
//
// Parameters
//   $artifact  STRING   'project/name'
//   $alias     STRING   such as 'latest' or 'best'
//   $at        STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only moves the graph knew of by then; null for all
//
// Columns
//   version    MAP      the version's properties; no row when the alias meant none
//
// Try    :param artifact => 'digits/classifier'
//   :param alias => 'latest'
//   :param at => null
//   :param known_at => null
MATCH (a:Alias {artifact: $artifact, name: $alias})
CALL (a) {
  WITH a WHERE $at IS NULL AND $known_at IS NULL
  MATCH (v:ArtifactVersion {uid: a.version})
  RETURN v, null AS removed
  UNION
  WITH a WHERE $at IS NOT NULL OR $known_at IS NOT NULL
  MATCH (a)-[m:MOVED]->(v:ArtifactVersion)
  WHERE ($at IS NULL OR m.at <= datetime($at)) AND ($known_at IS NULL OR m.recorded_at <= datetime($known_at))
  WITH m, v ORDER BY m.at DESC, m.event DESC LIMIT 1
  RETURN v, m.removed AS removed
}
WITH v, removed WHERE removed IS NULL
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
