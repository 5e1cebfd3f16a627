// What was made from this dataset, all the way on?
//
// Every run that used it, every version those runs logged, every run that used one of them, and so on; the nearest first.
//
// Parameters
//   $version   STRING   full name with its number, such as 'digits/digits-raw:v0'
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   depth      INTEGER  the least number of relationships from the dataset
//   kind       STRING   'run' or 'version'
//   name       STRING   its full name
//   type       STRING   a version's type, a run's job type
//   at         STRING   when the run began; when the version was first there
//   who        STRING   the run's author
//   recorded_at STRING  when the graph learnt of it
//
// Plan   VarLengthExpand(Pruning,BFS
// Try    :param version => 'digits/digits-raw:v0'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (home:ArtifactVersion {name: $version})
CALL (home, as_of, known_at) {
  MATCH p = (home)<-[steps:LOGGED_BY|USED*0..]-(n)
  WHERE all(s IN steps WHERE (as_of IS NULL OR s.at <= as_of) AND (known_at IS NULL OR s.recorded_at <= known_at))
  RETURN n, min(length(p)) AS depth
}
WITH n, depth WHERE depth > 0
WITH depth, CASE WHEN n:Run THEN 'run' ELSE 'version' END AS kind, n,
  CASE WHEN n:Run THEN n.project + '/runs/' + n.id ELSE n.name END AS name
RETURN depth, kind, name, coalesce(n.type, n.job_type) AS type, toString(coalesce(n.created_at, n.started_at)) AS at,
  n.author AS who, toString(n.recorded_at) AS recorded_at
ORDER BY depth, kind, name
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
