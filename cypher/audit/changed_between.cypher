// What changed between two dates?
//
// Runs begun and ended, versions logged and used, aliases moved and removed, edits: what is in the record as of $to, and was
// not as of $from.
//
// Parameters
//   $project   STRING   a project; null for all of them
//   $from      STRING   what happened after this time; null for the beginning
//   $to        STRING   and not after this one; null for now
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   at         STRING   when it happened
//   what       STRING   'run started', 'run ended', 'logged', 'used', 'alias moved', 'alias removed' or 'edited'
//   name       STRING   the run, version or artifact, or 'project/name:alias'
//   who        STRING   the run's author, or who moved the alias or edited; null where nobody said so
//   run        STRING   the run that did it
//   detail     STRING   a run's job type or state; 'created' or 'again'; a role; what the alias means now; the fields
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param project => 'digits'
//   :param from => '2026-01-01T00:00:00Z'
//   :param to => null
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($from) AS since, datetime($to) AS upto, datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL () {
  MATCH (r:Run)
  WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
  WITH r, r.project + '/runs/' + r.id AS run
  UNWIND [[r.started_at, r.recorded_at, 'run started', r.job_type],
    [r.ended_at, coalesce(r.end_recorded_at, r.recorded_at), 'run ended', r.state]] AS one
  RETURN one[0] AS happened, one[1] AS learnt, one[2] AS what, run AS name, r.author AS who, run, one[3] AS detail
  UNION ALL
  MATCH (r:Run)-[e:LOGGED|USED]->(v:ArtifactVersion)
  WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL AND ($project IS NULL OR r.project = $project)
  RETURN e.at AS happened, e.recorded_at AS learnt, toLower(type(e)) AS what, v.name AS name, r.author AS who,
    r.project + '/runs/' + r.id AS run,
    CASE WHEN e:USED THEN e.used_as WHEN e.created THEN 'created' ELSE 'again' END AS detail
  UNION ALL
  MATCH (a:Alias)-[m:MOVED]->(v:ArtifactVersion)
  WHERE a.artifact STARTS WITH coalesce($project + '/', '') AND a.name IS NOT NULL
    AND ($project IS NULL OR NOT substring(a.artifact, size($project) + 1) CONTAINS '/')
  RETURN m.at AS happened, m.recorded_at AS learnt, CASE WHEN m.removed THEN 'alias removed' ELSE 'alias moved' END AS what,
    a.artifact + ':' + a.name AS name, m.actor AS who, null AS run, CASE WHEN m.removed IS NULL THEN v.name END AS detail
  UNION ALL
  MATCH (e:Edit)-[:OF]->(n)
  WHERE $project IS NULL OR n.project = $project
  RETURN e.at AS happened, e.recorded_at AS learnt, 'edited' AS what, CASE
      WHEN n:Run THEN n.project + '/runs/' + n.id
      WHEN n:Artifact THEN n.project + '/' + n.name
      ELSE n.name
    END AS name, e.actor AS who, null AS run,
    substring(reduce(text = '', field IN e.fields | text + ', ' + field), 2) AS detail
}
WITH * WHERE happened IS NOT NULL AND (since IS NULL OR happened > since) AND (upto IS NULL OR happened <= upto)
  AND (as_of IS NULL OR happened <= as_of) AND (known_at IS NULL OR learnt <= known_at)
RETURN toString(happened) AS at, what, name, who, run, detail, toString(learnt) AS recorded_at
ORDER BY happened, what, name, run, detail
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
