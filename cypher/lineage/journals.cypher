// Which journals speak of this project, or of what was asked in it?
//
// A journal is one process's chained record; it is whole or it cannot be verified, so an export takes journals as they are.
//
// Parameters
//   $project   STRING   a project; null for all of them
//
// Columns
//   journal    STRING   its uid
//   entries    INTEGER  how many entries of it the graph has
//
// Try    :param project => 'digits'
MATCH (e:Entry)
WHERE $project IS NULL
  OR e.body CONTAINS ('"project":"' + $project + '"')
  OR e.body CONTAINS ('"run":"' + $project + '/runs/')
  OR any(rest IN tail(split(e.body, '"artifact":"' + $project + '/')) WHERE NOT split(rest, '"')[0] CONTAINS '/')
WITH DISTINCT e.journal AS uid
MATCH (j:Journal {uid: uid})
RETURN j.uid AS journal, j.applied AS entries
ORDER BY journal
