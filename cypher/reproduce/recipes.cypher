// How were these runs run?
//
// Package lists make an environment long, so runs that share the text of one have it once. Answers in lists, one a property.
//
// Parameters
//   $runs        LIST     uids of runs
//
// Columns
//   environment  STRING   Python, platform, packages, folder and Git remote, as JSON
//   runs         LIST     lists: uid, name, job_type, step, state, started_at, command, commit, dirty, patch, config as JSON,
//                         source_id, process (the same for all that one process recorded)
//
// Draw   lineage/neighbours
// Try    :param runs => ['none']
UNWIND $runs AS uid
MATCH (r:Run {uid: uid})
WITH r.environment AS environment, collect(r) AS rs
RETURN environment, [
  [r IN rs | r.uid], [r IN rs | r.name], [r IN rs | r.job_type], [r IN rs | r.step], [r IN rs | r.state],
  [r IN rs | toString(r.started_at)], [r IN rs | r.command], [r IN rs | r.commit], [r IN rs | r.dirty],
  [r IN rs | r.patch], [r IN rs | r.config], [r IN rs | r.source_id], [r IN rs | r.process]] AS runs
ORDER BY environment
