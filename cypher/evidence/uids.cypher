// Which runs, versions, artifacts, aliases and questions are of this project?
//
// Parameters
//   $project   STRING   the project
//
// Columns
//   runs       LIST     uids, sorted, as the others
//   versions   LIST     uids
//   artifacts  LIST     uids
//   aliases    LIST     uids
//   questions  LIST     uids
//
// Try    :param project => 'digits'
CALL () {
  MATCH (n:Run {project: $project}) WHERE n.id IS NOT NULL
  WITH n.uid AS uid ORDER BY uid
  RETURN collect(uid) AS runs
}
CALL () {
  MATCH (n:Artifact {project: $project}) WHERE n.name IS NOT NULL
  WITH n.uid AS uid ORDER BY uid
  RETURN collect(uid) AS artifacts
}
CALL () {
  MATCH (n:ArtifactVersion)
  WHERE n.artifact STARTS WITH $project + '/' AND NOT substring(n.artifact, size($project) + 1) CONTAINS '/'
  WITH n.uid AS uid ORDER BY uid
  RETURN collect(uid) AS versions
}
CALL () {
  MATCH (n:Alias)
  WHERE n.artifact STARTS WITH $project + '/' AND n.name IS NOT NULL AND NOT substring(n.artifact, size($project) + 1) CONTAINS '/'
  WITH n.uid AS uid ORDER BY uid
  RETURN collect(uid) AS aliases
}
CALL () {
  MATCH (n:Question {project: $project})
  WITH n.uid AS uid ORDER BY uid
  RETURN collect(uid) AS questions
}
RETURN runs, versions, artifacts, aliases, questions
