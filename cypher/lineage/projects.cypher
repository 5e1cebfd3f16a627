// Which projects are there?
//
// Columns
//   project    STRING   its name
//   artifacts  INTEGER  how many artifacts it has
//   runs       INTEGER  how many runs it has
CALL () {
  MATCH (a:Artifact) RETURN a.project AS project, count(*) AS artifacts, 0 AS runs
  UNION ALL
  MATCH (r:Run) RETURN r.project AS project, 0 AS artifacts, count(*) AS runs
}
RETURN project, sum(artifacts) AS artifacts, sum(runs) AS runs
ORDER BY project
