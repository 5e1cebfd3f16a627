// How is taken out what was erased?
//
// The third part of writing entries, in the same transaction as record/write, only where one of them erases. What is erased of
// runs, versions and artifacts is among what these change; here are the rest, and the tombstones. Bodies, hashes and receipts
// stay, so what remains still verifies.
//
// Parameters
//   $now        STRING   recorded_at for all of it: the server's clock, UTC
//   $erasures   LIST     {props, at}: an Erasure each; `of` is the uid of a thing or of a single event
//   $entries    LIST     [journal uid, seq, openings without what is erased]
//   $edits      LIST     [event uid, whether its content goes, whether who said it goes]
//   $moves      LIST     [alias uid, event uid]: moves of which it is erased who made them
//   $acts       LIST     event uids: erasures of which it is erased who asked for them
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
RETURN entries AS erased
