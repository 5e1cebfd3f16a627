// Which content is recorded under two names?
//
// One digest, and versions of more than one artifact; those of other projects too.
//
// Parameters
//   $project   STRING   a project that has one of them; null for all
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   digest     STRING   the content
//   names      INTEGER  how many artifacts have it
//   version    STRING   one of the versions
//   type       STRING   its type
//   at         STRING   when it was first there
//   run        STRING   the run that made it; null where none did
//   who        STRING   that run's author
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
WITH DISTINCT v.digest AS digest, as_of, known_at
CALL (digest, as_of, known_at) {
  MATCH (same:ArtifactVersion {digest: digest})
  WHERE (as_of IS NULL OR same.created_at <= as_of) AND (known_at IS NULL OR same.recorded_at <= known_at)
  RETURN collect(same) AS versions, count(DISTINCT same.artifact) AS names
}
WITH digest, versions, names, as_of, known_at WHERE names > 1
UNWIND versions AS v
OPTIONAL MATCH (v)<-[l:LOGGED {created: true}]-(r:Run)
WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
RETURN digest, names, v.name AS version, v.type AS type, toString(v.created_at) AS at, r.project + '/runs/' + r.id AS run,
  r.author AS who, toString(v.recorded_at) AS recorded_at
ORDER BY digest, v.created_at, version
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
