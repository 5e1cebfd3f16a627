// What is needed to do this run again?
//
// Parameters
//   $run         STRING   full name, such as 'digits/runs/train-1'
//
// Columns
//   run          STRING   its full name
//   state        STRING   how it ended: finished, failed, crashed, killed, or running
//   command      STRING   what to run, as a shell takes it
//   commit       STRING   the Git commit of its code; null where it ran outside Git
//   dirty        BOOLEAN  whether tracked files differed from that commit
//   patch        STRING   the digest of that difference
//   config       STRING   what it was told, as JSON
//   environment  STRING   Python, platform, packages, folder and Git remote, as JSON
//   inputs       LIST     {name, digest, used_as, asked, content, creator}: creator is null where no run made it
//   outputs      LIST     {name, digest, created}: created is true where this run was the first to make it
//
// Draw   lineage/neighbours
// Try    :param run => 'digits/runs/train-1'
MATCH (r:Run {project: split($run, '/runs/')[0], id: split($run, '/runs/')[1]})
CALL (r) {
  OPTIONAL MATCH (r)-[u:USED]->(v:ArtifactVersion)
  OPTIONAL MATCH (v)<-[:LOGGED {created: true}]-(c:Run)
  WITH u, v, min(c.project + '/runs/' + c.id) AS creator
  WITH v, u, creator ORDER BY v.name, u.used_as
  RETURN collect(CASE WHEN v IS NOT NULL THEN v {.name, .digest, used_as: u.used_as, asked: u.asked, .content,
    creator: creator} END) AS inputs
}
CALL (r) {
  OPTIONAL MATCH (r)-[l:LOGGED]->(v:ArtifactVersion)
  WITH v, l ORDER BY v.name
  RETURN collect(CASE WHEN v IS NOT NULL THEN v {.name, .digest, created: l.created} END) AS outputs
}
RETURN $run AS run, r.state AS state, r.command AS command, r.commit AS commit, r.dirty AS dirty, r.patch AS patch,
  r.config AS config, r.environment AS environment, inputs, outputs
