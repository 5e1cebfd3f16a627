// What was known at a date?
//
// The runs, versions and aliases that were in the record at $known_at, in the order in which it learnt of them, and how long
// after the fact.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   kind       STRING   'run', 'version' or 'alias'
//   name       STRING   its full name
//   detail     STRING   a run's job type, a version's type, the version that the alias meant
//   at         STRING   when it began, was first there, was moved
//   recorded_at STRING  when the graph learnt of it
//   late       INTEGER  whole seconds between the two
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (r:Run)
  WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
  RETURN 'run' AS kind, r.project + '/runs/' + r.id AS name, r.job_type AS detail, r.started_at AS happened,
    r.recorded_at AS learnt
  UNION ALL
  MATCH (v:ArtifactVersion)
  WHERE v.name STARTS WITH coalesce($project + '/', '') AND ($project IS NULL OR v.project = $project)
  RETURN 'version' AS kind, v.name AS name, v.type AS detail, v.created_at AS happened, v.recorded_at AS learnt
  UNION ALL
  MATCH (a:Alias)
  WHERE a.artifact STARTS WITH coalesce($project + '/', '') AND a.name IS NOT NULL
    AND ($project IS NULL OR NOT substring(a.artifact, size($project) + 1) CONTAINS '/')
  CALL (a, as_of, known_at) {
    MATCH (a)-[m:MOVED]->(v:ArtifactVersion)
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
    RETURN m, v ORDER BY m.at DESC, m.event DESC LIMIT 1
  }
  WITH a, m, v WHERE m.removed IS NULL
  RETURN 'alias' AS kind, a.artifact + ':' + a.name AS name, v.name AS detail, m.at AS happened, m.recorded_at AS learnt
}
WITH * WHERE (as_of IS NULL OR happened <= as_of) AND (known_at IS NULL OR learnt <= known_at)
RETURN kind, name, detail, toString(happened) AS at, toString(learnt) AS recorded_at,
  duration.inSeconds(happened, learnt).seconds AS late
ORDER BY learnt, happened, kind, name
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
