// Which journals are there, or speak of this project, and how far is each?
//
// A journal of which only entries are left is listed too.
//
// Parameters
//   $project   STRING   a project; null for all of them
//
// Columns
//   journal    STRING   its uid
//   entries    INTEGER  how many entries of it there are
//   found      LIST     [labels, every property, how many relationships it has] of each Journal of that uid
//
// Try    :param project => 'digits'
CALL () {
  MATCH (e:Entry)
  WHERE $project IS NULL OR e.body CONTAINS ('"' + $project + '/') OR e.body CONTAINS ('"project":"' + $project + '"')
  RETURN DISTINCT e.journal AS uid
  UNION
  MATCH (j:Journal) WHERE $project IS NULL
  RETURN j.uid AS uid
}
WITH uid WHERE uid IS NOT NULL
CALL (uid) {
  MATCH (e:Entry {journal: uid})
  RETURN count(*) AS entries
}
CALL (uid) {
  MATCH (j:Journal {uid: uid})
  RETURN collect([labels(j), properties(j), COUNT { (j)--() }]) AS found
}
RETURN uid AS journal, entries, found
ORDER BY journal
