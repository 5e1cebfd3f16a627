// What is there of the next artifacts: every property, the relationships from them, their edits, their sequences?
//
// Parameters
//   $after     STRING   artifacts with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $uids      LIST     or those with these uids, sorted, whatever the others say; null for all
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], [['SEQUENCE', labels, properties, how many relationships it has]], edits],
//                       in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param uids => null
CALL () {
  WITH 1 AS one WHERE $uids IS NULL
  MATCH (n:Artifact)
  WHERE n.uid > $after
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN n
  UNION ALL
  UNWIND coalesce($uids, []) AS uid
  MATCH (n:Artifact {uid: uid})
  RETURN n
}
WITH n ORDER BY n.uid
OPTIONAL MATCH (s:VersionSequence {artifact: n.uid})
RETURN collect([n.uid, labels(n),
  n {.*,
    created_at: CASE WHEN n.created_at IS :: ZONED DATETIME THEN toString(n.created_at) ELSE valueType(n.created_at) END,
    recorded_at: CASE WHEN n.recorded_at IS :: ZONED DATETIME THEN toString(n.recorded_at) ELSE valueType(n.recorded_at) END},
  [(n)-[e]->(m) | [type(e), m.uid, properties(e)]],
  CASE WHEN s IS NULL THEN [] ELSE [['SEQUENCE', labels(s), properties(s), COUNT { (s)--() }]] END,
  [(n)<-[o:OF]-(d) | [labels(d), d {.*,
    at: CASE WHEN d.at IS :: ZONED DATETIME THEN toString(d.at) ELSE valueType(d.at) END,
    recorded_at: CASE WHEN d.recorded_at IS :: ZONED DATETIME THEN toString(d.recorded_at) ELSE valueType(d.recorded_at) END},
    properties(o), COUNT { (d)--() }]]]) AS nodes
