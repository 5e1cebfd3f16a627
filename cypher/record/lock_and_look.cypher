// What does the graph hold of what the next entries speak of?
//
// The ledger's first statement. It locks the journal and the artifacts' version sequences (in the order given: sorted, so
// two ledgers cannot wait for each other), and reads only after that: what it answers stays true until the transaction ends.
//
// Parameters
//   $journal    STRING   the journal's uid
//   $genesis    STRING   what its first entry and its first receipt name as the hash before them
//   $sequences  LIST     uids of artifacts that may get a version, sorted
//   $artifacts  LIST     uids of all artifacts spoken of
//   $runs       LIST     uids of runs
//   $versions   LIST     uids of versions
//   $names      LIST     names of versions, such as 'vision/zoo:v3'
//   $prefixes   LIST     [artifact uid, beginning of a digest]
//   $aliases    LIST     uids of aliases that may move
//   $asked      LIST     [alias uid, time as text]: what did the alias mean then?
//   $pairs      LIST     [run uid, version uid]: edges that may be there already
//   $moves      LIST     [alias uid, version uid, event uid]: moves that may be there already
//   $edited     LIST     uids of things that may be edited
//
// Columns
//   now        STRING   the server's clock, UTC
//   journal    LIST     [applied, head, receipt head]
//   sequences  LIST     [artifact uid, next number]
//   artifacts  LIST     [uid, type]
//   runs       LIST     [uid, started_by, ended_at, finished_by, resumed_at]
//   versions   LIST     [uid, name, whether a run logged it, created_at, metadata, description, tags]
//   prefixes   LIST     [artifact uid, prefix, uids of up to two versions]
//   aliases    LIST     [uid, version uid, at, event]
//   asked      LIST     [alias uid, time asked, version uid, at, event, removed]
//   used       LIST     [run uid, version uid, used_as]
//   logged     LIST     [run uid, version uid]
//   moves      LIST     [alias uid, version uid, event uid]
//   edits      LIST     [thing's uid, at, event, fields]
MERGE (j:Journal {uid: $journal})
  ON CREATE SET j.applied = 0, j.head = $genesis, j.receipt_head = $genesis
SET j.applied = j.applied + 0
WITH j
CALL () {
  UNWIND $sequences AS artifact
  MERGE (s:VersionSequence {artifact: artifact}) ON CREATE SET s.next = 0
  SET s.next = s.next + 0
  WITH s
  RETURN collect([s.artifact, s.next]) AS sequences
}
CALL () {
  UNWIND $artifacts AS uid
  MATCH (a:Artifact {uid: uid})
  RETURN collect([a.uid, a.type]) AS artifacts
}
CALL () {
  UNWIND $runs AS uid
  MATCH (r:Run {uid: uid})
  RETURN collect([r.uid, r.started_by, toString(r.ended_at), r.finished_by, toString(r.resumed_at)]) AS runs
}
CALL () {
  UNWIND $versions AS uid
  MATCH (v:ArtifactVersion {uid: uid})
  RETURN collect([v.uid, v.name, EXISTS { (v)-[:LOGGED_BY]->() }, toString(v.created_at), v.metadata, v.description, v.tags])
    AS by_uid
}
CALL () {
  UNWIND $names AS name
  MATCH (v:ArtifactVersion {name: name})
  RETURN collect([v.uid, v.name, EXISTS { (v)-[:LOGGED_BY]->() }, toString(v.created_at), v.metadata, v.description, v.tags])
    AS by_name
}
CALL () {
  UNWIND $prefixes AS ask
  MATCH (:Artifact {uid: ask[0]})<-[:VERSION_OF]-(v:ArtifactVersion)
  WHERE v.digest STARTS WITH ask[1] OR split(v.digest, ':')[1] STARTS WITH ask[1]
  WITH ask, collect([v.uid, v.name, EXISTS { (v)-[:LOGGED_BY]->() }, toString(v.created_at), v.metadata, v.description, v.tags]) AS found
  RETURN collect([ask[0], ask[1], found[0..2]]) AS prefixes
}
CALL () {
  UNWIND $aliases AS uid
  MATCH (a:Alias {uid: uid})
  RETURN collect([a.uid, a.version, toString(a.at), a.event]) AS aliases
}
CALL () {
  UNWIND $asked AS ask
  MATCH (a:Alias {uid: ask[0]})-[m:MOVED]->(v) WHERE m.at <= datetime(ask[1])
  WITH ask, m, v ORDER BY m.at DESC, m.event DESC
  WITH ask, collect([v.uid, v.name, toString(m.at), m.event, m.removed])[0] AS found
  RETURN collect([ask[0], ask[1], found]) AS asked
}
CALL () {
  UNWIND $pairs AS pair
  MATCH (r:Run {uid: pair[0]})
  MATCH (v:ArtifactVersion {uid: pair[1]})
  MATCH (r)-[e:USED]->(v)
  RETURN collect([pair[0], pair[1], e.used_as]) AS used
}
CALL () {
  UNWIND $pairs AS pair
  MATCH (r:Run {uid: pair[0]})
  MATCH (v:ArtifactVersion {uid: pair[1]})
  MATCH (v)-[:LOGGED_BY]->(r)
  RETURN collect(pair) AS logged
}
CALL () {
  UNWIND $moves AS move
  MATCH (v:ArtifactVersion {uid: move[1]})<-[m:MOVED {event: move[2]}]-(:Alias {uid: move[0]})
  RETURN collect(move) AS moves
}
CALL () {
  UNWIND $edited AS uid
  MATCH (e:Edit {of: uid})
  RETURN collect([uid, toString(e.at), e.uid, e.fields]) AS edits
}
RETURN toString(datetime.realtime()) AS now, [j.applied, j.head, j.receipt_head] AS journal, sequences, artifacts, runs,
  by_uid + by_name AS versions, prefixes, aliases, asked, used, logged, moves, edits
