// Are the journal, the version sequences and the runs there, and ours until the transaction ends?
//
// Makes journal and sequences where they are new. Everything is locked in the order given: sorted, so two ledgers cannot wait
// for each other.
//
// Parameters
//   $journal    STRING   the journal's uid
//   $genesis    STRING   what its first entry and its first receipt name as the hash before them
//   $artifacts  LIST     uids of artifacts that may change, sorted
//   $runs       LIST     uids of runs that may change, sorted
//
// Columns
//   locked     INTEGER  how many nodes are
MERGE (j:Journal {uid: $journal})
  ON CREATE SET j.applied = 0, j.head = $genesis, j.receipt_head = $genesis
SET j.lock = true
WITH j
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
RETURN 1 + sequences + runs AS locked
