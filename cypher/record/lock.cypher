// Are the journals, the version sequences and the runs there, and ours until the transaction ends?
//
// Makes journals and sequences where they are new. Everything is locked in the order given: sorted, so two ledgers cannot wait
// for each other.
//
// Parameters
//   $journals   LIST     [uid, what its first entry and its first receipt name as the hash before them], sorted
//   $artifacts  LIST     uids of artifacts that may change, sorted
//   $runs       LIST     uids of runs that may change, sorted
//
// Columns
//   locked     INTEGER  how many nodes are
CALL () {
  UNWIND $journals AS journal
  MERGE (j:Journal {uid: journal[0]})
    ON CREATE SET j.applied = 0, j.head = journal[1], j.receipt_head = journal[1]
  SET j.lock = true
  RETURN count(*) AS journals
}
CALL () {
  UNWIND $artifacts AS uid
  MERGE (s:VersionSequence {artifact: uid}) ON CREATE SET s.next = 0, s.rev = 0
  SET s.lock = true
  RETURN count(*) AS sequences
}
CALL () {
  UNWIND $runs AS uid
  MATCH (r:Run {uid: uid})
  SET r.lock = true
  RETURN count(*) AS runs
}
RETURN journals + sequences + runs AS locked
