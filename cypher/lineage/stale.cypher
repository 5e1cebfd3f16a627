// Which versions of this project were made from an input that their step would not take now?
//
// A row for each input that moved, of the versions that an alias points to and that no run made from what would be taken now.
// An input has moved when the alias that it was asked by points to another version; or, asked by number, digest or in a way that
// is not known, when there is a newer version of the artifact, first seen after the use. What is stale only as something upstream
// is, and what feeds itself by way of other runs, takes a search: `lineage-graph stale` makes it.
//
// Parameters
//   $project   STRING   a project
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   likewise, by when the graph learnt of it
//
// Columns
//   version    STRING   the version that is stale
//   run        STRING   a run that logged it
//   input      STRING   the artifact that it used
//   asked      STRING   how it asked: an alias, 'v3' or a digest; null where that is not known
//   was        STRING   the version that it took
//   now        STRING   what it would take
//   because    STRING   'alias' or 'artifact'
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL (as_of, known_at) {
  MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(v:ArtifactVersion)
  WHERE as_of IS NULL AND known_at IS NULL AND size(v.aliases) > 0
  RETURN v
  UNION
  WITH as_of, known_at WHERE as_of IS NOT NULL OR known_at IS NOT NULL
  MATCH (:Artifact {project: $project})<-[:VERSION_OF]-(:ArtifactVersion)<-[:MOVED]-(a:Alias)
  WITH DISTINCT a, as_of, known_at
  MATCH (a)-[m:MOVED]->(v)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH a, v, m ORDER BY m.at DESC, m.event DESC
  WITH a, collect([v, m.removed])[0] AS last
  WHERE last[1] IS NULL
  RETURN last[0] AS v
}
// Its producers: those that did not use the version itself, if there are such.
CALL (v, as_of, known_at) {
  MATCH (v)-[e:LOGGED_BY]->(r:Run)
  WHERE (as_of IS NULL OR e.at <= as_of) AND (known_at IS NULL OR e.recorded_at <= known_at)
  WITH collect([r, EXISTS { (r)-[:USED]->(v) }]) AS all
  WITH all, [x IN all WHERE NOT x[1] | x[0]] AS outside
  RETURN CASE outside WHEN [] THEN [x IN all | x[0]] ELSE outside END AS producers
}
UNWIND producers AS r
MATCH (r)-[u:USED]->(was:ArtifactVersion)
WHERE (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at)
WITH was.artifact AS input, u.asked AS asked, as_of, known_at, collect({v: v, producers: size(producers), r: r, was: was, at: u.at}) AS uses
// What that name means now, once for all who asked so.
CALL (input, asked, as_of, known_at) {
  OPTIONAL MATCH (named:Alias {artifact: input, name: asked})
  WITH input, as_of, known_at, CASE WHEN named IS NULL THEN 'latest' ELSE asked END AS name, named IS NOT NULL AS by_alias
  MATCH (:Alias {artifact: input, name: name})-[m:MOVED]->(now)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH by_alias, now, m ORDER BY m.at DESC, m.event DESC LIMIT 1
  RETURN by_alias, CASE WHEN m.removed IS NULL THEN now END AS now
  UNION ALL
  WITH input, asked, as_of, known_at
  WHERE NOT EXISTS { (:Alias {artifact: input, name: asked}) } AND NOT EXISTS {
    MATCH (:Alias {artifact: input, name: 'latest'})-[m:MOVED]->()
    WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  }
  MATCH (now:ArtifactVersion {artifact: input})
  WHERE (as_of IS NULL OR now.created_at <= as_of) AND (known_at IS NULL OR now.recorded_at <= known_at)
  WITH now ORDER BY now.created_at DESC, now.version DESC LIMIT 1
  RETURN false AS by_alias, now
}
UNWIND uses AS use
WITH input, asked, by_alias, now, use.v AS v, use.producers AS producers, use.r AS r, use.was AS was, use.at AS at
WHERE now <> was AND (by_alias OR now.created_at > at) AND NOT EXISTS { (r)-[:LOGGED]->(now) }
WITH v, producers, collect(DISTINCT r) AS moved, collect({r: r, input: input, asked: asked, was: was, now: now, by_alias: by_alias}) AS found
WHERE size(moved) = producers
UNWIND found AS one
RETURN v.name AS version, one.r.project + '/runs/' + one.r.id AS run, one.input AS input, one.asked AS asked, one.was.name AS was,
  one.now.name AS now, CASE WHEN one.by_alias THEN 'alias' ELSE 'artifact' END AS because
ORDER BY v.artifact, v.version, run, was, asked
