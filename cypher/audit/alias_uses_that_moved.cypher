// Which uses of an alias would mean another version today?
//
// A run asked for a name such as 'digits/classifier:best' and got the version it meant at that moment; doing the run again by
// the same name would take another one. Today is $as_of where it is given.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   run        STRING   the run, by its full name
//   asked      STRING   what it asked for
//   used       STRING   the version it got
//   at         STRING   when
//   today      STRING   the version it would get; null where the alias means none
//   since      STRING   when the alias was moved last
//   moved_by   STRING   who moved it; null where nobody said so
//   who        STRING   the run's author
//   recorded_at STRING  when the graph learnt of the use
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (r:Run)-[u:USED]->(v:ArtifactVersion)
WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
  AND u.asked IS NOT NULL AND NOT u.asked = 'v' + toString(v.version)
  AND NOT (v.digest STARTS WITH u.asked OR split(v.digest, ':')[1] STARTS WITH u.asked)
  AND (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at)
WITH v.artifact AS artifact, u.asked AS alias, collect([r, u, v]) AS uses, as_of, known_at
CALL (artifact, alias, as_of, known_at) {
  OPTIONAL MATCH (:Alias {artifact: artifact, name: alias})-[m:MOVED]->(meant:ArtifactVersion)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  RETURN m, CASE WHEN m.removed IS NULL THEN meant END AS today ORDER BY m.at DESC, m.event DESC LIMIT 1
}
UNWIND [use IN uses WHERE today IS NULL OR use[2] <> today] AS use
WITH artifact + ':' + alias AS asked, use[0] AS r, use[1] AS u, use[2] AS v, today, m
RETURN r.project + '/runs/' + r.id AS run, asked, v.name AS used, toString(u.at) AS at, today.name AS today,
  toString(m.at) AS since, m.actor AS moved_by, r.author AS who, toString(u.recorded_at) AS recorded_at
ORDER BY u.at, run, asked, used
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
