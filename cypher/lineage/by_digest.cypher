// Which versions of this artifact have a digest that begins so?
//
// Parameters
//   $artifact  STRING   'project/name'
//   $digest    STRING   a digest or its beginning, with or without 'sha256:'
//
// Columns
//   version    MAP      the version's properties
//
// Try    :param artifact => 'digits/classifier'
//   :param digest => 'sha256:'
MATCH (v:ArtifactVersion {artifact: $artifact})
WHERE v.digest STARTS WITH $digest OR split(v.digest, ':')[1] STARTS WITH $digest
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
ORDER BY v.version
