// How is taken out what was erased?
//
// The third part of writing entries, in the same transaction as record/write, only where one of them erases, or was erased before
// it came. What is erased of runs, versions and artifacts is among what these change; here are the rest, and the tombstones.
// Bodies, hashes and receipts stay, so what remains still verifies.
//
// Parameters
//   $now        STRING   recorded_at for all of it: the server's clock, UTC
//   $erasures   LIST     {props, at}: an Erasure each; `of` is the uid of a thing or of a single event
//   $entries    LIST     [journal uid, seq, openings without what is erased]
//   $edits      LIST     [event uid, whether its content goes, whether who said it goes]
//   $moves      LIST     [alias uid, event uid]: moves of which it is erased who made them
//   $acts       LIST     event uids: erasures of which it is erased who asked for them
//   $questions  LIST     [event uid, whether its content goes, whether who asked it goes]
//   $placed     LIST     [event uid, project]: events that are erased by themselves, of which their tombstones tell the project
//
// Columns
//   erased     INTEGER  how many entries
WITH datetime($now) AS now
CALL (now) {
  UNWIND $erasures AS row
  CREATE (x:Erasure)
  SET x = row.props, x.at = datetime(row.at), x.recorded_at = now
}
CALL () {
  UNWIND $entries AS row
  MATCH (e:Entry {journal: row[0], seq: row[1]})
  SET e.openings = row[2]
  RETURN count(*) AS entries
}
CALL () {
  UNWIND $edits AS row
  MATCH (e:Edit {uid: row[0]})
  SET e.values = CASE WHEN NOT row[1] THEN e.values END, e.actor = CASE WHEN NOT row[2] THEN e.actor END
}
CALL () {
  UNWIND $moves AS row
  MATCH (:Alias {uid: row[0]})-[m:MOVED {event: row[1]}]->()
  SET m.actor = null
}
CALL () {
  UNWIND $acts AS uid
  MATCH (x:Erasure {event: uid})
  SET x.actor = null
}
CALL () {
  UNWIND $questions AS row
  MATCH (q:Question {uid: row[0]})
  SET q.actor = CASE WHEN NOT row[2] THEN q.actor END, q.statement = CASE WHEN NOT row[1] THEN q.statement END,
    q.parameters_digest = CASE WHEN NOT row[1] THEN q.parameters_digest END, q.reason = CASE WHEN NOT row[1] THEN q.reason END
}
CALL () {
  UNWIND $placed AS row
  MATCH (x:Erasure {of: row[0]})
  SET x.project = row[1]
}
RETURN entries AS erased
