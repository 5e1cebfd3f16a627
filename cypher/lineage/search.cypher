// Which projects, artifacts, versions, aliases and runs are called something like this?
//
// Words are in Lucene's query syntax, as the full-text indexes take them; Reader.search makes them of what a person types. What
// was recorded a moment ago may be missing for another moment.
//
// Parameters
//   $words     STRING   the words that a name has
//   $project_words STRING  the words that a project's name has
//   $project   STRING   only in this project; null for all
//   $number    INTEGER  the number of the versions of these artifacts that are wanted as well; null for none
//   $digest    STRING   how the digest of versions begins that are wanted as well; null for none
//   $limit     INTEGER  at most so many of each
//   $look      INTEGER  how many the indexes are asked for
//
// Columns
//   projects   LIST     their names
//   artifacts  LIST     [full name, type] of each, the best match first; likewise the others
//   versions   LIST     [full name, type]
//   aliases    LIST     [full name of the artifact, alias, type]
//   runs       LIST     [full name, name, job type]
//
// Try    :param words => 'digits'
//   :param project_words => 'project:digits'
//   :param project => null
//   :param number => null
//   :param digest => null
//   :param limit => 20
//   :param look => 200
CALL () {
  CALL db.index.fulltext.queryNodes('artifact_words', $words, {limit: $look}) YIELD node AS a, score
  WITH a, score WHERE $project IS NULL OR a.project = $project
  WITH a ORDER BY score DESC, a.project, a.name LIMIT $limit
  RETURN collect(a) AS found
}
CALL () {
  CALL db.index.fulltext.queryNodes('artifact_words', $project_words, {limit: $look}) YIELD node AS a
  WITH DISTINCT a.project AS project WHERE $project IS NULL OR project = $project
  WITH project ORDER BY project LIMIT $limit
  RETURN collect(project) AS projects
}
CALL (found) {
  CALL (found) {
    UNWIND found AS a
    MATCH (v:ArtifactVersion {name: a.project + '/' + a.name + ':v' + toString($number)}) RETURN v
    UNION
    MATCH (v:ArtifactVersion) WHERE v.digest STARTS WITH $digest AND ($project IS NULL OR v.project = $project)
    RETURN v LIMIT $limit
  }
  RETURN collect([v.name, v.type]) AS versions
}
CALL () {
  CALL db.index.fulltext.queryNodes('alias_words', $words, {limit: $look}) YIELD node AS alias, score
  WITH alias, score WHERE $project IS NULL OR alias.artifact STARTS WITH $project + '/'
  MATCH (v:ArtifactVersion {uid: alias.version})
  WITH alias, v ORDER BY score DESC, alias.artifact, alias.name LIMIT $limit
  RETURN collect([alias.artifact, alias.name, v.type]) AS aliases
}
CALL () {
  CALL db.index.fulltext.queryNodes('run_words', $words, {limit: $look}) YIELD node AS r, score
  WITH r, score WHERE $project IS NULL OR r.project = $project
  WITH r ORDER BY score DESC, r.started_at DESC, r.id LIMIT $limit
  RETURN collect([r.project + '/runs/' + r.id, r.name, r.job_type]) AS runs
}
RETURN projects, [a IN found | [a.project + '/' + a.name, a.type]] AS artifacts, versions, aliases, runs
