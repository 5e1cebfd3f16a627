"""The py2neo bridge against the real server: queries through its Graph, walks as its Subgraph and back."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lineage_graph.bridges import py2neo as bridge
from lineage_graph.errors import ParameterWrong, QueryUnknown
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.models import Lineage
from tests import worlds
from tests.conftest import Address
from tests.walked import hostile, walked

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it is older than the Python that it runs on
    import py2neo

LABEL = "LineageGraphBridgeTest"


@pytest.fixture(scope="module")
def foreign(address: Address) -> Iterator[Any]:
    """The session's Neo4j as py2neo opens it."""
    opened = py2neo.Graph(address.uri.replace("neo4j://", "bolt://"), auth=(address.user, address.password))
    yield opened
    opened.service.connector.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves sockets to the garbage collector
        del opened
        gc.collect()


@pytest.fixture
def reader(graph: Graph, project: str) -> Reader:
    worlds.record(graph, project, worlds.diamond())
    return Reader(graph, project)


# ── queries ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("lineage/producers", {"version": "{p}/report:v0", "as_of": None}),
        ("lineage/consumers", {"version": "{p}/raw:v0", "as_of": "2026-01-05T08:02:30Z"}),
        ("lineage/inputs", {"run": "{p}/runs/join", "as_of": None}),
        ("lineage/edges", {"project": "{p}"}),
        ("lineage/artifacts", {"project": "{p}"}),
        ("lineage/runs", {"project": "{p}", "job_type": None, "state": None, "limit": 3, "after": None}),
    ],
)
def test_a_query_file_gives_the_same_rows(
    reader: Reader, project: str, foreign: Any, name: str, parameters: dict[str, Any]
) -> None:
    given = {k: v.format(p=project) if isinstance(v, str) else v for k, v in parameters.items()}
    rows = bridge.run(foreign, name, **given)
    assert rows and rows == reader.query(name, **given)


def test_a_walk_through_py2neo(reader: Reader, project: str, foreign: Any) -> None:
    uid = worlds.uid_of(project, "report")
    nothing = dict.fromkeys(("depth", "as_of", "known_at", "limit", "after"))
    rows = {row["part"]: row["lists"] for row in bridge.run(foreign, "lineage/upstream", uid=uid, **nothing)}
    walk = reader.upstream("report")
    assert set(rows["nodes"][1]) == {n.uid for n in (*walk.runs, *walk.versions)}


@pytest.mark.parametrize(
    ("name", "parameters", "error", "words"),
    [
        ("lineage/nothing", {}, QueryUnknown, "no query 'lineage/nothing'"),
        ("lineage/producers", {"version": "a/b:v0"}, ParameterWrong, r"parameter \$as_of .* is missing"),
        ("lineage/producers", {"version": 3, "as_of": None}, ParameterWrong, r"\$version is STRING, not 3"),
        ("lineage/producers", {"version": "a/b:v0", "as_of": None, "x": 1}, ParameterWrong, r"no parameter \$x"),
        ("record/write", {}, ParameterWrong, "only the ledger runs it"),
    ],
)
def test_a_query_asked_wrongly(foreign: Any, name: str, parameters: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        bridge.run(foreign, name, **parameters)


def test_times_come_as_pythons_own(foreign: Any) -> None:
    begin = datetime(2026, 1, 5, 8, tzinfo=UTC)
    texts = [(begin + timedelta(microseconds=step * 7_654_321_987)).isoformat() for step in range(2000)]
    asked = "UNWIND $texts AS text RETURN datetime(text) AS at"
    assert [bridge._plain(row["at"]) for row in foreign.query(asked, {"texts": texts})] == list(
        map(datetime.fromisoformat, texts)
    )
    asked = "RETURN [datetime($a)] AS a, {b: date($b)} AS b, localdatetime($c) AS c"
    [row] = foreign.query(asked, {"a": "2026-01-05T08:00:00.000001+01:00", "b": "2026-01-05", "c": "2026-01-05T08"}).data()
    assert bridge._plain(row) == {
        "a": [datetime(2026, 1, 5, 7, 0, 0, 1, tzinfo=UTC)], "b": {"b": date(2026, 1, 5)}, "c": datetime(2026, 1, 5, 8),
    }  # fmt: skip


# ── subgraphs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

WALKS = {
    "diamond": walked(worlds.diamond(), "report"),
    "downstream": walked(worlds.diamond(), "raw", "downstream"),
    "two heads": walked(worlds.two_heads(), "score"),
    "loop": walked(worlds.loop(), "model"),
    "cycle": walked(worlds.cycle(), "c"),
    "a run": walked(worlds.diamond(), "run join"),
    "woods": walked(worlds.woods(40, window=20), worlds.woods(40, window=20).steps[-1].logged[0]),
    "hostile": hostile(),
    "home alone": walked(worlds.World((worlds.Step("a", (), ("raw",)),)), "raw", "downstream"),
}


def back(subgraph: Any, lineage: Lineage) -> Lineage:
    return bridge.from_subgraph(
        subgraph, home=lineage.home, direction=lineage.direction, as_of=lineage.as_of, known_at=lineage.known_at
    )


@pytest.mark.parametrize("lineage", WALKS.values(), ids=WALKS)
def test_there_and_back(lineage: Lineage) -> None:
    subgraph = bridge.to_subgraph(lineage)
    assert len(subgraph.nodes) == len(lineage.runs) + len(lineage.versions)
    assert len(subgraph.relationships) == len(lineage.edges)
    assert {frozenset(node.labels) for node in subgraph.nodes} <= {frozenset({"Run"}), frozenset({"ArtifactVersion"})}
    assert back(subgraph, lineage) == lineage


def test_a_walk_that_was_recorded(reader: Reader, project: str, foreign: Any) -> None:
    for lineage in (
        reader.upstream("report"),
        reader.downstream("raw", as_of="2026-01-05T08:02:30Z"),
        reader.upstream(f"{project}/runs/join"),
    ):
        assert back(bridge.to_subgraph(lineage), lineage) == lineage


def test_what_py2neo_reads_from_the_graph_is_a_lineage(reader: Reader, project: str, foreign: Any) -> None:
    asked = "MATCH p = (r:Run {project: $project})-[e]->(v) RETURN p"
    paths = [row["p"] for row in foreign.query(asked, {"project": project})]
    whole = paths[0]
    for path in paths[1:]:
        whole |= path
    assert bridge.from_subgraph(whole, home=f"{project}/report:v0") == reader.upstream("report")
    assert bridge.from_subgraph(whole, home=f"{project}/raw:v0", direction="downstream") == reader.downstream("raw")
    around = bridge.from_subgraph(whole, home=f"{project}/a:v0", direction="neighbours")
    assert len(around.runs) == 4 and len(around.versions) == 4, "both ways from the middle is everything"


def test_merging_twice_is_merging_once(foreign: Any, project: str) -> None:
    """Under uids and labels of this test's own: nothing of the lineage graph is touched."""
    lineage = walked(worlds.two_heads(), "score")
    subgraph = bridge.to_subgraph(lineage)
    for node in subgraph.nodes:
        node["uid"] = f"{project} {node['uid']}"
        node.clear_labels()
        node.add_label(LABEL)
        node.__primarylabel__ = LABEL
    mine = "MATCH (n:LineageGraphBridgeTest) WHERE n.uid STARTS WITH $p "
    try:
        for _ in range(2):
            foreign.merge(subgraph)
            found = foreign.query(
                mine + "OPTIONAL MATCH (n)-[e]->() RETURN count(DISTINCT n) AS n, count(e) AS e", {"p": project}
            ).data()
            assert found == [{"n": len(subgraph.nodes), "e": len(subgraph.relationships)}]
    finally:
        foreign.run(mine + "DETACH DELETE n", {"p": project})


def test_a_page_has_the_uids_of_what_is_elsewhere() -> None:
    lineage = WALKS["diamond"]
    page = lineage.model_copy(update={"versions": lineage.versions[1:]})
    bare = [dict(node) for node in bridge.to_subgraph(page).nodes if len(dict(node)) == 1]
    assert bare == [{"uid": lineage.versions[0].uid}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: None, "home: 'digits/none:v0' is not in this subgraph"),
        (lambda g: _first(g, "Run").pop("uid"), "a Run in it has no uid"),
        (lambda g: _first(g, "ArtifactVersion").pop("digest"), "ArtifactVersion [0-9a-f]{32}: digest: "),
        (lambda g: _first(g, "Run").update(state=3), "Run [0-9a-f]{32}: state: "),
        (lambda g: next(iter(g.relationships)).pop("at"), "(USED|LOGGED) in it has no time `at`"),
    ],
)
def test_a_subgraph_that_is_no_lineage(change: Any, words: str) -> None:
    subgraph = bridge.to_subgraph(WALKS["diamond"])
    missing = words.startswith("home")
    change(subgraph)
    with pytest.raises(ParameterWrong, match=words):
        bridge.from_subgraph(subgraph, home="digits/none:v0" if missing else "digits/report:v0")


def _first(subgraph: Any, label: str) -> Any:
    return next(node for node in subgraph.nodes if node.has_label(label))


def test_nothing_is_no_subgraph() -> None:
    with pytest.raises(ParameterWrong, match="no runs and no versions"):
        bridge.to_subgraph(WALKS["diamond"].model_copy(update={"runs": (), "versions": (), "edges": ()}))


def test_the_core_does_not_know_it() -> None:
    code = "import sys, lineage_graph.recording.connection, lineage_graph.cli.app; sys.exit('py2neo' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
