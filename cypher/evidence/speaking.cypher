// Which entries speak of this?
//
// Parameters
//   $text      STRING   a name as entries have it, in its quotation marks
//
// Columns
//   entries    LIST     [journal, number, hash, body, openings, receipt], in order of time and journal
//
// Try    :param text => '"digits/classifier"'
MATCH (e:Entry)
WHERE e.body CONTAINS $text
WITH e ORDER BY e.recorded_at, e.journal, e.seq
RETURN collect([e.journal, e.seq, e.hash, e.body, e.openings, e.receipt]) AS entries
