// How are entries, and all that they say, written in one step?
//
// The ledger's second statement, after lock_and_look and in the same transaction. Everything is decided when it runs: every
// row is new, so edges are created and not merged, and nothing is looked up twice.
//
// Parameters
//   $journal    STRING   the journal's uid
//   $applied    INTEGER  the number of the last entry given
//   $head       STRING   its hash
//   $receipt    STRING   the hash of its receipt
//   $now        STRING   recorded_at for all of it: the server's clock, UTC
//   $entries    LIST     {seq, hash, body, openings, receipt, receipt_hash, rejected}
//   $artifacts  LIST     {uid, props, created_at, next, versions: [{uid, props, created_at}]}: new artifacts, and new versions
//   $runs       LIST     {uid, props, started_at, ended_at, resumed_at, used, logged}: what changes, and new edges
//   $links      LIST     {run, kind, to, at}: CHILD_OF, RETRY_OF, RESUMED_FROM
//   $moves      LIST     {alias, artifact, name, version, at, event, removed}
//   $aliases    LIST     {alias, name, version, at, event, before, after}: what they mean now; which version loses, which gains the name
//   $edits      LIST     {uid, of, label, at, actor, fields, values, props}
//
// Columns
//   applied    INTEGER  the number of the last entry applied
MATCH (j:Journal {uid: $journal})
SET j.applied = $applied, j.head = $head, j.receipt_head = $receipt
WITH datetime($now) AS now
CALL (now) {
  UNWIND $entries AS row
  CREATE (e:Entry {journal: $journal, seq: row.seq, hash: row.hash, body: row.body, openings: row.openings,
    receipt: row.receipt, receipt_hash: row.receipt_hash, rejected: row.rejected, recorded_at: now})
}
CALL (now) {
  UNWIND $artifacts AS row
  MERGE (a:Artifact {uid: row.uid})
    ON CREATE SET a += row.props, a.created_at = datetime(row.created_at), a.recorded_at = now
  WITH a, row, now
  CALL (row) {
    WITH row WHERE row.next IS NOT NULL
    MATCH (s:VersionSequence {artifact: row.uid})
    SET s.next = row.next
  }
  WITH a, row, now
  UNWIND row.versions AS new
  CREATE (v:ArtifactVersion {uid: new.uid})-[:VERSION_OF]->(a)
  SET v += new.props, v.created_at = datetime(new.created_at), v.recorded_at = now
}
CALL (now) {
  UNWIND $runs AS row
  MERGE (r:Run {uid: row.uid}) ON CREATE SET r.recorded_at = now
  SET r += row.props
  FOREACH (t IN row.started_at | SET r.started_at = datetime(t))
  FOREACH (t IN row.ended_at | SET r.ended_at = datetime(t))
  FOREACH (t IN row.resumed_at | SET r.resumed_at = datetime(t))
  WITH r, row, now
  CALL (r, row, now) {
    UNWIND row.used AS u
    MATCH (v:ArtifactVersion {uid: u.version})
    CREATE (r)-[:USED {at: datetime(u.at), recorded_at: now, used_as: u.used_as, asked: u.asked}]->(v)
  }
  CALL (r, row, now) {
    UNWIND row.logged AS l
    MATCH (v:ArtifactVersion {uid: l.version})
    CREATE (r)-[:LOGGED {at: datetime(l.at), recorded_at: now, created: l.created}]->(v)
    CREATE (v)-[:LOGGED_BY {at: datetime(l.at), recorded_at: now}]->(r)
  }
}
CALL (now) {
  UNWIND $links AS row
  MATCH (r:Run {uid: row.run})
  MATCH (t:Run {uid: row.to})
  FOREACH (x IN CASE row.kind WHEN 'CHILD_OF' THEN [1] ELSE [] END | CREATE (r)-[:CHILD_OF {at: datetime(row.at), recorded_at: now}]->(t))
  FOREACH (x IN CASE row.kind WHEN 'RETRY_OF' THEN [1] ELSE [] END | CREATE (r)-[:RETRY_OF {at: datetime(row.at), recorded_at: now}]->(t))
  FOREACH (x IN CASE row.kind WHEN 'RESUMED_FROM' THEN [1] ELSE [] END | CREATE (r)-[:RESUMED_FROM {at: datetime(row.at), recorded_at: now}]->(t))
}
CALL (now) {
  UNWIND $moves AS row
  MERGE (a:Alias {uid: row.alias}) ON CREATE SET a.name = row.name, a.artifact = row.artifact
  WITH a, row, now
  MATCH (v:ArtifactVersion {uid: row.version})
  CREATE (a)-[:MOVED {at: datetime(row.at), recorded_at: now, event: row.event, removed: row.removed}]->(v)
}
CALL () {
  UNWIND $aliases AS row
  MATCH (a:Alias {uid: row.alias})
  SET a.version = row.version, a.at = datetime(row.at), a.event = row.event
  WITH row
  CALL (row) {
    WITH row WHERE row.before IS NOT NULL
    MATCH (v:ArtifactVersion {uid: row.before})
    SET v.aliases = [x IN v.aliases WHERE x <> row.name]
  }
  CALL (row) {
    WITH row WHERE row.after IS NOT NULL
    MATCH (v:ArtifactVersion {uid: row.after})
    SET v.aliases = coalesce(v.aliases, []) + row.name
  }
}
CALL (now) {
  UNWIND $edits AS row
  CREATE (e:Edit {uid: row.uid, of: row.of, at: datetime(row.at), recorded_at: now, actor: row.actor, fields: row.fields,
    values: row.values})
  WITH e, row
  CALL (e, row) {
    WITH e, row WHERE row.label = 'ArtifactVersion'
    MATCH (n:ArtifactVersion {uid: row.of})
    CREATE (e)-[:OF]->(n)
    SET n += row.props
  }
  CALL (e, row) {
    WITH e, row WHERE row.label = 'Run'
    MATCH (n:Run {uid: row.of})
    CREATE (e)-[:OF]->(n)
    SET n += row.props
  }
  CALL (e, row) {
    WITH e, row WHERE row.label = 'Artifact'
    MATCH (n:Artifact {uid: row.of})
    CREATE (e)-[:OF]->(n)
    SET n += row.props
  }
}
RETURN $applied AS applied
