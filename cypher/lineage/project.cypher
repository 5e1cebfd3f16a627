// Is anything recorded in this project?
//
// Parameters
//   $project   STRING   a project
//
// Columns
//   recorded   BOOLEAN  whether it has a run or an artifact
//
// Try    :param project => 'digits'
RETURN EXISTS { MATCH (r:Run {project: $project}) WHERE r.id IS NOT NULL }
  OR EXISTS { MATCH (a:Artifact {project: $project}) WHERE a.name IS NOT NULL } AS recorded
