// Which keys are unique?
//
// Safe to run again. Community has uniqueness constraints only; each also is the index that look-ups use.
CREATE CONSTRAINT run_uid IF NOT EXISTS FOR (n:Run) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT artifact_uid IF NOT EXISTS FOR (n:Artifact) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT version_uid IF NOT EXISTS FOR (n:ArtifactVersion) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT version_name IF NOT EXISTS FOR (n:ArtifactVersion) REQUIRE n.name IS UNIQUE;
CREATE CONSTRAINT alias_uid IF NOT EXISTS FOR (n:Alias) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT sequence_artifact IF NOT EXISTS FOR (n:VersionSequence) REQUIRE n.artifact IS UNIQUE;
CREATE CONSTRAINT journal_uid IF NOT EXISTS FOR (n:Journal) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT entry_seq IF NOT EXISTS FOR (n:Entry) REQUIRE (n.journal, n.seq) IS UNIQUE;
CREATE CONSTRAINT edit_uid IF NOT EXISTS FOR (n:Edit) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT erasure_of IF NOT EXISTS FOR (n:Erasure) REQUIRE (n.of, n.event) IS UNIQUE;
CREATE CONSTRAINT question_uid IF NOT EXISTS FOR (n:Question) REQUIRE n.uid IS UNIQUE;
CREATE CONSTRAINT checkpoint_number IF NOT EXISTS FOR (n:Checkpoint) REQUIRE n.number IS UNIQUE;
