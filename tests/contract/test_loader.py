"""The loader takes whole files only, and says of others which one and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineage_graph import queries
from lineage_graph.errors import QueryBroken, QueryUnknown

GOOD = """// Which runs has this project?
//
// Newest first.
//
// Parameters
//   $project  STRING   a project, and a meaning
//                      that goes on
//
// Columns
//   run       NODE     a run
//
// Plan   NodeIndexSeek
// Draw   lineage/neighbours
// Try    :param project => 'digits'
MATCH (run:Run {project: $project})
RETURN run
"""


def load(tmp_path: Path, text: str, name: str = "lineage/some_name") -> queries.Query:
    file = tmp_path / f"{name}.cypher"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    (tmp_path / "README.md").write_text("no query")
    (file.parent / "notes.txt").write_text("no query")
    [(found, query)] = queries.load(tmp_path).items()
    assert found == name
    return query


def test_a_header_becomes_a_record(tmp_path: Path) -> None:
    query = load(tmp_path, GOOD)
    assert query.question == "Which runs has this project?" and query.about == "Newest first."
    [project] = query.parameters.values()
    assert (project.name, project.type) == ("project", "STRING") and project.meaning.endswith("a meaning that goes on")
    assert [(c.name, c.type) for c in query.columns] == [("run", "NODE")]
    assert (query.plan, query.draw, query.tries) == (("NodeIndexSeek",), "lineage/neighbours", {"project": "'digits'"})
    assert query.access == "read" and query.path == "cypher/lineage/some_name.cypher" and query.text == GOOD


BROKEN = {
    "no header": ("MATCH (n) RETURN n", "question"),
    "no question": (GOOD.replace("project?", "project."), "ending in '?'"),
    "an undeclared parameter": (GOOD.replace("{project: $project}", "{project: $project, id: $id}"), r"\$id is used but not"),
    "an unused parameter": (GOOD.replace("{project: $project}", ""), r"\$project is declared but not used"),
    "a parameter in a comment only": (
        GOOD.replace("{project: $project})", ")\n// $project"),
        r"\$project is declared but not used",
    ),
    "no columns": (GOOD.replace("// Columns\n//   run       NODE     a run\n//\n", ""), "no columns"),
    "a line that declares nothing": (GOOD.replace("//   $project  STRING", "//   what is this"), "is not 'name TYPE meaning'"),
    "no value to try": (GOOD.replace("// Try    :param project => 'digits'\n", ""), r"\$project has no ':param'"),
    "a value that does not parse": (GOOD.replace("=> 'digits'", "= 'digits'"), "is not ':param name => value'"),
    "a write": (GOOD.replace("RETURN run", "SET run.x = 1\nRETURN run"), r"it writes \(SET\)"),
    "a write in small letters": (GOOD.replace("RETURN run", "detach delete run\nRETURN run"), "it writes"),
    "a file read in": (GOOD.replace("RETURN run", "LOAD CSV FROM 'x' AS y\nRETURN run"), "it writes"),
    "two walks": (GOOD.replace("RETURN run", "MATCH (run)-[:A*0..]->()-[:B*0..]->()\nRETURN run"), r"more than one '\*0\.\.'"),
}


@pytest.mark.parametrize(("text", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_in_one_sentence_that_names_it(tmp_path: Path, text: str, why: str) -> None:
    assert text != GOOD
    with pytest.raises(QueryBroken, match=why) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith("cypher/lineage/some_name.cypher: ") and "\n" not in str(refused.value)
    assert refused.value.path == "cypher/lineage/some_name.cypher"


def test_a_word_that_writes_may_stand_in_a_text_or_a_comment(tmp_path: Path) -> None:
    load(tmp_path, GOOD.replace("RETURN run", "// SET nothing\nWITH run WHERE run.name <> 'DELETE'\nRETURN run"))


def test_the_ledgers_files_may_write(tmp_path: Path) -> None:
    text = GOOD.replace("RETURN run", "SET run.x = 1\nRETURN run")
    assert load(tmp_path, text, "record/some_name").access == "write"


def test_a_file_of_the_schema_has_statements(tmp_path: Path) -> None:
    text = "// What is unique?\nCREATE CONSTRAINT a;\n// and\nCREATE INDEX b;\n"
    statements = load(tmp_path, text, "schema/some_name").statements
    assert [s.splitlines()[-1] for s in statements] == ["CREATE CONSTRAINT a", "CREATE INDEX b"]


def test_a_query_that_is_not_there_is_told_with_one_that_is() -> None:
    with pytest.raises(QueryUnknown, match="did you mean 'lineage/upstream'"):
        queries.get("lineage/upsteam")
