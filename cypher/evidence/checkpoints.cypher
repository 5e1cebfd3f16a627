// Which checkpoints were sealed, the first one first?
//
// Parameters
//   $after     INTEGER  checkpoints with a greater number; 0 to begin
//   $limit     INTEGER  at most so many
//
// Columns
//   number     INTEGER  its number, from 1
//   properties MAP      number, at, body (canonical JSON: what is signed), hash, root, prev, key, signature
//
// Try    :param after => 0
//   :param limit => 10
MATCH (c:Checkpoint)
WHERE c.number > $after
RETURN c.number AS number, c {.*, at: toStringOrNull(c.at)} AS properties
ORDER BY number
LIMIT $limit
