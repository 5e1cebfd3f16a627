// Which artifacts does this project have?
//
// Parameters
//   $project   STRING   a project; null for all of them
//
// Columns
//   artifact   MAP      {uid, project, name, type, description, created_at, versions, aliases}
//
// Try    :param project => 'digits'
MATCH (a:Artifact)
WHERE $project IS NULL OR a.project = $project
RETURN a {.uid, .project, .name, .type, .description, created_at: toString(a.created_at),
  versions: COUNT { (a)<-[:VERSION_OF]-() },
  aliases: COLLECT { MATCH (s:Alias {artifact: a.project + '/' + a.name}) WHERE s.version IS NOT NULL RETURN s.name ORDER BY s.name }
} AS artifact
ORDER BY a.project, a.type, a.name
