// Which run or version had this id in the record that it was imported from?
//
// Parameters
//   $source_id  STRING   the id there, such as 'mosaic-color.jpg' or 'train@1f3a9c'
//   $project    STRING   a project; null for all of them
//   $limit      INTEGER  at most so many, by name
//
// Columns
//   run         MAP      a run's properties; null when it is a version
//   version     MAP      a version's properties; null when it is a run
//   name        STRING   its full name
//
// Try    :param source_id => 'mosaic-color.jpg'
//   :param project => null
//   :param limit => 6
CALL () {
  MATCH (r:Run {source_id: $source_id})
  WHERE $project IS NULL OR r.project = $project
  RETURN r {.*, started_at: toString(r.started_at), ended_at: toString(r.ended_at), resumed_at: toString(r.resumed_at),
    recorded_at: toString(r.recorded_at)} AS run, null AS version, r.project + '/runs/' + r.id AS name
  UNION ALL
  MATCH (v:ArtifactVersion {source_id: $source_id})
  WHERE $project IS NULL OR v.project = $project
  RETURN null AS run, v {.*, created_at: toString(v.created_at), recorded_at: toString(v.recorded_at)} AS version, v.name AS name
}
RETURN run, version, name
ORDER BY name LIMIT $limit
