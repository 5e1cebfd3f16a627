// Where do version numbers have a gap, or the same number twice?
//
// The versions of an artifact are v0, v1, … in the order in which the graph learnt of them, and its sequence says which number
// is next. No rows: the numbers are whole.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   artifact   STRING   the artifact
//   problem    STRING   'missing', 'twice', 'not given by the sequence' or 'no sequence'
//   number     INTEGER  the number, the first of those missing
//   upto       INTEGER  the last of those missing
//   next       INTEGER  the number that the sequence gives next
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (a:Artifact)
WHERE a.project STARTS WITH coalesce($project, '') AND a.name IS NOT NULL AND ($project IS NULL OR a.project = $project)
  AND (as_of IS NULL OR a.created_at <= as_of) AND (known_at IS NULL OR a.recorded_at <= known_at)
OPTIONAL MATCH (s:VersionSequence {artifact: a.uid})
CALL (a, known_at) {
  MATCH (v:ArtifactVersion {artifact: a.project + '/' + a.name})
  WHERE known_at IS NULL OR v.recorded_at <= known_at
  WITH v.version AS number ORDER BY number
  RETURN collect(number) AS numbers
}
WITH a.project + '/' + a.name AS artifact, s.next AS next, size(numbers) AS versions,
  [-1] + numbers + CASE WHEN s IS NULL OR known_at IS NOT NULL THEN [] ELSE [s.next] END AS line
UNWIND range(1, size(line) - 1) AS i
WITH artifact, next, i, i <= versions AS given, line[i - 1] AS before, line[i] AS here
UNWIND [
  CASE WHEN here > before + 1 THEN ['missing', before + 1, here - 1] END,
  CASE WHEN given AND here = before THEN ['twice', here, here] END,
  CASE WHEN given AND here >= next THEN ['not given by the sequence', here, here] END,
  CASE WHEN i = 1 AND next IS NULL THEN ['no sequence', null, null] END
] AS found
WITH artifact, next, found WHERE found IS NOT NULL
RETURN artifact, found[0] AS problem, found[1] AS number, found[2] AS upto, next
ORDER BY artifact, number, problem
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
