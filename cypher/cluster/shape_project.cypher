// What is in this project, as bare numbers to group?
//
// Its runs, its versions, the versions of other projects that its runs used, and what points where. The numbers are the
// server's own; they tie the lists together, and mean nothing later. A run counts from its start, a version and an edge from
// when they happened, as far as that was known by $known_at.
//
// Parameters
//   $project   STRING   a project
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//   $apart     LIST     uids of runs, uids and full names of versions, whose numbers are wanted as well
//
// Columns
//   apart      LIST     [what was given, number] of those of $apart that are there
//   runs       LIST     [job_type, state, numbers] for each role that runs have
//   versions   LIST     [type, artifact, numbers] for each artifact that versions are of
//   edges      LIST     lists: numbers of what came before, numbers of what came after
//
// Draw   lineage/edges
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param apart => []
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (r:Run {project: $project})
  WHERE (as_of IS NULL OR coalesce(r.started_at, r.recorded_at) <= as_of) AND (known_at IS NULL OR r.recorded_at <= known_at)
  RETURN collect(r) AS rs
}
CALL (as_of, known_at) {
  CALL () {
    MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(v:ArtifactVersion) RETURN v
    UNION
    MATCH (:Run {project: $project})-[:USED|LOGGED]->(v:ArtifactVersion) RETURN v
  }
  WITH v, as_of, known_at
  WHERE (as_of IS NULL OR v.created_at <= as_of) AND (known_at IS NULL OR v.recorded_at <= known_at)
  RETURN collect(v) AS vs
}
CALL (rs, as_of, known_at) {
  UNWIND rs AS r
  MATCH (r)-[e:USED|LOGGED]->(v)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH type(e) = 'USED' AS used, id(r) AS run, id(v) AS version
  RETURN [collect(CASE WHEN used THEN version ELSE run END), collect(CASE WHEN used THEN run ELSE version END)] AS edges
}
CALL (rs) {
  UNWIND rs AS r
  WITH r.job_type AS job_type, r.state AS state, collect(id(r)) AS numbers
  RETURN collect([job_type, state, numbers]) AS runs
}
CALL (vs) {
  UNWIND vs AS v
  WITH v.artifact AS artifact, collect(v) AS of
  RETURN collect([of[0].type, artifact, [v IN of | id(v)]]) AS versions
}
CALL () {
  UNWIND $apart AS given
  CALL (given) {
    MATCH (v:ArtifactVersion {uid: given}) RETURN v AS n
    UNION
    MATCH (v:ArtifactVersion {name: given}) RETURN v AS n
    UNION
    MATCH (r:Run {uid: given}) RETURN r AS n
  }
  RETURN collect([given, id(n)]) AS apart
}
RETURN apart, runs, versions, edges
