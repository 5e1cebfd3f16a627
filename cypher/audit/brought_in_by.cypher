// What did this person bring in?
//
// Versions that a run of theirs made, and versions from outside that a run of theirs was the first to use.
//
// Parameters
//   $who       STRING   a person, as author or e-mail address; null for everybody
//   $project   STRING   a project; null for all of them
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   who        STRING   the run's author
//   version    STRING   what came in
//   type       STRING   its type
//   how        STRING   'made', or 'from outside' where no run logged it
//   run        STRING   the run that did it
//   at         STRING   when
//   digest     STRING   its digest
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param who => null
//   :param project => 'digits'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
CALL () {
  MATCH (r:Run {author: $who}) RETURN r
  UNION
  MATCH (r:Run {email: $who}) RETURN r
  UNION
  UNWIND CASE WHEN $who IS NULL THEN [1] ELSE [] END AS everybody
  MATCH (r:Run)
  WHERE r.project STARTS WITH coalesce($project, '') AND r.id IS NOT NULL
  RETURN r
}
WITH r, as_of, known_at WHERE $project IS NULL OR r.project = $project
CALL (r, as_of, known_at) {
  MATCH (r)-[l:LOGGED {created: true}]->(v:ArtifactVersion)
  RETURN v, l.at AS happened, l.recorded_at AS learnt, 'made' AS how
  UNION ALL
  MATCH (r)-[u:USED]->(v:ArtifactVersion)
  WHERE (as_of IS NULL OR u.at <= as_of) AND (known_at IS NULL OR u.recorded_at <= known_at) AND NOT EXISTS {
      MATCH (v)-[l:LOGGED_BY]->(:Run)
      WHERE (as_of IS NULL OR l.at <= as_of) AND (known_at IS NULL OR l.recorded_at <= known_at)
    }
  WITH r, v, min(u.at) AS first, min(u.recorded_at) AS learnt, as_of, known_at
  WHERE NOT EXISTS {
      MATCH (v)<-[u:USED]-(other:Run)
      WHERE (u.at < first OR (u.at = first AND other.uid < r.uid)) AND (known_at IS NULL OR u.recorded_at <= known_at)
    }
  RETURN v, first AS happened, learnt, 'from outside' AS how
}
WITH * WHERE (as_of IS NULL OR happened <= as_of) AND (known_at IS NULL OR learnt <= known_at)
RETURN r.author AS who, v.name AS version, v.type AS type, how, r.project + '/runs/' + r.id AS run, toString(happened) AS at,
  v.digest AS digest, toString(learnt) AS recorded_at
ORDER BY happened, version, run
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
