// Which checkpoints were sealed, the first one first?
//
// Parameters
//   $after     INTEGER  checkpoints with a greater number; 0 to begin
//   $limit     INTEGER  at most so many
//
// Columns
//   number     INTEGER  its number, from 1
//   properties MAP      number, at (as text), body (canonical JSON: what is signed), hash, root, prev, key, signature
//   labels     LIST     its labels
//   degree     INTEGER  how many relationships it has
//
// Try    :param after => 0
//   :param limit => 10
MATCH (c:Checkpoint)
WHERE c.number > $after
RETURN c.number AS number,
  c {.*, at: CASE WHEN c.at IS :: ZONED DATETIME THEN toString(c.at) ELSE valueType(c.at) END} AS properties, labels(c) AS labels,
  COUNT { (c)--() } AS degree
ORDER BY number
LIMIT $limit
