// Which entries have a value that may be erased, such as a person's name?
//
// Reads every entry. In which of its events the value stands, and as what, the asker finds in the openings.
//
// Parameters
//   $text      STRING   the value as JSON has it, such as '"ann"'
//
// Columns
//   journal    STRING   the journal's uid
//   seq        INTEGER  the entry's number
//   body       STRING   its canonical JSON
//   openings   STRING   what may be erased: one opening for each event, as JSON
//   receipt    STRING   what became of it, as canonical JSON
//
// Try    :param text => '"ann"'
MATCH (e:Entry)
WHERE e.openings CONTAINS $text
RETURN e.journal AS journal, e.seq AS seq, e.body AS body, e.openings AS openings, e.receipt AS receipt
ORDER BY journal, seq
