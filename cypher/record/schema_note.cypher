// How is a step of the schema noted, once it is applied?
//
// Parameters
//   $version   INTEGER  its number
//   $name      STRING   its file's name
//   $checksum  STRING   the SHA-256 of its statements
//   $program   STRING   the version of lineage-graph that applied it
//
// Columns
//   noted      INTEGER  how many are
CREATE (s:Schema {version: $version, name: $name, checksum: $checksum, program: $program, applied_at: datetime.realtime()})
RETURN count(s) AS noted
