// What are the next entries of this journal?
//
// Parameters
//   $journal   STRING   the journal's uid
//   $after     INTEGER  entries with a greater number; 0 to begin
//   $limit     INTEGER  at most so many
//
// Columns
//   seq        INTEGER  the entry's number
//   hash       STRING   the SHA-256 of its canonical JSON
//   body       STRING   that JSON
//   openings   STRING   what may be erased: one opening for each event, as JSON
//   receipt    STRING   what became of it, as canonical JSON
//   receipt_hash STRING  the SHA-256 of that
//
// Try    :param journal => null
//   :param after => 0
//   :param limit => 100
MATCH (e:Entry {journal: $journal})
WHERE e.seq > $after
RETURN e.seq AS seq, e.hash AS hash, e.body AS body, e.openings AS openings, e.receipt AS receipt, e.receipt_hash AS receipt_hash
ORDER BY seq
LIMIT $limit
