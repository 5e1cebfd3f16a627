// How were these runs run, and what did each log?
//
// Package lists make an environment long and most runs share theirs, so each text of one comes once, with its runs. Answers in
// lists, one a property.
//
// Parameters
//   $runs      LIST     uids of runs
//   $as_of     STRING   only what was logged by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   recipes    LIST     [environment as JSON, lists]: uid, name, job_type, step, state, started_at, command, commit, dirty,
//                       patch, config as JSON, source_id
//   logged     LIST     lists: uid of the run, then uid, name, type, digest, size, content of what it logged
//
// Draw   lineage/neighbours
// Try    :param runs => ['none']
//   :param as_of => null
//   :param known_at => null
CALL () {
  UNWIND $runs AS uid
  MATCH (r:Run {uid: uid})
  RETURN collect(r) AS all
}
CALL (all) {
  UNWIND all AS r
  WITH r.environment AS environment, collect(r) AS rs
  RETURN collect([environment, [
    [r IN rs | r.uid], [r IN rs | r.name], [r IN rs | r.job_type], [r IN rs | r.step], [r IN rs | r.state],
    [r IN rs | toString(r.started_at)], [r IN rs | r.command], [r IN rs | r.commit], [r IN rs | r.dirty],
    [r IN rs | r.patch], [r IN rs | r.config], [r IN rs | r.source_id]]]) AS recipes
}
CALL (all) {
  UNWIND all AS r
  MATCH (r)-[l:LOGGED]->(v)
  WHERE ($as_of IS NULL OR l.at <= datetime($as_of)) AND ($known_at IS NULL OR l.recorded_at <= datetime($known_at))
  WITH collect(r) AS rs, collect(v) AS vs
  RETURN [[r IN rs | r.uid], [v IN vs | v.uid], [v IN vs | v.name], [v IN vs | v.type], [v IN vs | v.digest],
    [v IN vs | v.size], [v IN vs | v.content]] AS logged
}
RETURN recipes, logged
