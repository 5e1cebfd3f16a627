// Which of these runs and versions are named so, in this order?
//
// The members of one group, searched, sorted and paged on the server. The numbers are the server's own, from a cluster/shape_…
// query a moment ago. Runs come before versions; what has no value to sort by comes last.
//
// Parameters
//   $numbers     LIST     numbers of runs and versions
//   $search      STRING   a part of a name, a run's id or an alias, in any case; null for all
//   $sort        STRING   'name', 'time' (when a version was created, when a run started), 'size' or 'state'
//   $descending  BOOLEAN  whether the greatest comes first
//   $limit       INTEGER  at most so many
//   $after       INTEGER  leave out so many of the first, given before
//   $as_of       STRING   a time, such as '2026-01-05T08:00:00Z', of aliases; null for now
//   $known_at    STRING   likewise, by when the graph learnt of them
//
// Columns
//   found        INTEGER  how many of them match $search
//   members      LIST     a map of each on this page: its properties as on a walk, its number, and whether it is a run
//
// Draw   lineage/neighbours
// Try    :param numbers => []
//   :param search => null
//   :param sort => 'name'
//   :param descending => false
//   :param limit => 50
//   :param after => 0
//   :param as_of => null
//   :param known_at => null
CALL () {
  MATCH (n)
  WHERE id(n) IN $numbers AND (n:Run OR n:ArtifactVersion)
  RETURN collect(n) AS nodes
}
WITH nodes, datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (nodes, as_of, known_at) {
  UNWIND nodes AS n
  RETURN n, CASE WHEN as_of IS NULL AND known_at IS NULL THEN coalesce(n.aliases, []) ELSE [] END AS held, 1 AS inside
  UNION ALL
  // Aliases of another time: where each alias of these versions was then, which may be a version outside.
  UNWIND CASE WHEN as_of IS NULL AND known_at IS NULL THEN [] ELSE nodes END AS v
  MATCH (v)<-[:MOVED]-(alias:Alias)
  WITH DISTINCT alias, as_of, known_at
  MATCH (alias)-[m:MOVED]->(v)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH alias, v, m ORDER BY m.at DESC, m.event DESC
  WITH alias, collect([v, m.removed])[0] AS last
  WHERE last[1] IS NULL
  WITH last[0] AS n, alias.name AS name ORDER BY name
  RETURN n, [name] AS held, 0 AS inside
}
WITH n, collect(held) AS held, max(inside) AS inside
WHERE inside = 1
WITH n, reduce(names = [], part IN held | names + part) AS aliases
WHERE $search IS NULL OR any(text IN [n.name, n.id, CASE WHEN n:Run THEN n.project + '/runs/' + n.id END] + aliases
  WHERE toLower(text) CONTAINS toLower($search))
WITH n, aliases,
  CASE $sort WHEN 'time' THEN coalesce(n.started_at, n.created_at) WHEN 'size' THEN n.size WHEN 'state' THEN n.state
    ELSE coalesce(n.artifact, n.name) END AS key
ORDER BY n:ArtifactVersion, key IS NULL, CASE WHEN NOT $descending THEN key END, CASE WHEN $descending THEN key END DESC,
  CASE WHEN NOT ($descending AND $sort = 'name') THEN coalesce(n.artifact, n.name) END,
  CASE WHEN NOT ($descending AND $sort = 'name') THEN n.version END,
  CASE WHEN $descending AND $sort = 'name' THEN n.version END DESC, n.uid
WITH collect([n, aliases]) AS matching
WITH size(matching) AS found, matching[$after..$after + $limit] AS page
CALL (page) {
  UNWIND page AS one
  WITH one[0] AS n, one[1] AS aliases
  RETURN collect(n {.uid, .id, .name, .project, .job_type, .step, .state, .author, .type, .digest, .size, .source_id,
    started_at: toString(n.started_at), ended_at: toString(n.ended_at), created_at: toString(n.created_at), aliases: aliases,
    number: id(n), run: n:Run}) AS members
}
RETURN found, members
