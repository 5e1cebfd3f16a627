// Which nodes of ours stand where the ledger never puts one?
//
// Nodes without a key, sequences without an artifact, edits of nothing. Of one project only nodes without a key are looked for;
// checkpoints are of all of them.
//
// Parameters
//   $project   STRING   nodes without a key of this project; null for everything
//   $limit     INTEGER  at most so many of each
//
// Columns
//   what       STRING   a label
//   id         STRING   what Neo4j calls it
//   properties MAP      what is on it
//   why        STRING   what is wrong with it
//
// Try    :param project => 'digits'
//   :param limit => 10
CALL () {
  MATCH (n:Run {project: $project}) WHERE n.id IS NOT NULL AND n.uid IS NULL
  RETURN 'Run' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  MATCH (n:Artifact {project: $project}) WHERE n.name IS NOT NULL AND n.uid IS NULL
  RETURN 'Artifact' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  MATCH (n:ArtifactVersion) WHERE n.artifact STARTS WITH $project + '/' AND n.uid IS NULL
  RETURN 'ArtifactVersion' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  MATCH (n:Alias) WHERE n.artifact STARTS WITH $project + '/' AND n.name IS NOT NULL AND n.uid IS NULL
  RETURN 'Alias' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  MATCH (n:Question {project: $project}) WHERE n.uid IS NULL
  RETURN 'Question' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  MATCH (n:Erasure {project: $project}) WHERE n.of IS NULL OR n.event IS NULL
  RETURN 'Erasure' AS what, n AS one, 'it is of nothing, or of no event' AS why LIMIT $limit
  UNION ALL
  MATCH (n:Checkpoint) WHERE n.number IS NULL OR NOT n.number IS :: INTEGER OR n.number < 1
  RETURN 'Checkpoint' AS what, n AS one, 'it has no number' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Run)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Run' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:ArtifactVersion)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'ArtifactVersion' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Artifact)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Artifact' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Alias)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Alias' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Edit)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Edit' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Question)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Question' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Journal)
  WHERE n.uid IS NULL OR NOT n.uid IS :: STRING
  RETURN 'Journal' AS what, n AS one, 'it has no uid' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Entry)
  WHERE n.journal IS NULL OR n.seq IS NULL OR NOT n.seq IS :: INTEGER OR n.seq < 1
  RETURN 'Entry' AS what, n AS one, 'it has no place in a journal' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:VersionSequence)
  WHERE coalesce(n.next, 1) <> 0 AND NOT EXISTS { MATCH (a:Artifact {uid: n.artifact}) }
  RETURN 'VersionSequence' AS what, n AS one, 'its artifact is not there' AS why LIMIT $limit
  UNION ALL
  WITH 1 AS all WHERE $project IS NULL
  MATCH (n:Edit)
  WHERE NOT EXISTS { (n)-[:OF]->(:Run|ArtifactVersion|Artifact) }
  RETURN 'Edit' AS what, n AS one, 'it is of nothing' AS why LIMIT $limit
}
RETURN what, elementId(one) AS id, properties(one) AS properties, why
ORDER BY what, id
