"""The schema's steps: once each, in order, whoever comes first; and a graph that is newer than the program is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase

import lineage_graph as lg
from lineage_graph import migrations, queries
from lineage_graph.errors import GraphTooNew, QueryBroken, SchemaDiffers
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.queries import parse
from lineage_graph.recording import recorder
from lineage_graph.recording.recorder import LineageWarning
from lineage_graph.version import __version__
from tests import worlds
from tests.conftest import Address
from tests.doors.conftest import Cli, lineage_graph, sentence

__all__ = ["lineage_graph"]
ASK = """
import sys
from lineage_graph.graph import Graph
from tests import worlds
graph = Graph(*sys.argv[1:4])
print("ready", flush=True)
sys.stdin.readline()
worlds.record(graph, sys.argv[4], worlds.one_model())
graph.close()
"""


@contextmanager
def opened(address: Address) -> Iterator[Graph]:
    """A graph as another process would open it."""
    with closing(Graph(address.uri, address.user, address.password)) as graph:
        yield graph


def rows(address: Address, text: str, **parameters: Any) -> list[dict[str, Any]]:
    """What the server says, past our own door."""
    with GraphDatabase.driver(address.uri, auth=(address.user, address.password)) as driver, driver.session() as session:
        return [dict(row) for row in session.run(text, parameters)]


def steps(graph: Graph) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "applied_at"} for row in graph.read(queries.get("lineage/schema_steps"))]


# ── in a graph ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_write_brings_an_empty_graph_up(nothing: Address, empty: Graph, project: str) -> None:
    assert empty.schema() == 0 and steps(empty) == []
    worlds.record(empty, project, worlds.diamond())
    assert steps(empty) == [step.noted for step in migrations.KNOWN] and empty.schema() == migrations.LATEST
    constraints = {row["name"] for row in rows(nothing, "SHOW CONSTRAINTS")}
    assert {"run_uid", "version_name", "entry_seq", "schema_version"} <= constraints
    assert all(row["state"] == "ONLINE" for row in rows(nothing, "SHOW INDEXES"))
    assert len(Reader(empty).upstream(f"{project}/report:v0").runs) == 4


def test_eight_processes_at_once_apply_each_step_once(nothing: Address, empty: Graph, project: str) -> None:
    askers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", ASK, nothing.uri, nothing.user, nothing.password, f"{project}{i}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )
        for i in range(8)
    ]  # fmt: skip
    for one in askers:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for one in askers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in askers:
        assert one.communicate(timeout=120)[1] == "" and one.returncode == 0
    assert steps(empty) == [step.noted for step in migrations.KNOWN]
    assert len(Reader(empty).projects()) == 8


def test_a_graph_that_is_up_is_only_asked(
    emptied: Address, empty: Graph, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.record(empty, project, worlds.diamond())
    changed: list[Any] = []
    monkeypatch.setattr(Graph, "_statements", lambda self, step: changed.append(step))
    with opened(emptied) as graph:
        worlds.record(graph, f"{project}2", worlds.diamond())
    assert changed == []


def test_a_graph_from_before_there_were_steps(emptied: Address, empty: Graph, project: str) -> None:
    worlds.record(empty, project, worlds.two_heads())
    ended = "MATCH (r:Run) RETURN r.uid AS run, r.end_recorded_at AS at ORDER BY run"
    before = rows(emptied, ended)
    assert len(before) == 4 and all(row["at"] for row in before)
    rows(emptied, "MATCH (s:Schema) DELETE s")
    rows(emptied, "MATCH (r:Run) REMOVE r.end_recorded_at")
    rows(emptied, "DROP INDEX run_author")
    with opened(emptied) as graph:
        assert graph.schema() == 0
        worlds.record(graph, f"{project}2", worlds.one_model())
        assert graph.schema() == migrations.LATEST
    after = {row["run"]: row["at"] for row in rows(emptied, ended)}
    assert all(after[row["run"]] == row["at"] for row in before), "an end is known since its entry was recorded"
    assert "run_author" in {row["name"] for row in rows(emptied, "SHOW INDEXES")}


def test_a_step_whose_process_died_is_applied_again(
    emptied: Address, empty: Graph, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Graph._statements

    def dies(self: Graph, step: migrations.Migration) -> None:
        apply(self, step)
        if step.version == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Graph, "_statements", dies)
        worlds.record(empty, project, worlds.one_model())
    assert [row["version"] for row in steps(empty)] == [1]
    worlds.record(empty, project, worlds.one_model())
    assert steps(empty) == [step.noted for step in migrations.KNOWN]


def test_an_older_program_refuses_a_newer_graph_reading_and_writing(
    emptied: Address, empty: Graph, project: str, lineage_graph: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.record(empty, project, worlds.one_model())
    newer = {"version": migrations.LATEST + 2, "name": "0099_later", "checksum": "sha256:00", "program": "9.9.9"}
    rows(emptied, "CREATE (s:Schema) SET s = $step, s.applied_at = datetime()", step=newer)
    wanted = (
        f"the graph at {emptied.uri} has schema {migrations.LATEST + 2}, by lineage-graph 9.9.9, and this lineage-graph"
        f" {__version__} knows only {migrations.LATEST}; upgrade it: pip install -U lineage-graph"
    )
    asks: list[Callable[[Graph], object]] = [
        lambda graph: graph.version(),
        lambda graph: Reader(graph).projects(),
        lambda graph: worlds.record(graph, f"{project}2", worlds.one_model()),
        lambda graph: worlds.record(graph, f"{project}2", worlds.one_model()),
    ]
    with opened(emptied) as graph:
        for ask in asks:
            with pytest.raises(GraphTooNew) as refused:
                ask(graph)
            assert str(refused.value) == wanted
    assert rows(emptied, "MATCH (r:Run {project: $p}) RETURN r", p=f"{project}2") == []
    for name, value in (("URI", emptied.uri), ("USER", emptied.user), ("PASSWORD", emptied.password)):
        monkeypatch.setenv(f"LINEAGE_GRAPH_{name}", value)
    assert sentence(lineage_graph("ls", code=2)) == wanted
    server = lineage_graph("status", "--format", "json").json["server"]
    assert (server["reachable"], server["problem"], server["schema"]) == (False, wanted, None)
    [check] = [c for c in lineage_graph("doctor", "--format", "json", code=1).json["checks"] if c["name"] == "graph"]
    assert not check["ok"] and check["todo"] == "upgrade it: pip install -U lineage-graph"


def test_a_training_goes_on_and_its_journal_waits_for_the_upgrade(
    emptied: Address, empty: Graph, project: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    worlds.record(empty, f"{project}2", worlds.one_model())
    newer = {"version": migrations.LATEST + 1, "name": "0099_later", "checksum": "sha256:00", "program": "9.9.9"}
    rows(emptied, "CREATE (s:Schema) SET s = $step, s.applied_at = datetime()", step=newer)
    for name, value in (("URI", emptied.uri), ("USER", emptied.user), ("PASSWORD", emptied.password), ("TIMEOUT", "3")):
        monkeypatch.setenv(f"LINEAGE_GRAPH_{name}", value)
    with pytest.warns(LineageWarning, match=r"by lineage-graph 9\.9\.9"):
        with lg.init(project=project, id="r"):
            pass
        recorder.close_all()
    assert rows(emptied, "MATCH (r:Run {project: $p}) RETURN r", p=project) == []
    assert len(list(home.rglob("*.jsonl"))) == 1
    rows(emptied, "MATCH (s:Schema {name: '0099_later'}) DELETE s")
    lg.connect().sync()
    recorder.close_all()
    assert len(rows(emptied, "MATCH (r:Run {project: $p}) RETURN r", p=project)) == 1


def test_a_step_that_was_changed_is_no_step_of_this_graph(emptied: Address, empty: Graph, project: str) -> None:
    worlds.record(empty, project, worlds.one_model())
    rows(emptied, "MATCH (s:Schema {version: 2}) SET s.checksum = 'sha256:00'")
    with opened(emptied) as graph:
        with pytest.raises(SchemaDiffers, match=r"had 0002_indexes of the schema applied at 20.* has other statements in it; "):
            worlds.record(graph, f"{project}2", worlds.one_model())
        assert len(Reader(graph).projects()) == 1, "reading goes on"


def test_status_and_doctor_show_the_schema(
    emptied: Address, project: str, lineage_graph: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URI", emptied.uri), ("USER", emptied.user), ("PASSWORD", emptied.password)):
        monkeypatch.setenv(f"LINEAGE_GRAPH_{name}", value)

    def shown() -> str:
        return next(line for line in lineage_graph("status").lines if line.startswith("schema"))

    assert shown().split(maxsplit=1)[1] == f"none; the first write brings it to {migrations.LATEST}"
    with opened(emptied) as graph:
        worlds.record(graph, project, worlds.one_model())
    assert shown().split(maxsplit=1)[1] == str(migrations.LATEST)
    assert lineage_graph("status", "--format", "json").json["server"]["schema"] == migrations.LATEST
    assert f"its graph has schema {migrations.LATEST}" in lineage_graph("doctor").out
    rows(emptied, "MATCH (s:Schema) WHERE s.version = $last DELETE s", last=migrations.LATEST)
    said = f"{migrations.LATEST - 1}; the next write brings it to {migrations.LATEST}"
    assert shown().split(maxsplit=1)[1] == said


# ── without one ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def step(number: int, code: str = "CREATE INDEX a IF NOT EXISTS FOR (n:A) ON (n.a);", about: str = "") -> queries.Query:
    name = f"schema/{number:04}_a"
    return parse(name, f"cypher/{name}.cypher", f"// Is it a step?\n{about}{code}\n")


def test_steps_are_numbered_without_a_hole() -> None:
    made = {query.name: query for query in (step(2), step(0), step(1))}
    assert [one.version for one in migrations.steps(made | {"schema/notes": step(0)})] == [0, 1, 2]
    with pytest.raises(QueryBroken, match="it is step 2 of the schema where step 1 should be"):
        migrations.steps({query.name: query for query in (step(0), step(2))})
    with pytest.raises(QueryBroken, match="it is step 1 of the schema where step 2 should be"):
        migrations.steps({query.name + str(i): query for i, query in enumerate((step(0), step(1), step(1)))})


def test_a_comment_may_change_and_a_statement_may_not() -> None:
    assert step(1).checksum == step(1, about="//\n// Why it is.\n\n").checksum
    assert step(1).checksum != step(1, "CREATE INDEX b IF NOT EXISTS FOR (n:A) ON (n.a);").checksum


def test_what_is_pending() -> None:
    known = migrations.steps({query.name: query for query in (step(0), step(1), step(2), step(3))})[1:]
    noted = [one.noted | {"applied_at": "2026-01-05T08:00:00Z"} for one in known]
    found = [[one.version for one in migrations.pending("u", noted[:n], known)] for n in range(4)]
    assert found == [[1, 2, 3], [2, 3], [3], []]
    with pytest.raises(GraphTooNew, match=r"has schema 3, .* knows only 2"):
        migrations.pending("u", noted, known[:2])
    with pytest.raises(SchemaDiffers, match="0002_a of the schema"):
        migrations.pending("u", [noted[0], noted[1] | {"checksum": "other"}], known)
    with pytest.raises(SchemaDiffers):
        migrations.pending("u", noted[1:], known)
