"""Walks find exactly what is there, once, at any depth and time, and cost what they look at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from lineage_graph import queries
from lineage_graph.canonical import iso
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.events import AliasMoved, AliasRemoved, Logged, RunStarted, Used
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.models import Edge, Lineage
from tests import worlds
from tests.conftest import shared_data
from tests.worlds import START, World, uid_of

NO_LIMITS: dict[str, Any] = {"depth": None, "as_of": None, "known_at": None}
WHOLE = NO_LIMITS | {"limit": None, "after": None}


@dataclass(frozen=True)
class Recorded:
    """A world in the graph."""

    graph: Graph
    project: str
    world: World

    @property
    def reader(self) -> Reader:
        return Reader(self.graph, self.project)

    def name(self, node: str) -> str:
        if node.startswith("run "):
            return f"{self.project}/runs/{node.removeprefix('run ')}"
        return f"{worlds.artifact_of(self.project, node)}@{worlds.digest_of(node)}"

    def uid(self, node: str) -> str:
        return uid_of(self.project, node)

    def profile(self, query: str, node: str, depth: int | None = None, **parameters: Any) -> dict[str, Any]:
        given = (WHOLE if query != "lineage/closure" else NO_LIMITS) | parameters | {"uid": self.uid(node), "depth": depth}
        _, profile = self.graph.explain(queries.get(query).bounded(depth), given, mode="PROFILE")
        return dict(profile)


def recorded(graph: Graph, world: World) -> Recorded:
    project = f"t{uuid4().hex[:12]}"
    worlds.record(graph, project, world)
    return Recorded(graph, project, world)


def hits(profile: dict[str, Any], operator: str = "") -> int:
    """The db hits of a profile's operators, all or those of that name."""
    own = profile.get("dbHits", 0) if profile["operatorType"].startswith(operator) else 0
    return int(own) + sum(hits(child, operator) for child in profile.get("children", []))


def depths(lineage: Lineage) -> dict[str, int]:
    nodes = [*lineage.runs, *lineage.versions]
    assert len({n.uid for n in nodes}) == len(nodes)
    return {n.uid: n.depth for n in nodes}


def edges_of(project: str, world: World) -> set[tuple[str, str, str]]:
    found = set()
    for step in world.steps:
        run = uid_of(project, f"run {step.id}")
        found |= {("used", run, uid_of(project, thing)) for thing in step.used}
        found |= {("logged", run, uid_of(project, thing)) for thing in step.logged}
    return found


def plain(edges: tuple[Edge, ...]) -> list[tuple[str, str, str]]:
    return [(e.kind, e.run, e.version) for e in edges]


# ── a real workflow ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def montage(graph: Graph) -> Recorded:
    return recorded(graph, worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json")))


def test_every_answer_of_a_real_workflow_is_exact(montage: Recorded) -> None:
    expected = json.loads(shared_data("wfformat/montage-2mass-05d.expected.json").read_bytes())
    counted = 0
    for direction in ("upstream", "downstream"):
        for answer in expected[direction]:
            lineage = getattr(montage.reader, direction)(montage.name(answer["version"]))
            assert [[r.id, r.depth] for r in sorted(lineage.runs, key=lambda r: r.id)] == sorted(answer["runs"])
            found = sorted([v.source_id, v.depth] for v in lineage.versions)
            assert found == sorted(answer["versions"])
            assert (len(lineage.runs), len(lineage.versions)) == (answer["n_runs"], answer["n_versions"])
            counted += 1
    assert counted == len(expected["upstream"]) + len(expected["downstream"]) >= 5


def test_the_mosaic_has_its_2469_versions_1735_runs_and_their_edges(montage: Recorded) -> None:
    lineage = montage.reader.upstream(montage.name("mosaic-color.jpg"))
    assert (len(lineage.versions), len(lineage.runs)) == (2469, 1735)
    nodes = depths(lineage)
    between = {e for e in edges_of(montage.project, montage.world) if e[1] in nodes and e[2] in nodes}
    # An upstream walk goes from a run to what it used, and from a version to what logged it: no edge else is on it.
    assert set(plain(lineage.edges)) == between and len(lineage.edges) == len(between)
    assert montage.reader.closure(montage.name("mosaic-color.jpg")) == nodes


# ── named worlds, against a plain breadth-first search ────────────────────────────────────────────────────────────────

NAMED = {
    "one model": worlds.one_model(),
    "diamond": worlds.diamond(),
    "two heads": worlds.two_heads(),
    "loop": worlds.loop(),
    "cycle": worlds.cycle(),
    "long chain": worlds.long_chain(60),
    "wide sweep": worlds.wide_sweep(30),
    "ladder": worlds.ladder(24),
    "woods": worlds.woods(60, window=20),
}


@pytest.fixture(scope="module", params=NAMED.values(), ids=NAMED.keys())
def named(request: pytest.FixtureRequest, graph: Graph) -> Recorded:
    return recorded(graph, request.param)


def test_from_anything_upstream_finds_what_a_plain_search_finds(named: Recorded) -> None:
    edges = edges_of(named.project, named.world)
    nodes = list(named.world.above)
    for start in (*nodes[:6], *nodes[-6:]):
        expected = {named.uid(n): depth for n, depth in named.world.upstream(start).items()}
        lineage = named.reader.upstream(named.name(start))
        assert depths(lineage) == expected
        assert named.reader.closure(named.name(start)) == expected
        on_the_way = {e for e in edges if e[1] in expected and e[2] in expected}
        assert set(plain(lineage.edges)) == on_the_way and len(lineage.edges) == len(on_the_way)


def test_downstream_is_upstream_seen_from_the_other_end(named: Recorded) -> None:
    start = next(iter(named.world.steps)).logged[0]
    expected = {n: d[start] for n in named.world.above if start in (d := named.world.upstream(n))} | {start: 0}
    lineage = named.reader.downstream(named.name(start))
    assert depths(lineage) == {named.uid(n): depth for n, depth in expected.items()}
    assert lineage.direction == "downstream"


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_depth_looks_so_far_and_has_the_edges_it_followed(named: Recorded, direction: str) -> None:
    steps = named.world.steps
    walk = getattr(named.reader, direction)
    home = named.name(steps[-1].logged[0] if direction == "upstream" else steps[0].logged[0])
    whole = walk(home)
    depth_of = depths(whole)
    for depth in (0, 1, 2, 3, 5):
        near = walk(home, depth=depth)
        assert depths(near) == {uid: d for uid, d in depth_of.items() if d <= depth}
        begins = {"upstream": {"used": "run", "logged": "version"}, "downstream": {"used": "version", "logged": "run"}}[
            direction
        ]
        followed = [e for e in whole.edges if depth_of[getattr(e, begins[e.kind])] < depth]
        assert list(near.edges) == followed


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_pages_are_the_whole_and_every_edge_once(named: Recorded, direction: str, limit: int) -> None:
    steps = named.world.steps
    walk = getattr(named.reader, direction)
    home = named.name(steps[-1].logged[0] if direction == "upstream" else steps[0].logged[0])
    whole = walk(home)
    after, nodes, edges = None, dict[str, int](), list[Edge]()
    while True:
        page = walk(home, limit=limit, after=after)
        new = depths(page)
        assert len(new) <= limit and not new.keys() & nodes.keys()
        assert max(nodes.values(), default=0) <= min(new.values())
        nodes |= new
        assert all(e.run in new or e.version in new for e in page.edges)
        assert all(e.run in nodes and e.version in nodes for e in page.edges)
        edges += page.edges
        if page.truncated is None:
            break
        assert (page.truncated.reason, page.truncated.limit) == ("limit", limit) and len(new) == limit
        after = page.truncated.cursor
    assert nodes == depths(whole)
    assert sorted(plain(tuple(edges))) == sorted(plain(whole.edges))


# ── what it costs ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ladder(graph: Graph) -> Recorded:
    """10,000 runs; 2 to the 5,000th ways to the bottom."""
    return recorded(graph, worlds.ladder(5000))


def test_a_ladder_of_ten_thousand_runs_is_exact(ladder: Recorded) -> None:
    lineage = ladder.reader.upstream(ladder.name("a#4999"))
    expected = {ladder.uid(n): d for n, d in ladder.world.upstream("a#4999").items()}
    assert depths(lineage) == expected
    assert len(expected) == 19_998 and max(expected.values()) == 9999
    assert len(lineage.edges) == 4 * 4998 + 2 + 9999


@pytest.mark.parametrize("query", ["lineage/closure", "lineage/upstream"])
def test_the_cost_of_a_walk_grows_with_its_nodes_and_not_with_its_ways(ladder: Recorded, query: str) -> None:
    a_node = [hits(ladder.profile(query, f"a#{layers - 1}")) / (4 * layers) for layers in (1250, 2500, 5000)]
    assert max(a_node) < 1.05 * min(a_node)


def ends(direction: str) -> str:
    return "a#4999" if direction == "upstream" else "a#0"


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_bounded_walk_does_not_pay_for_the_whole_closure(ladder: Recorded, direction: str) -> None:
    near = hits(ladder.profile(f"lineage/{direction}", ends(direction), depth=2))
    whole = hits(ladder.profile(f"lineage/{direction}", ends(direction)))
    assert near < 200 < 100_000 < whole


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_limited_walk_does_not_pay_for_the_whole_closure(ladder: Recorded, direction: str) -> None:
    limited = hits(ladder.profile(f"lineage/{direction}", ends(direction), limit=10))
    assert limited < 1000


def test_aliases_of_another_time_cost_nothing_when_none_is_asked_for(ladder: Recorded) -> None:
    def moved(profile: dict[str, Any]) -> int:
        details = str(profile.get("args", {}).get("Details", ""))
        return (hits(profile, "Expand") if "MOVED" in details else 0) + sum(moved(c) for c in profile.get("children", []))

    assert moved(ladder.profile("lineage/upstream", "a#3")) == 0
    assert moved(ladder.profile("lineage/upstream", "a#3", as_of="2027-01-01T00:00:00Z")) > 0


# ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_walk_as_of_a_time_has_only_what_had_happened(graph: Graph) -> None:
    world = recorded(graph, worlds.diamond())
    # Minute 0: ingest; 1: left; 2: right; 3: join uses at second 1 and logs at second 2.
    before = world.reader.downstream(f"{world.project}/raw:v0", as_of=START + timedelta(minutes=2, seconds=1))
    assert {r.id for r in before.runs} == {"left", "right"} and {v.source_id for v in before.versions} == {"raw", "a"}
    at_use = world.reader.downstream(f"{world.project}/raw:v0", as_of=START + timedelta(minutes=3, seconds=1))
    assert {r.id for r in at_use.runs} == {"left", "right", "join"} and "report" not in {v.source_id for v in at_use.versions}
    assert before.as_of == START + timedelta(minutes=2, seconds=1)
    assert len(world.reader.downstream(f"{world.project}/raw:v0").versions) == 4


def test_a_walk_known_at_a_time_has_only_what_the_graph_knew(graph: Graph, project: str, say: Callable[..., str]) -> None:
    def logged(run: str, artifact: str) -> Logged:
        return Logged(
            run=f"{project}/runs/{run}", at=START, artifact=f"{project}/{artifact}", digest=worlds.digest_of(artifact), type="x"
        )

    first = say(logged("one", "raw"))
    say(
        Used(run=f"{project}/runs/late", at=START, artifact=f"{project}/raw", digest=worlds.digest_of("raw")),
        logged("late", "model"),
    )
    reader = Reader(graph, project)
    assert [v.name for v in reader.downstream("raw:v0").versions] == [f"{project}/raw:v0", f"{project}/model:v0"]
    known = reader.downstream("raw:v0", known_at=first)
    assert [v.name for v in known.versions] == [f"{project}/raw:v0"] and not known.runs and not known.edges
    assert reader.closure(f"{project}/runs/late", known_at=first) == {uid_of(project, "run late"): 0}


def test_aliases_are_those_of_the_time_asked_for(graph: Graph, project: str, say: Callable[..., str]) -> None:
    artifact, run = f"{project}/model", f"{project}/runs/fit"
    minute = timedelta(minutes=1)

    def logged(content: str, at: int, *aliases: str) -> Logged:
        digest = worlds.digest_of(content)
        return Logged(run=run, at=START + at * minute, artifact=artifact, digest=digest, type="model", aliases=aliases)

    say(RunStarted(run=run, at=START))
    learnt = say(logged("a", 1, "best", "gold"))
    say(logged("b", 2, "best"))
    say(AliasRemoved(artifact=artifact, alias="gold", at=START + 3 * minute))
    say(AliasMoved(artifact=artifact, alias="best", digest=worlds.digest_of("a"), at=START + 4 * minute))
    reader = Reader(graph, project)

    def held(**when: Any) -> dict[str, set[str]]:
        return {v.name.rpartition(":")[2]: set(v.aliases) for v in reader.downstream(run, **when).versions}

    assert held() == {"v0": {"best"}, "v1": {"latest"}}
    assert held(as_of=START + minute) == {"v0": {"best", "gold", "latest"}}
    assert held(as_of=START + 2 * minute) == {"v0": {"gold"}, "v1": {"best", "latest"}}
    assert held(as_of=START + 3 * minute) == {"v0": set(), "v1": {"best", "latest"}}
    assert held(as_of=START + 4 * minute) == held() == held(known_at=iso(START + timedelta(days=365_000)))
    assert held(known_at=learnt) == {"v0": {"best", "gold", "latest"}}
    assert reader.upstream(f"{project}/model:gold", as_of=START + 2 * minute).home == f"{project}/model:v0"


# ── odd things ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_can_be_home(graph: Graph) -> None:
    world = recorded(graph, worlds.one_model())
    home = f"{world.project}/runs/split"
    up, down = world.reader.upstream(home), world.reader.downstream(home)
    assert up.home == down.home == home
    assert [(r.id, r.depth) for r in up.runs] == [("split", 0), ("ingest", 2)]
    assert [(v.source_id, v.depth) for v in down.versions] == [("test", 1), ("train", 1), ("model", 3)]


def test_a_run_that_logs_what_it_used_is_walked_once(graph: Graph) -> None:
    world = recorded(graph, worlds.loop())
    lineage = world.reader.upstream(f"{world.project}/raw:v0")
    assert [(r.id, r.depth) for r in lineage.runs] == [("ingest", 1), ("tidy", 1)]
    assert [v.depth for v in lineage.versions] == [0]
    tidy = next(r.uid for r in lineage.runs if r.id == "tidy")
    assert [e.kind for e in lineage.edges if e.run == tidy] == ["used", "logged"]


def test_a_version_used_in_two_roles_is_one_edge_of_the_earlier_time(
    graph: Graph, project: str, say: Callable[..., str]
) -> None:
    def used(role: str, second: int) -> Used:
        at, digest = START + timedelta(seconds=second), worlds.digest_of("raw")
        return Used(run=f"{project}/runs/r", at=at, artifact=f"{project}/raw", digest=digest, type="x", used_as=role)

    say(used("test", 9), used("train", 4), used("other", 5))
    [edge] = Reader(graph, project).upstream(f"{project}/runs/r").edges
    assert edge.at == START + timedelta(seconds=4)


def test_times_are_kept_to_the_microsecond(graph: Graph, project: str, say: Callable[..., str]) -> None:
    times = [START + timedelta(seconds=i, microseconds=micro) for i, micro in enumerate((1, 333_333, 999_999, 123_457))]
    say(
        *(
            Used(run=f"{project}/runs/r", at=at, artifact=f"{project}/in", digest=worlds.digest_of(str(at)), type="x")
            for at in times
        )
    )
    assert [e.at for e in Reader(graph, project).upstream(f"{project}/runs/r").edges] == times


def test_the_json_of_a_lineage_is_as_designed_and_reads_back(graph: Graph) -> None:
    world = recorded(graph, worlds.one_model())
    lineage = world.reader.upstream(f"{world.project}/model")
    written = json.loads(lineage.model_dump_json())
    assert list(written) == ["home", "direction", "as_of", "known_at", "runs", "versions", "edges", "truncated"]
    assert " ".join(written["runs"][0]) == (
        "uid id name project job_type step state started_at ended_at author source_id depth"
    )
    assert " ".join(written["versions"][0]) == "uid name type digest size created_at aliases source_id depth"
    assert list(written["edges"][0]) == ["kind", "run", "version", "at"]
    assert written["edges"][0]["at"] == "2026-01-05T08:00:02Z" and written["truncated"] is None
    assert Lineage.model_validate_json(lineage.model_dump_json()) == lineage
    for thing in (lineage, lineage.runs[0], lineage.versions[0], lineage.edges[0]):
        with pytest.raises(ValidationError, match="frozen"):
            thing.home = thing.uid = thing.at = "x"  # type: ignore[union-attr, misc, assignment]
        assert type(thing).model_validate(thing.model_dump()) == thing == thing.model_copy() and hash(repr(thing))


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("nothing", {}, NotRecorded, "nothing"),
        ("runs/none", {}, NotRecorded, "runs/none"),
        ("model:v7", {}, NotRecorded, "newest is v0"),
        ("model", {"as_of": "2020-01-01T00:00:00Z"}, NotRecorded, "2020"),
        ("a b", {}, NameNotUnderstood, "a b"),
        ("model", {"depth": -1}, ParameterWrong, "depth"),
        ("model", {"depth": True}, ParameterWrong, "depth"),
        ("model", {"depth": "2"}, ParameterWrong, "depth"),
        ("model", {"limit": 0}, ParameterWrong, "limit"),
        ("model", {"after": "x"}, ParameterWrong, "cursor"),
        ("model", {"after": "-1"}, ParameterWrong, "cursor"),
        ("model", {"as_of": "yesterday"}, ParameterWrong, "as_of"),
        ("model", {"known_at": "2026-01-05T08:00:00"}, ParameterWrong, "zone"),
    ],
)
def test_what_cannot_be_walked_is_told(
    graph: Graph, name: str, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    world = recorded(graph, worlds.one_model())
    asked = f"{world.project}/{name}"
    with pytest.raises(error, match=says):
        world.reader.upstream(asked, **options)


def test_a_home_that_vanished_meanwhile_is_told(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    world = recorded(graph, worlds.one_model())
    gone = world.reader.version("model").model_copy(update={"uid": "0" * 32})
    monkeypatch.setattr(Reader, "find", lambda *_, **__: gone)
    for walk in (world.reader.upstream, world.reader.downstream, world.reader.closure):
        with pytest.raises(NotRecorded, match="0000"):
            walk("model")


def test_a_walk_with_little_time_says_what_it_has_seen(graph: Graph, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.record(graph, project, worlds.long_chain(1_000))
    reader = Reader(graph, project)
    whole = reader.upstream("v:latest")
    assert reader.upstream("v:latest", timeout=60) == whole and len(whole.runs) == 1_000
    assert reader.upstream("v:latest", depth=40, timeout=60) == reader.upstream("v:latest", depth=40)
    clock = iter(range(100, 200, 10))  # each look takes ten seconds
    with monkeypatch.context() as slow:
        slow.setattr("lineage_graph.lineage.deadline.time.monotonic", lambda: next(clock))
        part = reader._walk("upstream", "v:latest", None, None, None, None, None, 25)
    assert part.truncated is not None and (part.truncated.reason, part.truncated.limit) == ("time", 25)
    assert len(part.runs) + len(part.versions) == int(part.truncated.cursor) == 65
    rest = reader.upstream("v:latest", after=part.truncated.cursor)
    assert {n.uid for n in (*part.runs, *rest.runs)} == {n.uid for n in whole.runs}
    with pytest.raises(ParameterWrong, match="seconds"):
        reader.upstream("v:latest", timeout=0)


def test_a_server_stops_when_the_time_is_over(graph: Graph) -> None:
    text = "// How long?\n//\n// Columns\n//   n  INTEGER  many\nUNWIND range(1, 1000000000) AS i RETURN count(i) AS n"
    began = time.monotonic()
    with pytest.raises(TimeRanOut, match="lineage/slow"):
        graph.read(queries.parse("lineage/slow", "slow", text), timeout=0.3)
    assert time.monotonic() - began < 10
