// How is what is rare written: links between runs, edits, questions, and what turns out to be earlier or more than was known?
//
// The ledger's second statement in the transaction of record/write, only where there is something of this.
//
// Parameters
//   $now        STRING   recorded_at for all of it: the server's clock, UTC
//   $links      LIST     {run, kind, to, at}: CHILD_OF, RETRY_OF, RESUMED_FROM
//   $edits      LIST     {label, of, at, props}: Edits of the node with label and uid `of`
//   $questions  LIST     {uid, at, props}: Questions that were asked
//   $versions   LIST     {uid, props, at}: versions that change; at: an earlier created_at, or null
//   $artifacts  LIST     {uid, props, at}: artifacts that change
//   $earlier    LIST     {run, version, kind, used_as, asked, at}: edges that turn out to be from an earlier time
//
// Columns
//   amended    INTEGER  how many nodes and edges
WITH datetime($now) AS now
CALL (now) {
  UNWIND $links AS row
  MATCH (r:Run {uid: row.run})
  MATCH (t:Run {uid: row.to})
  FOREACH (x IN CASE row.kind WHEN 'CHILD_OF' THEN [1] ELSE [] END | CREATE (r)-[:CHILD_OF {at: datetime(row.at), recorded_at: now}]->(t))
  FOREACH (x IN CASE row.kind WHEN 'RETRY_OF' THEN [1] ELSE [] END | CREATE (r)-[:RETRY_OF {at: datetime(row.at), recorded_at: now}]->(t))
  FOREACH (x IN CASE row.kind WHEN 'RESUMED_FROM' THEN [1] ELSE [] END | CREATE (r)-[:RESUMED_FROM {at: datetime(row.at), recorded_at: now}]->(t))
  RETURN count(*) AS links
}
CALL () {
  UNWIND $versions AS row
  MATCH (v:ArtifactVersion {uid: row.uid})
  SET v += row.props, v.created_at = coalesce(datetime(row.at), v.created_at)
  RETURN count(*) AS versions
}
CALL () {
  UNWIND $artifacts AS row
  MATCH (a:Artifact {uid: row.uid})
  SET a += row.props, a.created_at = coalesce(datetime(row.at), a.created_at)
  RETURN count(*) AS artifacts
}
CALL (now) {
  UNWIND $edits AS row
  CREATE (e:Edit)
  SET e = row.props, e.at = datetime(row.at), e.recorded_at = now
  WITH e, row
  OPTIONAL MATCH (v:ArtifactVersion {uid: row.of}) WHERE row.label = 'ArtifactVersion'
  OPTIONAL MATCH (r:Run {uid: row.of}) WHERE row.label = 'Run'
  OPTIONAL MATCH (a:Artifact {uid: row.of}) WHERE row.label = 'Artifact'
  WITH e, coalesce(v, r, a) AS n
  CREATE (e)-[:OF]->(n)
  RETURN count(*) AS edits
}
CALL (now) {
  UNWIND $questions AS row
  MERGE (q:Question {uid: row.uid})
  ON CREATE SET q += row.props, q.at = datetime(row.at), q.recorded_at = now
  RETURN count(*) AS questions
}
CALL () {
  UNWIND $earlier AS row
  MATCH (r:Run {uid: row.run})
  MATCH (v:ArtifactVersion {uid: row.version})
  OPTIONAL MATCH (r)-[u:USED]->(v) WHERE row.kind = 'used' AND (u.used_as = row.used_as OR (u.used_as IS NULL AND row.used_as IS NULL))
  SET u.at = datetime(row.at), u.asked = row.asked
  WITH r, v, row
  OPTIONAL MATCH (r)-[l:LOGGED]->(v) WHERE row.kind = 'logged'
  SET l.at = datetime(row.at)
  WITH r, v, row
  OPTIONAL MATCH (v)-[b:LOGGED_BY]->(r) WHERE row.kind = 'logged'
  SET b.at = datetime(row.at)
  RETURN count(*) AS earlier
}
RETURN links + versions + artifacts + edits + questions + earlier AS amended
