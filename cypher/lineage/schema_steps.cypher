// Which steps of the schema does this graph have, since when, and by which program?
//
// None in a graph that nothing was recorded in yet, or that only a lineage-graph from before there were steps wrote.
//
// Columns
//   version    INTEGER  the step's number; the last one is the graph's schema version
//   name       STRING   its file in cypher/schema
//   checksum   STRING   the SHA-256 of its statements, as they were applied
//   program    STRING   the version of lineage-graph that applied it
//   applied_at STRING   when
MATCH (s:Schema)
WHERE s.version > 0
RETURN s.version AS version, s.name AS name, s.checksum AS checksum, s.program AS program, toString(s.applied_at) AS applied_at
ORDER BY version
