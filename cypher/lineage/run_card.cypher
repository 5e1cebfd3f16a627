// What did this run use and log, and which runs belong to it?
//
// For a page about one run; of each list the first few and how many there are.
//
// Parameters
//   $uid       STRING   the run; lineage/run finds it by name
//   $limit     INTEGER  at most so many in each list
//   $as_of     STRING   a time, such as '2026-01-05T08:00:00Z'; null for now
//
// Columns
//   inputs     LIST     [properties, when it was first used, roles] of the versions that it used, in this order
//   input_count  INTEGER  how many versions it used
//   outputs    LIST     [properties, when it was first logged, whether this run made it] of those it logged, in this order
//   output_count INTEGER  how many versions it logged
//   relations  LIST     [kind, how many, properties of the first]: 'parent', 'child', 'retry_of', 'retried_by', 'resumed_from' and
//     'resumed_by'
//
// Draw   lineage/neighbours
// Try    :param uid => null
//   :param limit => 50
//   :param as_of => null
MATCH (r:Run {uid: $uid})
WITH r, datetime($as_of) AS as_of
CALL (r, as_of) {
  MATCH (r)-[e:USED]->(v)
  WHERE as_of IS NULL OR e.at <= as_of
  WITH v, min(e.at) AS at, collect(DISTINCT e.used_as) AS roles ORDER BY at, v.name
  WITH collect([v, at, roles]) AS found
  RETURN size(found) AS input_count, [one IN found[..$limit] | [
    head([n IN [one[0]] | n {.uid, .name, .type, .digest, .size, .source_id, created_at: toString(n.created_at),
      aliases: coalesce(n.aliases, [])}]),
    toString(one[1]), one[2]]] AS inputs
}
CALL (r, as_of) {
  MATCH (r)-[e:LOGGED]->(v)
  WHERE as_of IS NULL OR e.at <= as_of
  WITH v, min(e.at) AS at, any(created IN collect(e.created) WHERE created) AS created ORDER BY at, v.name
  WITH collect([v, at, created]) AS found
  RETURN size(found) AS output_count, [one IN found[..$limit] | [
    head([n IN [one[0]] | n {.uid, .name, .type, .digest, .size, .source_id, created_at: toString(n.created_at),
      aliases: coalesce(n.aliases, [])}]),
    toString(one[1]), one[2]]] AS outputs
}
CALL (r, as_of) {
  MATCH (r)-[e:CHILD_OF|RETRY_OF|RESUMED_FROM]-(other:Run)
  WHERE as_of IS NULL OR e.at <= as_of
  WITH CASE WHEN startNode(e) = r THEN {CHILD_OF: 'parent', RETRY_OF: 'retry_of', RESUMED_FROM: 'resumed_from'}
    ELSE {CHILD_OF: 'child', RETRY_OF: 'retried_by', RESUMED_FROM: 'resumed_by'} END[type(e)] AS kind, other, min(e.at) AS at
  ORDER BY kind, at, other.id
  WITH kind, collect(other) AS others
  RETURN collect([kind, size(others), [o IN others[..$limit] | o {.uid, .id, .name, .project, .job_type, .step, .state, .author,
    .source_id, started_at: toString(o.started_at), ended_at: toString(o.ended_at)}]]) AS relations
}
RETURN inputs, input_count, outputs, output_count, relations
