// Which runs ran from a dirty tree?
//
// Their code was not what their commit says. A patch, where there is one, is the difference.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   run        STRING   its full name
//   who        STRING   its author
//   started_at STRING   when it began
//   commit     STRING   the commit its tree was at
//   patch      STRING   digest of the difference; null where it was not kept
//   logged     INTEGER  how many versions it logged
//   command    STRING   its command line
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (r:Run {dirty: true})
WHERE ($project IS NULL OR r.project = $project)
  AND (as_of IS NULL OR r.started_at <= as_of) AND (known_at IS NULL OR r.recorded_at <= known_at)
RETURN r.project + '/runs/' + r.id AS run, r.author AS who, toString(r.started_at) AS started_at, r.commit AS commit,
  r.patch AS patch, COUNT {
    MATCH (r)-[l:LOGGED]->() WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
  } AS logged, r.command AS command, toString(r.recorded_at) AS recorded_at
ORDER BY r.started_at, run
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
