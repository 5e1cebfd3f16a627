// Is each step of the schema written down once?
//
// Before all other steps, and safe to run again. Steps are noted as (:Schema {version, name, checksum, program, applied_at}); the
// one with version 0 is nobody's step: whoever applies some holds its lock.
CREATE CONSTRAINT schema_version IF NOT EXISTS FOR (n:Schema) REQUIRE n.version IS UNIQUE;
