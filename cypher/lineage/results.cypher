// Which versions did these runs log?
//
// Parameters
//   $runs      LIST     uids of runs
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   run        STRING   uid of the run
//   version    STRING   uid of the version
//   name       STRING   its full name
//   artifact   STRING   'project/name'
//   digest     STRING   its digest
//
// Try    :param runs => []
//   :param as_of => null
//   :param known_at => null
UNWIND $runs AS uid
MATCH (r:Run {uid: uid})-[e:LOGGED]->(v:ArtifactVersion)
WHERE ($as_of IS NULL OR e.at <= datetime($as_of)) AND ($known_at IS NULL OR e.recorded_at <= datetime($known_at))
RETURN DISTINCT r.uid AS run, v.uid AS version, v.name AS name, v.artifact AS artifact, v.digest AS digest
ORDER BY run, artifact, name
