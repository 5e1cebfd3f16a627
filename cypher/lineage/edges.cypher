// What did the runs of this project use and log?
//
// Parameters
//   $project   STRING   a project
//
// Columns
//   kind       STRING   'used' or 'logged'
//   run        STRING   uid of the run
//   version    STRING   uid of the version
//   at         STRING   when
//
// Try    :param project => 'digits'
MATCH (r:Run {project: $project})-[e:USED|LOGGED]->(v:ArtifactVersion)
RETURN toLower(type(e)) AS kind, r.uid AS run, v.uid AS version, toString(e.at) AS at
ORDER BY e.at, kind, run, version
