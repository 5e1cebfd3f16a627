// How is a checkpoint kept?
//
// Parameters
//   $number    INTEGER  its number, one more than the last one's
//   $props     MAP      body (canonical JSON: what is signed), hash, root, prev, key, signature
//   $at        STRING   when it was sealed, UTC
//
// Columns
//   kept       INTEGER  its number; no row when another one was sealed meanwhile
OPTIONAL MATCH (other:Checkpoint)
WITH max(other.number) AS last
WITH coalesce(last, 0) AS last WHERE last + 1 = $number
CREATE (c:Checkpoint {number: $number})
SET c += $props, c.at = datetime($at)
RETURN c.number AS kept
