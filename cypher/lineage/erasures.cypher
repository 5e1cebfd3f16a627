// What was erased of this run, version or artifact?
//
// Also what was erased with the artifact of a version, and who began a run where that person's values were erased.
//
// Parameters
//   $uid       STRING   the uid of a run, a version or an artifact
//
// Columns
//   event      STRING   the erasure's uid
//   at         STRING   when it was asked for
//   of         STRING   the uid of what it is of: this thing, its artifact, or an event by which the run began or ended
//   groups     LIST     'content', 'personal'
//   reason     STRING   why
//   actor      STRING   who asked for it; null where nobody said so, or where that was erased
//
// Try    :param uid => null
OPTIONAL MATCH (r:Run {uid: $uid})
OPTIONAL MATCH (v:ArtifactVersion {uid: $uid})
OPTIONAL MATCH (v)-[:VERSION_OF]->(a:Artifact)
UNWIND [$uid, r.started_by, r.finished_by, a.uid] AS uid
MATCH (x:Erasure {of: uid})
WITH DISTINCT x
RETURN x.event AS event, toString(x.at) AS at, x.of AS of, x.groups AS groups, x.reason AS reason, x.actor AS actor
ORDER BY x.at, event, of
