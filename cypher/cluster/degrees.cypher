// How many things came right before and right after each of these?
//
// For the few that a drawing shows one by one: how much more there is than it shows. The numbers are the server's own, from a
// cluster/shape_… query a moment ago. An edge counts when it had happened by $as_of and was known by $known_at.
//
// Parameters
//   $numbers   LIST     numbers of runs and versions
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   degrees    LIST     [number, how many things before, how many after] of each that is there
//
// Draw   lineage/neighbours
// Try    :param numbers => []
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (n)
  WHERE id(n) IN $numbers AND (n:Run OR n:ArtifactVersion)
  WITH n, as_of, known_at
  CALL (n, as_of, known_at) {
    MATCH (n)-[e:LOGGED_BY|USED]->(m)
    WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
    RETURN count(DISTINCT m) AS up
  }
  CALL (n, as_of, known_at) {
    MATCH (n)<-[e:LOGGED_BY|USED]-(m)
    WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
    RETURN count(DISTINCT m) AS down
  }
  RETURN collect([id(n), up, down]) AS degrees
}
RETURN degrees
