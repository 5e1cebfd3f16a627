// What does the graph hold of what the next entries speak of?
//
// The ledger's question before it decides. It takes no lock. Journals, artifacts and runs come with counters and are read first:
// whatever else changes after that changes a counter too, and record/write refuses when a counter is not the one seen here.
// An alias may have moved ten thousand times, so its moves are gone through once and not for each event.
//
// Parameters
//   $journals   LIST     uids of the journals
//   $artifacts  LIST     uids of all artifacts spoken of
//   $runs       LIST     uids of runs
//   $versions   LIST     uids of versions
//   $names      LIST     names of versions, such as 'vision/zoo:v3'
//   $prefixes   LIST     [artifact uid, beginning of a digest]
//   $aliases    LIST     uids of aliases that may move
//   $asked      LIST     [alias uid, time as text]: what did the alias mean then?
//   $pairs      LIST     [run uid, version uid]: edges that may be there already
//   $readers    LIST     uids of runs that may have used the versions of $names, $prefixes, $asked and $versions already
//   $moves      LIST     [alias uid, version uid, event uid]: moves that may be there already
//   $turns      LIST     [alias uid, event uid]: the same, of a version not known yet
//   $edits      LIST     uids of events that may be there as edits
//   $events     LIST     uids of all events
//
// Columns
//   now        STRING   the server's clock, UTC
//   journals   LIST     [uid, applied, head, receipt head] of those that are there
//   artifacts  LIST     [uid, rev, next number, type, created_at, description, tags, said]
//   runs       LIST     [uid, rev, started_by, started_at, finished_by, ended_at, resumed_at, config, summary, description, tags, said]
//   versions   LIST     [uid, artifact, name, whether a run logged it, created_at, metadata, description, tags, said, facts]
//   named      LIST     [name, version uid]
//   prefixes   LIST     [artifact uid, prefix, uids of up to two versions]
//   aliases    LIST     [uid, version uid, at, event]
//   asked      LIST     [alias uid, time asked, version uid, at, event, removed]
//   used       LIST     [run uid, version uid, used_as, at]
//   logged     LIST     [run uid, version uid, at]
//   moves      LIST     [alias uid, event uid]
//   edits      LIST     event uids
//   erased     LIST     [how many erasures there are, the time of the latest]
//   erasures   LIST     [uid, event uid, at, groups]: those of what is spoken of, and of the events themselves
CALL () {
  UNWIND $journals AS uid
  MATCH (j:Journal {uid: uid})
  RETURN collect([uid, j.applied, j.head, j.receipt_head]) AS journals
}
CALL () {
  UNWIND $artifacts AS uid
  MATCH (s:VersionSequence {artifact: uid})
  OPTIONAL MATCH (a:Artifact {uid: uid})
  RETURN collect([uid, s.rev, s.next, a.type, toString(a.created_at), a.description, a.tags, a.said]) AS artifacts
}
CALL () {
  UNWIND $runs AS uid
  MATCH (r:Run {uid: uid})
  RETURN collect([uid, coalesce(r.rev, 0), r.started_by, toString(r.started_at), r.finished_by, toString(r.ended_at),
    toString(r.resumed_at), r.config, r.summary, r.description, r.tags, r.said]) AS runs
}
CALL () {
  UNWIND $names AS name
  MATCH (v:ArtifactVersion {name: name})
  RETURN collect([name, v.uid]) AS named
}
CALL () {
  UNWIND $prefixes AS ask
  MATCH (:Artifact {uid: ask[0]})<-[:VERSION_OF]-(v:ArtifactVersion)
  WHERE v.digest STARTS WITH ask[1] OR split(v.digest, ':')[1] STARTS WITH ask[1]
  WITH ask, collect(v.uid) AS found
  RETURN collect([ask[0], ask[1], found[0..2]]) AS prefixes
}
CALL () {
  UNWIND $asked AS ask
  WITH ask[0] AS alias, collect(datetime(ask[1])) AS times, collect(ask[1]) AS texts
  MATCH (:Alias {uid: alias})-[m:MOVED]->(v)
  WITH alias, times, texts, m, v ORDER BY m.at DESC, m.event DESC
  WITH alias, times, texts, collect([m.at, v, m]) AS moves
  WITH alias, times, texts, reduce(least = times[0], t IN times | CASE WHEN t < least THEN t ELSE least END) AS first, moves
  WITH alias, times, texts, [x IN moves WHERE x[0] > first] AS later, [x IN moves WHERE x[0] <= first][0] AS before
  UNWIND range(0, size(times) - 1) AS i
  WITH alias, texts[i] AS text, ([x IN later WHERE x[0] <= times[i]] + [before])[0] AS found
  WHERE found IS NOT NULL
  RETURN collect([alias, text, found[1].uid, toString(found[0]), found[2].event, found[2].removed]) AS asked
}
WITH journals, artifacts, runs, named, prefixes, asked,
  [x IN named | x[1]] + [x IN asked | x[2]] + reduce(all = [], x IN prefixes | all + x[2]) AS meant
CALL (meant) {
  UNWIND $versions + meant AS uid
  WITH DISTINCT uid
  MATCH (v:ArtifactVersion {uid: uid})
  RETURN collect([uid, v.artifact, v.name, EXISTS { (v)-[:LOGGED_BY]->() }, toString(v.created_at), v.metadata, v.description,
    v.tags, v.said, v {.size, .file_count, .content, .source_id}]) AS versions
}
CALL () {
  UNWIND $aliases AS uid
  MATCH (a:Alias {uid: uid})
  RETURN collect([uid, a.version, toString(a.at), a.event]) AS aliases
}
CALL () {
  UNWIND $pairs AS pair
  MATCH (r:Run {uid: pair[0]})
  MATCH (v:ArtifactVersion {uid: pair[1]})
  MATCH (r)-[e:USED]->(v)
  RETURN collect([pair[0], pair[1], e.used_as, toString(e.at)]) AS used
}
CALL (meant) {
  UNWIND $readers AS run
  MATCH (r:Run {uid: run})-[e:USED]->(v) WHERE v.uid IN meant OR v.uid IN $versions
  RETURN collect([run, v.uid, e.used_as, toString(e.at)]) AS used_before
}
CALL () {
  UNWIND $pairs AS pair
  MATCH (r:Run {uid: pair[0]})
  MATCH (v:ArtifactVersion {uid: pair[1]})
  MATCH (r)-[e:LOGGED]->(v)
  RETURN collect([pair[0], pair[1], toString(e.at)]) AS logged
}
CALL () {
  UNWIND $moves AS move
  WITH move[0] AS alias, move[1] AS version, collect(move[2]) AS events
  MATCH (:ArtifactVersion {uid: version})<-[m:MOVED]-(:Alias {uid: alias}) WHERE m.event IN events
  RETURN collect([alias, m.event]) AS moves
}
CALL () {
  UNWIND $turns AS turn
  WITH turn[0] AS alias, collect(turn[1]) AS events
  MATCH (:Alias {uid: alias})-[m:MOVED]->() WHERE m.event IN events
  RETURN collect([alias, m.event]) AS turns
}
CALL () {
  UNWIND $edits AS uid
  MATCH (e:Edit {uid: uid})
  RETURN collect(uid) AS edits
}
CALL () {
  MATCH (x:Erasure)
  RETURN count(x) AS many
}
CALL () {
  MATCH (x:Erasure) WHERE x.at IS NOT NULL
  RETURN max(x.at) AS latest
}
CALL (meant, many) {
  UNWIND CASE many WHEN 0 THEN [] ELSE $artifacts + $runs + $versions + meant + $events END AS uid
  WITH DISTINCT uid
  MATCH (x:Erasure {of: uid})
  RETURN collect([uid, x.event, toString(x.at), x.groups]) AS erasures
}
RETURN toString(datetime.realtime()) AS now, journals, artifacts, runs, versions, named, prefixes, aliases, asked,
  used + used_before AS used, logged, moves + turns AS moves, edits, [many, toString(latest)] AS erased, erasures
