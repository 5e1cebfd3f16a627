// Is the schema ours to change until the transaction ends?
//
// Columns
//   locked     INTEGER  how many nodes are
MERGE (s:Schema {version: 0})
SET s.lock = true
RETURN count(s) AS locked
