// What is there of the next versions: every property, the relationships from them, alias moves to them, their edits?
//
// Parameters
//   $after     STRING   versions with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $uids      LIST     or those with these uids, sorted, whatever the others say; null for all
//   $within    STRING   also what USED and LOGGED comes from runs outside this project ('' from any run); null for none
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], [[type, uid of the beginning,
//                       properties]], edits], in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param uids => null
//   :param within => null
CALL () {
  WITH 1 AS one WHERE $uids IS NULL
  MATCH (n:ArtifactVersion)
  WHERE n.uid > $after
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN n
  UNION ALL
  UNWIND coalesce($uids, []) AS uid
  MATCH (n:ArtifactVersion {uid: uid})
  RETURN n
}
WITH n ORDER BY n.uid
RETURN collect([n.uid, labels(n),
  n {.*,
    created_at: CASE WHEN n.created_at IS :: ZONED DATETIME THEN toString(n.created_at) ELSE valueType(n.created_at) END,
    recorded_at: CASE WHEN n.recorded_at IS :: ZONED DATETIME THEN toString(n.recorded_at) ELSE valueType(n.recorded_at) END},
  [(n)-[e]->(m) | [type(e), m.uid, e {.*,
    at: CASE WHEN e.at IS :: ZONED DATETIME THEN toString(e.at) ELSE valueType(e.at) END,
    recorded_at: CASE WHEN e.recorded_at IS :: ZONED DATETIME THEN toString(e.recorded_at) ELSE valueType(e.recorded_at) END}]],
  [(n)<-[e:MOVED|USED|LOGGED]-(m) WHERE e:MOVED OR ($within IS NOT NULL AND coalesce(m.project, '?') <> $within) OR NOT (e:MOVED OR m:Run) | [type(e), m.uid, e {.*,
    at: CASE WHEN e.at IS :: ZONED DATETIME THEN toString(e.at) ELSE valueType(e.at) END,
    recorded_at: CASE WHEN e.recorded_at IS :: ZONED DATETIME THEN toString(e.recorded_at) ELSE valueType(e.recorded_at) END}]],
  [(n)<-[o:OF]-(d) | [labels(d), d {.*,
    at: CASE WHEN d.at IS :: ZONED DATETIME THEN toString(d.at) ELSE valueType(d.at) END,
    recorded_at: CASE WHEN d.recorded_at IS :: ZONED DATETIME THEN toString(d.recorded_at) ELSE valueType(d.recorded_at) END},
    properties(o), COUNT { (d)--() }]]]) AS nodes
