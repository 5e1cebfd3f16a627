// How are things found by a part of their name?
//
// Runs, artifacts and aliases, not versions: those are found by their artifact, of which there are far fewer. What was recorded
// a moment ago may be missing for another moment, so that recording need not wait for it. Safe to run again.
CREATE FULLTEXT INDEX run_words IF NOT EXISTS FOR (n:Run) ON EACH [n.name, n.id, n.project]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX artifact_words IF NOT EXISTS FOR (n:Artifact) ON EACH [n.name, n.project]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: true}};
CREATE FULLTEXT INDEX alias_words IF NOT EXISTS FOR (n:Alias) ON EACH [n.name, n.artifact]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: true}};
