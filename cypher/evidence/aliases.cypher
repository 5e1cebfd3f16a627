// What is there of the next aliases: every property, and the relationships from them that are no moves to versions?
//
// Parameters
//   $after     STRING   aliases with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $uids      LIST     or those with these uids, sorted, whatever the others say; null for all
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], [], []], in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param uids => null
CALL () {
  WITH 1 AS one WHERE $uids IS NULL
  MATCH (n:Alias)
  WHERE n.uid > $after
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN n
  UNION ALL
  UNWIND coalesce($uids, []) AS uid
  MATCH (n:Alias {uid: uid})
  RETURN n
}
WITH n ORDER BY n.uid
RETURN collect([n.uid, labels(n),
  n {.*, at: CASE WHEN n.at IS :: ZONED DATETIME THEN toString(n.at) ELSE valueType(n.at) END},
  [(n)-[e]->(m) WHERE NOT e:MOVED OR NOT m:ArtifactVersion | [type(e), m.uid, properties(e)]], [], []]) AS nodes
