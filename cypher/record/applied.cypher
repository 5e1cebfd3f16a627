// How far has the graph applied these journals?
//
// Parameters
//   $journals  LIST     uids of journals
//
// Columns
//   journals   LIST     [uid, number of the last entry applied, its hash]; a journal the graph does not know is left out
UNWIND $journals AS uid
MATCH (j:Journal {uid: uid})
RETURN collect([j.uid, j.applied, j.head]) AS journals
