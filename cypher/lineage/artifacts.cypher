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
  aliases: COLLECT { MATCH (a)<-[:VERSION_OF]-(v) UNWIND v.aliases AS alias RETURN alias ORDER BY alias }
} AS artifact
ORDER BY a.project, a.type, a.name
