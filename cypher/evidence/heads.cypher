// How far is each of these journals at this moment?
//
// Parameters
//   $journals  LIST     uids; null for every journal
//
// Columns
//   heads      LIST     [uid, number of the last entry applied, its hash, the hash of its receipt]
//
// Try    :param journals => null
MATCH (j:Journal)
WHERE $journals IS NULL OR j.uid IN $journals
WITH j ORDER BY j.uid
RETURN collect([j.uid, j.applied, j.head, j.receipt_head]) AS heads
