// What do the next entries of this journal say, and their receipts, and what else is on them?
//
// Parameters
//   $journal   STRING   the journal's uid
//   $after     INTEGER  entries with a greater number; 0 to begin
//   $upto      INTEGER  and at most this one; null for all
//   $limit     INTEGER  at most so many
//
// Columns
//   entries    LIST     [labels, every property (times as text), how many relationships it has], in order of their number
//
// Try    :param journal => null
//   :param after => 0
//   :param upto => null
//   :param limit => 100
MATCH (e:Entry {journal: $journal})
WHERE e.seq > $after AND ($upto IS NULL OR e.seq <= $upto)
WITH e ORDER BY e.seq LIMIT $limit
RETURN collect([labels(e),
  e {.*, recorded_at: CASE WHEN e.recorded_at IS :: ZONED DATETIME THEN toString(e.recorded_at) ELSE valueType(e.recorded_at) END},
  COUNT { (e)--() }]) AS entries
