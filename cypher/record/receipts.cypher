// What became of these entries of a journal?
//
// Parameters
//   $journal  STRING   the journal's uid
//   $after    INTEGER  entries with a greater number
//   $upto     INTEGER  and at most this one
//
// Columns
//   receipts  LIST     [receipt's canonical JSON, its hash], in the journal's order
MATCH (e:Entry {journal: $journal})
WHERE $after < e.seq <= $upto
WITH e ORDER BY e.seq
RETURN collect([e.receipt, e.receipt_hash]) AS receipts
