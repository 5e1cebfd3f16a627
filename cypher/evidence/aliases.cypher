// What is there of the next aliases: every property, and the relationships from them that are no moves?
//
// Parameters
//   $after     STRING   aliases with a greater uid; '' to begin
//   $limit     INTEGER  at most so many
//   $project   STRING   aliases of this project's artifacts; null for all
//
// Columns
//   nodes      LIST     [uid, labels, properties, [[type, uid of the end, properties]], [], []], in order of uid; times as text
//
// Try    :param after => ''
//   :param limit => 100
//   :param project => 'digits'
MATCH (n:Alias)
WHERE n.uid > $after
  AND ($project IS NULL OR (n.artifact STARTS WITH $project + '/' AND NOT substring(n.artifact, size($project) + 1) CONTAINS '/'))
WITH n ORDER BY n.uid LIMIT $limit
RETURN collect([n.uid, labels(n),
  n {.*, at: CASE WHEN n.at IS :: ZONED DATETIME THEN toString(n.at) ELSE valueType(n.at) END},
  [(n)-[e]->(m) WHERE NOT e:MOVED | [type(e), m.uid, properties(e)]], [], []]) AS nodes
