"""What a change touches is counted exactly, whoever made it, and costs what is found."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from lineage_graph import queries
from lineage_graph.answers.impact import Impact
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import AliasMoved, Logged, RunFinished, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import shared_data
from tests.graph.conftest import Say
from tests.graph.test_stale import minute
from tests.graph.test_walks import Recorded, hits, recorded
from tests.worlds import START, digest_of


def listed(answer: Impact) -> dict[str, int]:
    return {n.uid: n.depth for n in (*answer.runs, *answer.versions)}


def test_a_real_workflow_has_the_downstream_that_others_computed(graph: Graph) -> None:
    montage = recorded(graph, worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json")))
    expected = json.loads(shared_data("wfformat/montage-2mass-05d.expected.json").read_bytes())["downstream"]
    assert len(expected) == 2
    for answer in expected:
        impact = montage.reader.impact(montage.name(answer["version"]), limit=None)
        # The expected answers count the start itself.
        assert (impact.run_count, impact.version_count) == (answer["n_runs"], answer["n_versions"] - 1)
        assert sum(g.count for g in impact.groups) == impact.run_count + impact.version_count
        assert {r.id: r.depth for r in impact.runs} == dict(answer["runs"]) and impact.truncated is None
        assert {v.source_id: v.depth for v in impact.versions} == {n: d for n, d in answer["versions"] if d > 0}
        assert not impact.aliases and len(impact.latest) == impact.version_count and not impact.looped
        assert max(listed(impact).values()) == answer["max_hops"]


NAMED = {
    "one model": worlds.one_model(),
    "diamond": worlds.diamond(),
    "two heads": worlds.two_heads(),
    "loop": worlds.loop(),
    "cycle": worlds.cycle(),
    "wide sweep": worlds.wide_sweep(30),
    "ladder": worlds.ladder(12),
    "woods": worlds.woods(60, window=20),
}


@pytest.mark.parametrize("world", NAMED.values(), ids=NAMED.keys())
def test_counts_and_pages_are_those_of_the_walk(graph: Graph, world: worlds.World) -> None:
    there = recorded(graph, world)
    start = world.steps[0].logged[0]
    home = there.name(start)
    whole = there.reader.downstream(home)
    impact = there.reader.impact(home, limit=None)
    nodes = {n.uid: n.depth for n in (*whole.runs, *whole.versions) if n.depth > 0}
    assert listed(impact) == nodes and impact.home == whole.home and impact.truncated is None
    assert (impact.run_count, impact.version_count) == (len(whole.runs), len(whole.versions) - 1)
    assert [*impact.runs] == [*whole.runs] and [*impact.versions] == [v for v in whole.versions if v.depth > 0]
    # Home is looped where something that it came from came from it.
    assert impact.looped == any(start in world.upstream(above) for above in world.above[start])
    of_types = Counter(("run", r.job_type, r.author) for r in impact.runs)
    assert {(g.kind, g.type, g.author): g.count for g in impact.groups if g.kind == "run"} == of_types
    latest = {(a.version, a.depth) for a in impact.latest}
    assert latest == {(v.name, v.depth) for v in impact.versions if "latest" in v.aliases}
    after, pages = None, list[Impact]()
    while not pages or after is not None:
        pages.append(there.reader.impact(home, limit=4, after=after))
        after = pages[-1].truncated.cursor if pages[-1].truncated else None
    found = [(n.depth, n.uid) for page in pages for n in sorted((*page.runs, *page.versions), key=lambda n: (n.depth, n.uid))]
    assert found == sorted((depth, uid) for uid, depth in nodes.items())
    assert all(len(listed(page)) == 4 for page in pages[:-1]) and {page.run_count for page in pages} == {impact.run_count}
    for depth in (0, 1, 2, 3):
        near = there.reader.impact(home, depth=depth, limit=None)
        assert listed(near) == {uid: d for uid, d in nodes.items() if d <= depth} and near.depth == depth


def test_a_loop_is_stated_and_home_is_not_counted(graph: Graph) -> None:
    there = recorded(graph, worlds.loop())
    raw = there.reader.impact("raw")
    assert raw.looped and {v.source_id for v in raw.versions} == {"clean", "model"} and raw.run_count == 2
    assert there.reader.impact(f"{there.project}/runs/tidy").looped
    assert not there.reader.impact("clean").looped and not there.reader.impact(f"{there.project}/runs/ingest").looped


def test_who_what_where_and_which_names(graph: Graph, project: str, say: Say) -> None:
    other = f"{project}x"

    def run(
        at: float, name: str, author: str, job_type: str, used: str, logged: str, *aliases: str,
        state: str = "finished", content: str = "",
    ) -> None:  # fmt: skip
        begun, digest = minute(at), digest_of(content or logged)
        events: list[Any] = [RunStarted(run=name, at=begun, author=author, job_type=job_type)]
        if used:
            events.append(Used(run=name, at=begun, artifact=used, alias="latest"))
        events.append(Logged(run=name, at=begun, artifact=logged, digest=digest, type=job_type + "ed", aliases=aliases))
        say(*events, RunFinished(run=name, at=minute(at + 0.5), state=state))

    raw, model, site = f"{project}/raw", f"{project}/model", f"{other}/site"
    run(0, f"{project}/runs/ingest", "ada", "ingest", "", raw)
    run(1, f"{project}/runs/fit-1", "ada", "fit", raw, model, "prod")
    run(2, f"{project}/runs/fit-2", "bob", "fit", raw, model, content="2", state="failed")
    run(3, f"{project}/runs/fit-3", "cy", "fit", raw, model, content="2")  # the same bytes: made by bob
    run(4, f"{other}/runs/publish", "bob", "publish", model, site, "live")
    say(AliasMoved(artifact=model, alias="prod", number=1, at=minute(6)))
    impact = Reader(graph, project).impact("raw")
    assert {(g.kind, g.type, g.author): g.count for g in impact.groups} == {
        ("run", "fit", "ada"): 1, ("run", "fit", "bob"): 1, ("run", "fit", "cy"): 1, ("run", "publish", "bob"): 1,
        ("version", "fited", "ada"): 1, ("version", "fited", "bob"): 1, ("version", "published", "bob"): 1,
    }  # fmt: skip
    assert [(p.project, p.runs, p.versions) for p in impact.projects] == [(project, 3, 2), (other, 1, 1)]
    assert [(s.state, s.runs) for s in impact.states] == [("finished", 3), ("failed", 1)]
    assert [(a.alias, a.artifact, a.version, a.depth) for a in impact.aliases] == [
        ("prod", model, f"{model}:v1", 2), ("live", site, f"{site}:v0", 4),
    ]  # fmt: skip
    assert [(a.version, a.depth) for a in impact.latest] == [(f"{model}:v1", 2), (f"{site}:v0", 4)]
    then = Reader(graph, project).impact("raw", as_of=minute(5))
    assert [(a.alias, a.version) for a in then.aliases] == [("prod", f"{model}:v0"), ("live", f"{site}:v0")]
    assert {v.name: v.aliases for v in then.versions} == {
        f"{model}:v0": ("prod",), f"{model}:v1": ("latest",), f"{site}:v0": ("latest", "live"),
    }  # fmt: skip
    early = Reader(graph, project).impact("raw", as_of=minute(1.2))
    assert (early.run_count, early.version_count, early.as_of) == (1, 1, minute(1.2))
    assert [(a.alias, a.version) for a in (*early.aliases, *early.latest)] == [
        ("prod", f"{model}:v0"), ("latest", f"{model}:v0"),
    ]  # fmt: skip


def test_only_what_the_graph_knew(graph: Graph, project: str, say: Say) -> None:
    raw, model = f"{project}/raw", f"{project}/model"
    learnt = say(Logged(run=f"{project}/runs/a", at=START, artifact=raw, digest=digest_of("raw"), type="x"))
    say(Used(run=f"{project}/runs/b", at=START, artifact=raw, number=0),
        Logged(run=f"{project}/runs/b", at=START, artifact=model, digest=digest_of("m"), type="x"))  # fmt: skip
    reader = Reader(graph, project)
    assert reader.impact("raw").version_count == 1
    known = reader.impact("raw", known_at=learnt)
    assert (known.run_count, known.version_count, known.groups, known.runs) == (0, 0, (), ())


@pytest.fixture(scope="module")
def ladder(graph: Graph) -> Recorded:
    """2,000 runs; 2 to the 1,000th ways down."""
    return recorded(graph, worlds.ladder(1000))


def profile(there: Recorded, node: str, **parameters: Any) -> dict[str, Any]:
    given = {"uid": there.uid(node), "depth": None, "as_of": None, "known_at": None, "limit": 10, "after": None} | parameters
    return dict(there.graph.explain(queries.get("lineage/impact"), given, mode="PROFILE")[1])


def test_the_cost_grows_with_the_answer_and_not_with_the_ways_or_the_graph(ladder: Recorded) -> None:
    a_node = [hits(profile(ladder, f"a#{1000 - layers}")) / (4 * layers) for layers in (125, 250, 500, 999)]
    assert max(a_node) < 1.1 * min(a_node)
    assert hits(profile(ladder, "a#999")) < 100  # nothing was made from it; the graph around it is no matter
    with_times = hits(profile(ladder, "a#500", as_of="2027-01-01T00:00:00Z"))
    assert with_times < 3 * hits(profile(ladder, "a#500"))


def test_a_version_that_everybody_used_costs_no_square(graph: Graph) -> None:
    sizes = (100, 400)
    costs = [hits(profile(recorded(graph, worlds.wide_sweep(width)), "raw", limit=None)) for width in sizes]
    assert costs[1] / costs[0] < 1.2 * sizes[1] / sizes[0]


def test_the_json_reads_back(graph: Graph) -> None:
    impact = recorded(graph, worlds.diamond()).reader.impact("raw", limit=2)
    assert Impact.model_validate_json(impact.model_dump_json()) == impact
    assert impact.truncated is not None and (impact.truncated.limit, impact.truncated.cursor) == (2, "2")
    assert len(json.loads(impact.model_dump_json())["runs"]) == 2


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("nothing", {}, NotRecorded, "nothing"),
        ("runs/none", {}, NotRecorded, "runs/none"),
        ("model", {"as_of": "2020-01-01T00:00:00Z"}, NotRecorded, "2020"),
        ("model:best", {}, NotRecorded, "best"),
        ("a b", {}, NameNotUnderstood, "a b"),
        ("model", {"depth": -1}, ParameterWrong, "depth"),
        ("model", {"limit": 0}, ParameterWrong, "limit"),
        ("model", {"limit": "3"}, ParameterWrong, "limit"),
        ("model", {"after": "x"}, ParameterWrong, "cursor"),
        ("model", {"timeout": -1}, ParameterWrong, "seconds"),
        ("model", {"known_at": "soon"}, ParameterWrong, "known_at"),
    ],
)
def test_what_cannot_be_asked_is_told(
    graph: Graph, name: str, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    there = recorded(graph, worlds.one_model())
    with pytest.raises(error, match=says):
        there.reader.impact(f"{there.project}/{name}", **options)


def test_the_time_is_the_servers_too_and_a_home_that_vanished_is_told(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    there = recorded(graph, worlds.one_model())
    read = Graph.read

    def late(self: Graph, query: queries.Query, timeout: float | None = None, **parameters: Any) -> Any:
        if query.name == "lineage/impact":
            raise TimeRanOut(query.name, timeout)
        return read(self, query, timeout, **parameters)

    with monkeypatch.context() as slow, pytest.raises(TimeRanOut, match=r"lineage/impact was not done within 2.5 s"):
        slow.setattr(Graph, "read", late)
        there.reader.impact("raw", timeout=2.5)
    gone = there.reader.version("raw").model_copy(update={"uid": "0" * 32})
    monkeypatch.setattr(Reader, "find", lambda *_, **__: gone)
    with pytest.raises(NotRecorded, match="0000"):
        there.reader.impact("raw")
