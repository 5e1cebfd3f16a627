// What is there of the next runs: every property, every relationship from them, their edits?
//
// Parameters
//   $after     STRING   runs with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $uids      LIST     or those with these uids, sorted, whatever the others say; null for all
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], those from strangers, edits], in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param uids => null
CALL () {
  WITH 1 AS one WHERE $uids IS NULL
  MATCH (n:Run)
  WHERE n.uid > $after
  WITH n ORDER BY n.uid LIMIT $limit
  RETURN n
  UNION ALL
  UNWIND coalesce($uids, []) AS uid
  MATCH (n:Run {uid: uid})
  RETURN n
}
WITH n ORDER BY n.uid
RETURN collect([n.uid, labels(n),
  n {.*,
    started_at: CASE WHEN n.started_at IS :: ZONED DATETIME THEN toString(n.started_at) ELSE valueType(n.started_at) END,
    ended_at: CASE WHEN n.ended_at IS :: ZONED DATETIME THEN toString(n.ended_at) ELSE valueType(n.ended_at) END,
    resumed_at: CASE WHEN n.resumed_at IS :: ZONED DATETIME THEN toString(n.resumed_at) ELSE valueType(n.resumed_at) END,
    recorded_at: CASE WHEN n.recorded_at IS :: ZONED DATETIME THEN toString(n.recorded_at) ELSE valueType(n.recorded_at) END,
    end_recorded_at: CASE WHEN n.end_recorded_at IS :: ZONED DATETIME THEN toString(n.end_recorded_at) ELSE valueType(n.end_recorded_at) END},
  [(n)-[e]->(m) | [type(e), m.uid, e {.*,
    at: CASE WHEN e.at IS :: ZONED DATETIME THEN toString(e.at) ELSE valueType(e.at) END,
    recorded_at: CASE WHEN e.recorded_at IS :: ZONED DATETIME THEN toString(e.recorded_at) ELSE valueType(e.recorded_at) END}]],
  [(n)<-[e]-(m) WHERE NOT (m:Run OR m:ArtifactVersion OR m:Edit) | [type(e), m.uid, properties(e)]],
  [(n)<-[o:OF]-(d) | [labels(d), d {.*,
    at: CASE WHEN d.at IS :: ZONED DATETIME THEN toString(d.at) ELSE valueType(d.at) END,
    recorded_at: CASE WHEN d.recorded_at IS :: ZONED DATETIME THEN toString(d.recorded_at) ELSE valueType(d.recorded_at) END},
    properties(o), COUNT { (d)--() }]]]) AS nodes
