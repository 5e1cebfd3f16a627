// What is there of the next questions that people asked: every property, and relationships, which the ledger never gives them?
//
// Parameters
//   $after     STRING   questions with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $uids      LIST     or those with these uids, sorted, whatever the others say; null for all
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], [[type, uid of the beginning,
//                       properties]], []], in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param uids => null
CALL () {
  WITH 1 AS one WHERE $uids IS NULL
  MATCH (n:Question)
  WHERE n.uid > $after
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN n
  UNION ALL
  UNWIND coalesce($uids, []) AS uid
  MATCH (n:Question {uid: uid})
  RETURN n
}
WITH n ORDER BY n.uid
RETURN collect([n.uid, labels(n),
  n {.*,
    at: CASE WHEN n.at IS :: ZONED DATETIME THEN toString(n.at) ELSE valueType(n.at) END,
    recorded_at: CASE WHEN n.recorded_at IS :: ZONED DATETIME THEN toString(n.recorded_at) ELSE valueType(n.recorded_at) END},
  [(n)-[e]->(m) | [type(e), m.uid, properties(e)]], [(n)<-[e]-(m) | [type(e), m.uid, properties(e)]], []]) AS nodes
