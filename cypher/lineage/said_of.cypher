// Which entries speak of these things?
//
// Reads every entry: an erasure must find all that was said, also what was refused. Which of an entry's events it is, the
// asker finds in the body.
//
// Parameters
//   $texts     LIST     what stands in the body of such an entry, such as '"run":"digits/runs/train-1"'
//   $versions  LIST     {artifact, digest, uid}: likewise of its artifact and of its digest, and its uid in a receipt
//   $events    LIST     uids of single events
//
// Columns
//   journal    STRING   the journal's uid
//   seq        INTEGER  the entry's number
//   body       STRING   its canonical JSON
//   openings   STRING   what may be erased: one opening for each event, as JSON
//   receipt    STRING   what became of it, as canonical JSON
//
// Try    :param texts => ['"run":"digits/runs/train-1"']
//   :param versions => []
//   :param events => []
MATCH (e:Entry)
WHERE any(text IN $texts WHERE e.body CONTAINS text)
  OR any(v IN $versions WHERE e.body CONTAINS v.artifact AND (e.body CONTAINS v.digest OR e.receipt CONTAINS v.uid))
  OR (size($events) > 0 AND any(part IN split(e.body, '"uid":"') WHERE left(part, 36) IN $events))
RETURN e.journal AS journal, e.seq AS seq, e.body AS body, e.openings AS openings, e.receipt AS receipt
ORDER BY journal, seq
