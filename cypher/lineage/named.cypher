// What are these versions?
//
// Answers in lists, for rows cost more.
//
// Parameters
//   $versions  LIST     full names, such as 'digits/classifier:v0'
//
// Columns
//   names      LIST     the names of those that are there
//   uids       LIST     the uid of each
//   types      LIST     its artifact's type
//   created_at LIST     when each was first seen
//   source_ids LIST     what it was called where it was imported from; null otherwise
//
// Try    :param versions => ['digits/classifier:v0']
UNWIND $versions AS name
MATCH (v:ArtifactVersion {name: name})
WITH v ORDER BY v.name
RETURN collect(v.name) AS names, collect(v.uid) AS uids, collect(v.type) AS types, collect(toString(v.created_at)) AS created_at,
  [v IN collect(v) | v.source_id] AS source_ids
