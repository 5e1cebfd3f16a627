// Which properties are looked up that are not unique?
//
// Safe to run again.
CREATE INDEX artifact_name IF NOT EXISTS FOR (n:Artifact) ON (n.project, n.name);
CREATE INDEX alias_name IF NOT EXISTS FOR (n:Alias) ON (n.artifact, n.name);
CREATE INDEX version_artifact IF NOT EXISTS FOR (n:ArtifactVersion) ON (n.artifact);
CREATE INDEX run_id IF NOT EXISTS FOR (n:Run) ON (n.project, n.id);
CREATE INDEX version_digest IF NOT EXISTS FOR (n:ArtifactVersion) ON (n.digest);
CREATE INDEX version_source IF NOT EXISTS FOR (n:ArtifactVersion) ON (n.source_id);
CREATE INDEX run_source IF NOT EXISTS FOR (n:Run) ON (n.source_id);
CREATE INDEX entry_rejected IF NOT EXISTS FOR (n:Entry) ON (n.rejected);
CREATE INDEX edit_of IF NOT EXISTS FOR (n:Edit) ON (n.of);
CREATE INDEX run_author IF NOT EXISTS FOR (n:Run) ON (n.author);
CREATE INDEX run_email IF NOT EXISTS FOR (n:Run) ON (n.email);
CREATE INDEX run_dirty IF NOT EXISTS FOR (n:Run) ON (n.dirty);
CREATE INDEX erasure_uid IF NOT EXISTS FOR (n:Erasure) ON (n.of);
CREATE INDEX erasure_event IF NOT EXISTS FOR (n:Erasure) ON (n.event);
CREATE INDEX erasure_at IF NOT EXISTS FOR (n:Erasure) ON (n.at);
