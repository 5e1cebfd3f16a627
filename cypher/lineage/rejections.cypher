// Which events did the graph refuse, and why?
//
// Parameters
//   $limit     INTEGER  at most so many, the newest first
//
// Columns
//   journal    STRING   the journal the event came in
//   seq        INTEGER  its entry
//   recorded_at STRING  when it was refused
//   receipt    STRING   the receipt, whose outcomes name event and reason
//
// Try    :param limit => 100
MATCH (e:Entry)
WHERE e.rejected > 0
RETURN e.journal AS journal, e.seq AS seq, toString(e.recorded_at) AS recorded_at, e.receipt AS receipt
ORDER BY e.recorded_at DESC, journal, seq
LIMIT $limit
