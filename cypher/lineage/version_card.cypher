// Which runs logged and used this version, and which other versions are there of its artifact?
//
// For a page about one version; of each list the first few and how many there are.
//
// Parameters
//   $uid       STRING   the version; lineage/version finds it by name
//   $limit     INTEGER  at most so many runs in each list
//   $siblings  INTEGER  at most so many other versions, the newest first
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   producers  LIST     [properties, when it was first logged, whether that made it] of the runs that logged it, in this order
//   producer_count INTEGER  how many runs logged it
//   consumers  LIST     [properties, when it was first used, roles] of the runs that used it, in this order
//   consumer_count INTEGER  how many runs used it
//   siblings   LIST     properties of other versions of the artifact
//   sibling_count  INTEGER  how many there are
//   artifact   MAP      the artifact's properties, how many versions it has now, and its aliases now
//   aliases    LIST     the version's aliases at that time; null for now, when it has them itself
//
// Draw   lineage/neighbours
// Try    :param uid => null
//   :param limit => 50
//   :param siblings => 20
//   :param as_of => null
MATCH (v:ArtifactVersion {uid: $uid})
WITH v, datetime($as_of) AS as_of
CALL (v, as_of) {
  MATCH (v)<-[e:LOGGED]-(r:Run)
  WHERE as_of IS NULL OR e.at <= as_of
  WITH r, min(e.at) AS at, any(created IN collect(e.created) WHERE created) AS created ORDER BY at, r.uid
  WITH collect([r, at, created]) AS found
  RETURN size(found) AS producer_count, [one IN found[..$limit] | [
    head([n IN [one[0]] | n {.uid, .id, .name, .project, .job_type, .step, .state, .author, .source_id,
      started_at: toString(n.started_at), ended_at: toString(n.ended_at)}]),
    toString(one[1]), one[2]]] AS producers
}
CALL (v, as_of) {
  MATCH (v)<-[e:USED]-(r:Run)
  WHERE as_of IS NULL OR e.at <= as_of
  WITH r, min(e.at) AS at, collect(DISTINCT e.used_as) AS roles ORDER BY at, r.uid
  WITH collect([r, at, roles]) AS found
  RETURN size(found) AS consumer_count, [one IN found[..$limit] | [
    head([n IN [one[0]] | n {.uid, .id, .name, .project, .job_type, .step, .state, .author, .source_id,
      started_at: toString(n.started_at), ended_at: toString(n.ended_at)}]),
    toString(one[1]), one[2]]] AS consumers
}
CALL (v, as_of) {
  MATCH (v)-[:VERSION_OF]->(a:Artifact)<-[:VERSION_OF]-(other:ArtifactVersion)
  WHERE other <> v AND (as_of IS NULL OR other.created_at <= as_of)
  WITH other ORDER BY other.version DESC
  WITH collect(other) AS others
  RETURN size(others) AS sibling_count, [o IN others[..$siblings] | o {.uid, .name, .type, .digest, .size, .source_id,
    created_at: toString(o.created_at), aliases: coalesce(o.aliases, [])}] AS siblings
}
CALL (v) {
  MATCH (v)-[:VERSION_OF]->(a:Artifact)
  RETURN a {.uid, .name, .project, .type, .description, created_at: toString(a.created_at),
    versions: COUNT { (a)<-[:VERSION_OF]-() },
    aliases: COLLECT { MATCH (a)<-[:VERSION_OF]-(o) UNWIND o.aliases AS alias RETURN alias ORDER BY alias }
  } AS artifact
}
CALL (v, as_of) {
  MATCH (v)<-[:MOVED]-(alias:Alias)
  WHERE as_of IS NOT NULL
  WITH DISTINCT alias, v, as_of
  MATCH (alias)-[m:MOVED]->(to)
  WHERE m.at <= as_of
  WITH alias, v, m, to ORDER BY m.at DESC, m.event DESC
  WITH alias, v, collect([to.uid, m.removed])[0] AS last
  WHERE last[0] = v.uid AND last[1] IS NULL
  WITH alias ORDER BY alias.name
  RETURN collect(alias.name) AS held
}
RETURN producers, producer_count, consumers, consumer_count, siblings, sibling_count, artifact,
  CASE WHEN as_of IS NULL THEN null ELSE held END AS aliases
