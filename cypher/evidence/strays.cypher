// Which nodes and relationships of ours stand where the ledger never puts one?
//
// Nodes without a key, sequences without an artifact, edits of nothing, relationships from or to a node of the wrong kind.
//
// Parameters
//   $project   STRING   of this project, as far as that can be told; null for all
//   $limit     INTEGER  at most so many of each
//
// Columns
//   what       STRING   a label or a relationship's type
//   id         STRING   what Neo4j calls it
//   properties MAP      what is on it
//   why        STRING   what is wrong with it
//
// Try    :param project => 'digits'
//   :param limit => 10
CALL () {
  MATCH (n:Run|ArtifactVersion|Artifact|Alias|Edit|Journal)
  WHERE (n.uid IS NULL OR NOT n.uid IS :: STRING)
    AND ($project IS NULL OR n.project = $project OR n.artifact STARTS WITH $project + '/')
  RETURN labels(n)[0] AS what, elementId(n) AS id, properties(n) AS properties, 'it has no uid' AS why
  ORDER BY id LIMIT $limit
  UNION ALL
  MATCH (n:VersionSequence)
  WHERE $project IS NULL AND n.next <> 0 AND NOT EXISTS { MATCH (a:Artifact {uid: n.artifact}) }
  RETURN 'VersionSequence' AS what, elementId(n) AS id, properties(n) AS properties, 'its artifact is not there' AS why
  ORDER BY id LIMIT $limit
  UNION ALL
  MATCH (n:Edit)
  WHERE NOT EXISTS { (n)-[:OF]->(:Run|ArtifactVersion|Artifact) }
  OPTIONAL MATCH (r:Run {uid: n.of})
  OPTIONAL MATCH (v:ArtifactVersion {uid: n.of})
  OPTIONAL MATCH (a:Artifact {uid: n.of})
  WITH n, coalesce(r, v, a) AS of WHERE $project IS NULL OR of.project = $project
  RETURN 'Edit' AS what, elementId(n) AS id, properties(n) AS properties, 'it is of nothing' AS why
  ORDER BY id LIMIT $limit
  UNION ALL
  MATCH (a)-[e:MOVED]->(b)
  WHERE NOT b:ArtifactVersion AND ($project IS NULL OR a.artifact STARTS WITH $project + '/' OR b.project = $project)
  RETURN 'MOVED' AS what, elementId(e) AS id, properties(e) AS properties, 'it does not end at a version' AS why
  ORDER BY id LIMIT $limit
  UNION ALL
  MATCH (a)-[e:USED|LOGGED|LOGGED_BY|VERSION_OF|CHILD_OF|RETRY_OF|RESUMED_FROM]->(b)
  WHERE NOT a:Run AND NOT a:ArtifactVersion AND ($project IS NULL OR a.project = $project OR b.project = $project)
  RETURN type(e) AS what, elementId(e) AS id, properties(e) AS properties, 'it begins at no run and no version' AS why
  ORDER BY id LIMIT $limit
}
RETURN what, id, properties, why
ORDER BY what, id
