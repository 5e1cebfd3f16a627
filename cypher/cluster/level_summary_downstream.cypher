// How many runs and versions were made from this, by distance, kind, type, job type and state?
//
// The distance is the least number of relationships from home; the facade's clusters count by the longest path, which is for
// drawing. Follows LOGGED_BY and USED against their direction, and visits each node once. An edge counts when it had happened
// by $as_of and was known by $known_at.
//
// Parameters
//   $uid       STRING   the version or run to begin at; lineage/version and lineage/run find it by name
//   $depth     INTEGER  how many relationships to look; null for all
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   depth      INTEGER  the least number of relationships from home
//   kind       STRING   'run' or 'version'
//   type       STRING   the versions' type; null for runs
//   job_type   STRING   the runs' job type; null where none was said, and for versions
//   state      STRING   the runs' state; null for versions
//   count      INTEGER  how many
//
// Plan   VarLengthExpand(Pruning,BFS
// Draw   lineage/downstream
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
CALL (home, as_of, known_at) {
  MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  WITH n, min(length(p)) AS depth
  WHERE $depth IS NULL OR depth <= $depth
  RETURN n, depth
}
WITH depth, CASE WHEN n:Run THEN 'run' ELSE 'version' END AS kind, n.type AS type, n.job_type AS job_type, n.state AS state
RETURN depth, kind, type, job_type, state, count(*) AS count
ORDER BY depth, kind, type, job_type, state
