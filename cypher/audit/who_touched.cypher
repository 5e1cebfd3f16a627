// Who touched this version, and when?
//
// Every run that logged or used it, every alias that was moved to it, away from it or taken off it, every edit.
//
// Parameters
//   $version   STRING   full name with its number, such as 'digits/classifier:v0'
//   $as_of     STRING   only what had happened by then, such as '2026-01-05T08:00:00Z'; null for now
//   $known_at  STRING   only what the graph knew by then; null for now
//   $limit     INTEGER  at most so many rows; null for all
//   $after     INTEGER  leave out so many of the first rows, given before; null for none
//
// Columns
//   at         STRING   when it happened
//   who        STRING   the run's author, or who moved the alias or edited; null where nobody said so
//   what       STRING   'logged', 'used', 'alias moved here', 'alias moved away', 'alias removed' or 'edited'
//   run        STRING   the run that logged or used it
//   detail     STRING   'created' or 'again'; how it was asked for and in which role; the alias; the fields
//   recorded_at STRING  when the graph learnt of it
//
// Try    :param version => 'digits/classifier:v0'
//   :param as_of => null
//   :param known_at => null
//   :param limit => 100
//   :param after => null
WITH datetime($as_of) AS as_of, datetime($known_at) AS known_at
MATCH (v:ArtifactVersion {name: $version})
CALL (v, as_of, known_at) {
  MATCH (v)<-[l:LOGGED]-(r:Run)
  RETURN l.at AS happened, l.recorded_at AS learnt, r.author AS who, 'logged' AS what, r.project + '/runs/' + r.id AS run,
    CASE WHEN l.created THEN 'created' ELSE 'again' END AS detail
  UNION ALL
  MATCH (v)<-[u:USED]-(r:Run)
  RETURN u.at AS happened, u.recorded_at AS learnt, r.author AS who, 'used' AS what, r.project + '/runs/' + r.id AS run,
    coalesce('asked for ' + u.asked + coalesce(', as ' + u.used_as, ''), 'as ' + u.used_as) AS detail
  UNION ALL
  MATCH (v)<-[m:MOVED]-(a:Alias)
  RETURN m.at AS happened, m.recorded_at AS learnt, m.actor AS who,
    CASE WHEN m.removed THEN 'alias removed' ELSE 'alias moved here' END AS what, null AS run, a.name AS detail
  UNION ALL
  MATCH (v)<-[:MOVED]-(a:Alias)
  WITH DISTINCT v, a, as_of, known_at
  MATCH (a)-[m:MOVED]->(meant)
  WHERE (as_of IS NULL OR m.at <= as_of) AND (known_at IS NULL OR m.recorded_at <= known_at)
  WITH v, a, m, meant ORDER BY m.at, m.event
  WITH v, a, collect(m) AS moves, collect(meant) AS meanings
  UNWIND range(1, size(moves) - 1) AS i
  WITH v, a, moves[i - 1] AS before, meanings[i - 1] AS had, moves[i] AS m, meanings[i] AS has
  WHERE had = v AND before.removed IS NULL AND has <> v
  RETURN m.at AS happened, m.recorded_at AS learnt, m.actor AS who, 'alias moved away' AS what, null AS run,
    a.name + ' to ' + has.name AS detail
  UNION ALL
  MATCH (e:Edit {of: v.uid})
  RETURN e.at AS happened, e.recorded_at AS learnt, e.actor AS who, 'edited' AS what, null AS run,
    substring(reduce(text = '', field IN e.fields | text + ', ' + field), 2) AS detail
}
WITH * WHERE (as_of IS NULL OR happened <= as_of) AND (known_at IS NULL OR learnt <= known_at)
RETURN toString(happened) AS at, who, what, run, detail, toString(learnt) AS recorded_at
ORDER BY happened, what, run, detail
SKIP coalesce($after, 0) LIMIT coalesce($limit, 4611686018427387904)
