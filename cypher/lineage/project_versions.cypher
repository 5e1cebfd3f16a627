// Which versions are in this project, or were used by its runs?
//
// Parameters
//   $project   STRING   a project
//
// Columns
//   version    MAP      each version's properties
//
// Try    :param project => 'digits'
CALL () {
  MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(v:ArtifactVersion) RETURN v
  UNION
  MATCH (:Run {project: $project})-[:USED|LOGGED]->(v:ArtifactVersion) RETURN v
}
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
ORDER BY v.artifact, v.version
