// How are entries, and what they say, written in one step?
//
// Everything was decided before, from what record/look answered. So the first half locks journals, sequences and runs (sorted, so
// two ledgers cannot wait for each other) and compares their counters, and the number of erasures, with those seen; where one
// differs, nothing is written and there is no row. What was thought new and is not breaks a uniqueness constraint. The second
// half writes: every row is new, so edges are created and not merged. What is rare is in record/amend and record/erase.
//
// A lock is taken by setting a constant: `SET n.x = n.x + 0` locks twice, in another order, and two of them can wait for each other.
//
// Parameters
//   $journals   LIST     {uid, was, applied, head, receipt}, sorted: was: [number of the last entry applied, hash of its
//                        receipt], as seen; then number, hash and receipt's hash of the last entry given
//   $now        STRING   recorded_at for all of it: the server's clock, UTC
//   $entries    LIST     {props}: an Entry each
//   $sequences  LIST     [artifact uid, rev seen, next number from now on], sorted: the artifacts that change
//   $artifacts  LIST     {props, at}: new artifacts
//   $versions   LIST     {props, at, of}: new versions of the artifacts with uid `of`
//   $begun      LIST     {props, started_at, ended_at, resumed_at}: new runs
//   $runs       LIST     {uid, rev, props, started_at, ended_at, resumed_at}: runs that change, sorted; rev as seen
//   $used       LIST     {run, version, at, used_as, asked}
//   $logged     LIST     {run, version, at, created}
//   $aliases    LIST     {uid, artifact, name, version, at, event, before, after, moves: [{version, at, event, actor,
//                        removed}]}: what they mean now; which version loses, which gains the name; the moves
//   $erasures   INTEGER  how many erasures there were, as seen
//
// Columns
//   now         STRING   the server's clock; no row when something has changed since the look
CALL () {
  UNWIND $journals AS seen
  MATCH (j:Journal {uid: seen.uid})
  SET j.lock = true
  WITH j, seen WHERE j.applied = seen.was[0] AND j.receipt_head = seen.was[1]
  RETURN count(*) AS journals
}
CALL () {
  MATCH (x:Erasure)
  RETURN count(x) AS many
}
CALL () {
  UNWIND $sequences AS seen
  MATCH (s:VersionSequence {artifact: seen[0]})
  SET s.lock = true
  WITH s, seen WHERE s.rev = seen[1]
  RETURN count(*) AS sequences
}
CALL () {
  UNWIND $runs AS seen
  MATCH (r:Run {uid: seen.uid})
  SET r.lock = true
  WITH r, seen WHERE coalesce(r.rev, 0) = seen.rev
  RETURN count(*) AS runs
}
WITH * WHERE journals = size($journals) AND sequences = size($sequences) AND runs = size($runs) AND many = $erasures
CALL () {
  UNWIND $journals AS row
  MATCH (j:Journal {uid: row.uid})
  SET j.applied = row.applied, j.head = row.head, j.receipt_head = row.receipt
}
WITH datetime($now) AS now
CALL (now) {
  UNWIND $entries AS row
  CREATE (e:Entry)
  SET e = row, e.recorded_at = now
}
CALL () {
  UNWIND $sequences AS row
  MATCH (s:VersionSequence {artifact: row[0]})
  SET s.rev = s.rev + 1, s.next = row[2]
}
CALL (now) {
  UNWIND $artifacts AS row
  CREATE (a:Artifact)
  SET a = row.props, a.created_at = datetime(row.at), a.recorded_at = now
}
CALL (now) {
  UNWIND $versions AS row
  MATCH (a:Artifact {uid: row.of})
  CREATE (v:ArtifactVersion)-[:VERSION_OF]->(a)
  SET v = row.props, v.created_at = datetime(row.at), v.recorded_at = now
}
CALL (now) {
  UNWIND $begun AS row
  CREATE (r:Run)
  SET r = row.props, r.recorded_at = now, r.started_at = datetime(row.started_at), r.ended_at = datetime(row.ended_at),
    r.end_recorded_at = CASE WHEN row.ended_at IS NOT NULL THEN now END, r.resumed_at = datetime(row.resumed_at)
}
CALL (now) {
  UNWIND $runs AS row
  MATCH (r:Run {uid: row.uid})
  SET r += row.props, r.rev = row.rev + 1, r.started_at = coalesce(datetime(row.started_at), r.started_at),
    r.ended_at = coalesce(datetime(row.ended_at), r.ended_at),
    r.end_recorded_at = CASE WHEN row.ended_at IS NULL THEN r.end_recorded_at ELSE now END, r.resumed_at = coalesce(datetime(row.resumed_at), r.resumed_at)
}
CALL (now) {
  UNWIND $used AS row
  MATCH (r:Run {uid: row.run})
  MATCH (v:ArtifactVersion {uid: row.version})
  CREATE (r)-[:USED {at: datetime(row.at), recorded_at: now, used_as: row.used_as, asked: row.asked}]->(v)
}
CALL (now) {
  UNWIND $logged AS row
  MATCH (r:Run {uid: row.run})
  MATCH (v:ArtifactVersion {uid: row.version})
  CREATE (r)-[:LOGGED {at: datetime(row.at), recorded_at: now, created: row.created}]->(v)
  CREATE (v)-[:LOGGED_BY {at: datetime(row.at), recorded_at: now}]->(r)
}
CALL (now) {
  UNWIND $aliases AS row
  MERGE (a:Alias {uid: row.uid}) ON CREATE SET a.name = row.name, a.artifact = row.artifact
  SET a.version = row.version, a.at = datetime(row.at), a.event = row.event
  WITH a, row, now
  OPTIONAL MATCH (old:ArtifactVersion {uid: row.before})
  SET old.aliases = [x IN old.aliases WHERE x <> row.name]
  WITH a, row, now
  OPTIONAL MATCH (new:ArtifactVersion {uid: row.after})
  SET new.aliases = coalesce(new.aliases, []) + row.name
  WITH a, row, now
  UNWIND row.moves AS move
  MATCH (v:ArtifactVersion {uid: move.version})
  CREATE (a)-[:MOVED {at: datetime(move.at), recorded_at: now, event: move.event, actor: move.actor,
    removed: move.removed}]->(v)
}
RETURN toString(datetime.realtime()) AS now
