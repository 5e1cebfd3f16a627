// Which tombstones are there of what these events erased, of this project, or at all?
//
// Parameters
//   $events    LIST     uids of events that erase; null for every tombstone
//   $project   STRING   also those that say they are of this project; null for none
//
// Columns
//   erasures   LIST     [event uid, uid of what was erased, labels, properties (times as text), how many relationships it has]
//
// Try    :param events => null
//   :param project => null
MATCH (x:Erasure)
WHERE $events IS NULL OR x.event IN $events OR x.project = $project
WITH x ORDER BY x.event, x.of
RETURN collect([x.event, x.of, labels(x), x {.*,
  at: CASE WHEN x.at IS :: ZONED DATETIME THEN toString(x.at) ELSE valueType(x.at) END,
  recorded_at: CASE WHEN x.recorded_at IS :: ZONED DATETIME THEN toString(x.recorded_at) ELSE valueType(x.recorded_at) END},
  COUNT { (x)--() }]) AS erasures
