// What was erased, when, by whom, and why?
//
// The first one first. What a person said in many events is one row: whose it was is not kept.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   at         STRING   when it was asked for
//   what       STRING   'run', 'version', 'artifact', or 'person' for the values of one in single events
//   name       STRING   the run, version or artifact; null for a person
//   events     INTEGER  in how many events of a person's (in this project); null for a thing
//   groups     STRING   'content', 'personal' or both
//   reason     STRING   why
//   who        STRING   who asked for it; null where nobody said so, or where that was erased
//   recorded_at STRING  when the graph did it
//   event      STRING   the erasure's uid
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
MATCH (x:Erasure)
WHERE ($project IS NULL OR x.project = $project)
  AND ($as_of IS NULL OR x.at <= datetime($as_of))
  AND ($known_at IS NULL OR x.recorded_at <= datetime($known_at))
WITH x.event AS event, x.at AS happened, x.recorded_at AS learnt, x.label AS label, x.name AS name, x.groups AS parts,
  x.reason AS reason, x.actor AS who, count(*) AS many
RETURN toString(happened) AS at,
  CASE label WHEN 'Run' THEN 'run' WHEN 'ArtifactVersion' THEN 'version' WHEN 'Artifact' THEN 'artifact' ELSE 'person' END AS what,
  name, CASE label WHEN 'Event' THEN many END AS events,
  substring(reduce(text = '', part IN parts | text + ', ' + part), 2) AS groups, reason, who,
  toString(learnt) AS recorded_at, event
ORDER BY happened, event, what
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
