// With which code, config and environment did these runs work?
//
// Many runs share an environment, with its hundreds of packages: it is given once.
//
// Parameters
//   $runs      LIST     uids of runs
//
// Columns
//   runs       LIST     lists, in the order in which they were given: uids, ids, steps, commands, commits, dirty, patches, configs as JSON
//   environments LIST   [environment as JSON, uids of the runs that worked in it]
//
// Try    :param runs => []
UNWIND $runs AS uid
MATCH (r:Run {uid: uid})
WITH collect(r) AS rs
CALL (rs) {
  UNWIND rs AS r
  WITH r.environment AS environment, collect(r.uid) AS uids
  WHERE environment IS NOT NULL
  WITH environment, uids ORDER BY uids[0]
  RETURN collect([environment, uids]) AS environments
}
RETURN [[r IN rs | r.uid], [r IN rs | r.id], [r IN rs | r.step], [r IN rs | r.command], [r IN rs | r.commit],
  [r IN rs | r.dirty], [r IN rs | r.patch], [r IN rs | r.config]] AS runs, environments
