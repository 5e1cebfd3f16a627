// Which journals tell of what others take as told?
//
// A journal that speaks of a project may take a version as an input whose making another one tells of, or mean a version, edit a
// run or an artifact that it does not introduce; what was erased of it may be told by yet another. An export takes those along.
//
// Parameters
//   $made      LIST     uids of versions: the journals that speak of the runs that logged them
//   $told      LIST     uids of versions: every journal whose receipts have them
//   $runs      LIST     runs, such as 'digits/runs/train-1': the journals that speak of them
//   $artifacts LIST     artifacts, such as 'digits/raw': likewise
//   $erased    LIST     uids of events and things of which something is erased: the journals that say so
//
// Columns
//   journal    STRING   its uid
//   entries    INTEGER  how many entries of it the graph has
//
// Try    :param made => []
//   :param told => []
//   :param runs => ['digits/runs/train-1']
//   :param artifacts => []
//   :param erased => []
CALL () {
  UNWIND $made AS uid
  MATCH (:ArtifactVersion {uid: uid})-[:LOGGED_BY]->(r:Run)
  RETURN collect(DISTINCT '"run":"' + r.project + '/runs/' + r.id + '"') AS makers
}
CALL () {
  UNWIND $erased AS uid
  MATCH (x:Erasure {of: uid})
  RETURN collect(DISTINCT '"uid":"' + x.event + '"') AS erasing
}
WITH makers + erasing + [x IN $runs | '"run":"' + x + '"'] + [x IN $artifacts | '"artifact":"' + x + '"'] AS said,
  [uid IN $told | '"version_uid":"' + uid + '"'] AS meant
WHERE size(said) + size(meant) > 0
MATCH (e:Entry)
WHERE any(mark IN said WHERE e.body CONTAINS mark) OR any(mark IN meant WHERE e.receipt CONTAINS mark)
WITH DISTINCT e.journal AS uid
MATCH (j:Journal {uid: uid})
RETURN j.uid AS journal, j.applied AS entries
ORDER BY journal
