// Which versions have no producer?
//
// Nobody recorded a run that logged them: they came from outside, or what made them was not recorded.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   version    STRING   its full name
//   type       STRING   its type
//   at         STRING   when it was first spoken of
//   runs       INTEGER  how many runs used it
//   first_run  STRING   the first of them
//   who        STRING   that run's author
//   digest     STRING   its digest
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (v:ArtifactVersion)
WHERE v.name STARTS WITH coalesce($project + '/', '') AND ($project IS NULL OR v.project = $project)
  AND (as_of IS NULL OR v.created_at <= as_of) AND (known_at IS NULL OR v.recorded_at <= known_at)
  AND NOT EXISTS {
    MATCH (v)-[l:LOGGED_BY]->(:Run)
    WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
  }
CALL (v, as_of, known_at) {
  MATCH (v)<-[u:USED]-(r:Run)
  WHERE (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at)
  WITH r, min(u.at) AS first ORDER BY first, r.uid
  RETURN count(r) AS runs, collect(r)[0] AS one
}
RETURN v.name AS version, v.type AS type, toString(v.created_at) AS at, runs, one.project + '/runs/' + one.id AS first_run,
  one.author AS who, v.digest AS digest, toString(v.recorded_at) AS recorded_at
ORDER BY v.created_at, version
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
