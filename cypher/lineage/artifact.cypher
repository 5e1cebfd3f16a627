// What is recorded of this artifact, and what of its versions?
//
// Parameters
//   $artifact  STRING   'project/name'
//
// Columns
//   artifact   MAP      {artifact, type, newest, versions, aliases}: the highest number, how many there are, their aliases
//
// Try    :param artifact => 'digits/classifier'
MATCH (v:ArtifactVersion {artifact: $artifact})
WITH max(v.version) AS newest, count(v) AS versions, head(collect(v.type)) AS type
WHERE versions > 0
RETURN {artifact: $artifact, type: type, newest: newest, versions: versions, aliases: COLLECT {
  MATCH (v:ArtifactVersion {artifact: $artifact}) UNWIND v.aliases AS alias RETURN alias ORDER BY alias
}} AS artifact
