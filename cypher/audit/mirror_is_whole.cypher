// Where do LOGGED and its mirror LOGGED_BY disagree?
//
// Each LOGGED is written together with a LOGGED_BY of the same times, for walks follow the one and people ask for the other. No
// rows: the mirror is whole.
//
// Parameters
//   $project   STRING   a project, the run's; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   run        STRING   the run, by its full name
//   version    STRING   the version, by its full name
//   problem    STRING   'LOGGED_BY is missing', 'LOGGED is missing', 'their times differ' or 'more than one'
//   at         STRING   when it happened, as the one says that is there
//   recorded_at STRING  when the graph learnt of it, likewise
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (r:Run)
WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
CALL (r) {
  CALL (r) {
    MATCH (r)-[e:LOGGED]->(v:ArtifactVersion) RETURN v, e
    UNION ALL
    MATCH (r)<-[e:LOGGED_BY]-(v:ArtifactVersion) RETURN v, e
  }
  WITH v, collect(CASE WHEN e:LOGGED THEN [e.at, e.recorded_at] END) AS there,
    collect(CASE WHEN e:LOGGED_BY THEN [e.at, e.recorded_at] END) AS back
  RETURN v, (there + back)[0] AS times, CASE
      WHEN size(back) = 0 THEN 'LOGGED_BY is missing'
      WHEN size(there) = 0 THEN 'LOGGED is missing'
      WHEN size(there) > 1 OR size(back) > 1 THEN 'more than one'
      WHEN there <> back THEN 'their times differ'
    END AS problem
}
WITH r, v, problem, times[0] AS happened, times[1] AS learnt, as_of, known_at
WHERE problem IS NOT NULL AND (as_of IS NULL OR happened <= as_of) AND (known_at IS NULL OR learnt <= known_at)
RETURN r.project + '/runs/' + r.id AS run, v.name AS version, problem, toString(happened) AS at, toString(learnt) AS recorded_at
ORDER BY run, version
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
