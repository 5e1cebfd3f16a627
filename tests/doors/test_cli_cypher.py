"""One's own Cypher from the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors.conftest import Cli, World

COUNT = "MATCH (r:Run {project: $project}) RETURN r.id AS run, r.job_type AS kind ORDER BY r.started_at"


def test_a_statement_is_answered_in_each_form(lineage_graph: Cli, world: World) -> None:
    asked = ("cypher", COUNT, "-p", f"project={world.project}")
    lines = lineage_graph(*asked).lines
    assert lines[0].split() == ["run", "kind"] and [line.split()[0] for line in lines[1:]] == ["ingest", "split", "fit"]
    answer = lineage_graph(*asked, "--format", "json").json
    assert list(answer) == ["statement_digest", "columns", "rows", "truncated", "milliseconds"]
    assert answer["rows"][2] == {"run": "fit", "kind": "train"} and answer["truncated"] is None
    assert answer["statement_digest"].startswith("sha256:")
    rows = list(csv.reader(io.StringIO(lineage_graph(*asked, "--format", "csv").out)))
    assert rows == [["run", "kind"], ["ingest", "ingest"], ["split", "split"], ["fit", "train"]]
    assert "no rows" in lineage_graph("cypher", COUNT, "-p", "project=none").err


def test_a_statement_comes_from_a_file_or_stdin(lineage_graph: Cli, world: World, work: Path) -> None:
    (work / "count.cypher").write_text(f"// How many?\n{COUNT}\n")
    given = ("-p", f"project={world.project}", "--format", "json")
    from_file = lineage_graph("cypher", "--file", "count.cypher", *given).json["rows"]
    assert from_file == lineage_graph("cypher", "-", *given, stdin=COUNT).json["rows"] and len(from_file) == 3


def test_values_are_json_or_text(lineage_graph: Cli, online: object) -> None:
    said = lineage_graph(
        "cypher", "RETURN $n + 1 AS n, $l[0] AS l, $t AS t, $q AS q", "-p", "n=2", "-p", "l=[true]", "-p", "t=a b",
        "-p", 'q="2"', "--format", "json",
    )  # fmt: skip
    assert said.json["rows"] == [{"n": 3, "l": True, "t": "a b", "q": "2"}]


def test_cells_that_a_spreadsheet_would_run_are_guarded(lineage_graph: Cli, online: object) -> None:
    said = lineage_graph("cypher", "RETURN '=1+1' AS a, [1, 'x'] AS b, null AS c, true AS d", "--format", "csv")
    assert said.out.splitlines() == ["a,b,c,d", '\'=1+1,"[1,""x""]",,true']


def test_a_cut_is_told(lineage_graph: Cli, online: object) -> None:
    said = lineage_graph("cypher", "UNWIND range(1, 10) AS x RETURN x", "--limit", 3)
    assert said.lines == ["x", "1", "2", "3"]
    assert said.err == "the answer ends at its limit of 3 rows: there is more\n"


def test_who_asked_what_is_told_by_the_audit(
    lineage_graph: Cli, world: World, refuses: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_PROJECT", world.project)
    lineage_graph("cypher", COUNT, "-p", f"project={world.project}")
    refuses("cypher", "MATCH (r:Run) DETACH DELETE r")
    rows = lineage_graph("query", "audit/questions", "--format", "json", "-p", f"project={world.project}").json["rows"]
    assert [(row["outcome"], row["rows"]) for row in rows] == [("refused", None), ("ran", 3)]
    assert rows[0]["statement"] == "MATCH (r:Run) DETACH DELETE r" and "DetachDelete" in rows[0]["reason"]
    assert rows[1]["statement"] == COUNT and rows[1]["who"] and world.project not in rows[1]["statement"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("CREATE (:Hostile)",), "the statement is not run: it begins with CREATE; this door takes what only reads the graph"),
        (("MATCH (r:Run) SET r.x = 1",), "operator SetProperty"),
        (("MATCH (n)\nRETRN n",), "mistake at line 2, column 1"),
        (("RETURN $who AS who",), "parameter $who is missing; give it with -p who="),
        (("RETURN 1 AS x", "-p", "who=ann"), "it has no parameter $who; it has none"),
        (("RETURN 1 AS x", "-p", "who"), "'who' is not key=value"),
        (("",), "there is none; give one in Cypher"),
        ((), "give one statement, as STATEMENT or with --file"),
        (("RETURN 1 AS x", "--file", "x"), "give one statement, as STATEMENT or with --file"),
        (("--file", "nothing.cypher"), "nothing.cypher: cannot be read"),
        (("--file", "bytes.cypher"), "bytes.cypher: it is no text in UTF-8"),
        (("RETURN 1 AS x", "--limit", "0"), "--limit"),
        (("UNWIND range(1, 10000000000) AS x RETURN count(x % 7) AS n", "--timeout", "0.2"), "was not done within 0.2 s"),
    ],
)
def test_mistakes_are_sentences(
    refuses: Callable[..., str], online: object, work: Path, arguments: tuple[str, ...], says: str
) -> None:
    (work / "bytes.cypher").write_bytes(b"\xff")
    assert says in refuses("cypher", *arguments)


def test_without_a_server_it_says_so(refuses: Callable[..., str], closed_port: str) -> None:
    assert f"no Neo4j answers at {closed_port}" in refuses("cypher", "RETURN 1 AS x")
