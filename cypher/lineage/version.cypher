// What is recorded of this version?
//
// Parameters
//   $version   STRING   full name, such as 'digits/classifier:v0'
//
// Columns
//   version    MAP      its properties
//
// Try    :param version => 'digits/classifier:v0'
MATCH (v:ArtifactVersion {name: $version})
RETURN v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version
