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
//   $limit     INTEGER  at most so many runs and as many versions, the first ones; null for all
//   $apart     LIST     uids of runs and versions whose numbers are wanted as well
//
// Columns
//   uids       LIST     those of $apart that are there
//   numbers    LIST     the number of each of `uids`
//   runs       LIST     [job_type, state, numbers] for each role that runs have
//   versions   LIST     [type, artifact, numbers] for each artifact that versions are of
//   edges      LIST     lists: numbers of what came before, numbers of what came after; some may be of nodes beyond $limit
//   more       BOOLEAN  whether there are more than $limit
//
// Draw   lineage/edges
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => null
//   :param apart => []
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (r:Run {project: $project})
  WHERE (as_of IS NULL OR coalesce(r.started_at, r.recorded_at) <= as_of) AND (known_at IS NULL OR r.recorded_at <= known_at)
  WITH r
  ORDER BY CASE WHEN $limit IS NOT NULL THEN r.started_at END, CASE WHEN $limit IS NOT NULL THEN r.uid END
  RETURN collect(r) AS found_runs
}
CALL (as_of, known_at) {
  CALL () {
    MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(v:ArtifactVersion) RETURN v
    UNION
    MATCH (:Run {project: $project})-[:USED|LOGGED]->(v:ArtifactVersion) RETURN v
  }
  WITH v, as_of, known_at
  WHERE (as_of IS NULL OR v.created_at <= as_of) AND (known_at IS NULL OR v.recorded_at <= known_at)
  WITH v
  ORDER BY CASE WHEN $limit IS NOT NULL THEN v.created_at END, CASE WHEN $limit IS NOT NULL THEN v.uid END
  RETURN collect(v) AS found_versions
}
WITH as_of, known_at, coalesce(size(found_runs) > $limit OR size(found_versions) > $limit, false) AS more,
  found_runs[..coalesce($limit, size(found_runs))] AS rs, found_versions[..coalesce($limit, size(found_versions))] AS vs
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
  UNWIND $apart AS uid
  CALL (uid) {
    MATCH (v:ArtifactVersion {uid: uid}) RETURN v AS n
    UNION
    MATCH (r:Run {uid: uid}) RETURN r AS n
  }
  RETURN collect(n) AS apart
}
RETURN [n IN apart | n.uid] AS uids, [n IN apart | id(n)] AS numbers, runs, versions, edges, more
