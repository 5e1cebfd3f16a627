// What else is recorded with these bytes?
//
// Parameters
//   $digest    STRING   the digest of a version, or of the change that a run ran on
//   $uid       STRING   the uid of what is not counted
//
// Columns
//   name       STRING   a version whose content is not erased, or a run whose content is not
//
// Try    :param digest => 'sha256:0'
//   :param uid => null
CALL () {
  MATCH (v:ArtifactVersion {digest: $digest})
  WHERE coalesce(v.uid <> $uid, true) AND coalesce(v.content, '') <> 'erased'
  RETURN v.name AS name
  UNION ALL
  MATCH (r:Run {patch: $digest})
  WHERE coalesce(r.uid <> $uid, true) AND NOT EXISTS { MATCH (x:Erasure {of: r.uid}) WHERE 'content' IN x.groups }
  RETURN r.project + '/runs/' + r.id AS name
}
RETURN name
ORDER BY name
