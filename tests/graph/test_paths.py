"""What lies between two things in the graph, against plain searches; it costs what it looks at, however many ways there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lineage_graph.answers.paths import WHICH, Paths, Which
from lineage_graph.errors import LineageError, NameNotUnderstood, NotRecorded, ParameterWrong, TimeRanOut
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import shared_data
from tests.graph.test_walks import NAMED, Recorded, hits, recorded
from tests.worlds import START, World


def downstream(world: World, start: str) -> dict[str, int]:
    below: dict[str, list[str]] = {}
    for node, all_above in world.above.items():
        for above in all_above:
            below.setdefault(above, []).append(node)
    found, queue = {start: 0}, [start]
    for node in queue:
        for other in below.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found


def depths(paths: Paths) -> dict[str, int]:
    nodes = [*paths.runs, *paths.versions]
    assert len({n.uid for n in nodes}) == len(nodes)
    return {n.uid: n.depth for n in nodes}


def same_as_the_oracle(world: Recorded, a: str, b: str) -> None:
    """All three answers from `a`, which comes from `b`, to it, and back."""
    up, down = world.world.upstream(a), downstream(world.world, b)
    between = {n for n in up if n in down}
    shortest = {n for n in between if up[n] + down[n] == up[b]}
    for which, expected in (("any", between), ("all-shortest", shortest)):
        found = world.reader.path(world.name(a), world.name(b), which=which)  # type: ignore[arg-type]
        assert depths(found) == {world.uid(n): up[n] for n in expected}
        assert (found.found, found.direction, found.distance) == (True, "upstream", up[b])
        back = world.reader.path(world.name(b), world.name(a), which=which)  # type: ignore[arg-type]
        if world.world.upstream(b).get(a) is None:
            assert depths(back) == {world.uid(n): down[n] for n in expected} and back.direction == "downstream"
            assert set(back.edges) == set(found.edges)
    one = world.reader.path(world.name(a), world.name(b))
    assert sorted(depths(one).values()) == list(range(up[b] + 1)) and len(one.edges) == up[b]
    assert set(depths(one)) <= {world.uid(n) for n in shortest}


@pytest.fixture(scope="module", params=NAMED.values(), ids=NAMED.keys())
def named(request: pytest.FixtureRequest, graph: Graph) -> Recorded:
    return recorded(graph, request.param)


def test_every_named_world_is_as_a_plain_search_has_it(named: Recorded) -> None:
    last = named.world.steps[-1]
    a = last.logged[0]
    above = list(named.world.upstream(a))
    for b in {above[-1], above[len(above) // 2], f"run {last.id}"}:
        same_as_the_oracle(named, a, b)


def test_between_a_raw_image_and_the_mosaic_of_a_real_workflow(graph: Graph) -> None:
    montage = recorded(graph, worlds.wfformat(shared_data("wfformat/montage-2mass-05d.json")))
    up = montage.world.upstream("mosaic-color.jpg")
    made = {thing for step in montage.world.steps for thing in step.logged}
    raw = sorted(n for n in up if not n.startswith("run ") and n not in made and n.endswith(".fits"))
    same_as_the_oracle(montage, "mosaic-color.jpg", raw[len(raw) // 2])


# ── odd things ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("which", WHICH)
def test_a_thing_and_itself_are_no_distance_apart(graph: Graph, which: Which) -> None:
    world = recorded(graph, worlds.one_model())
    for name in (f"{world.project}/train", f"{world.project}/runs/fit"):
        found = world.reader.path(name, name, which=which)
        assert (found.found, found.distance, list(depths(found).values()), found.edges) == (True, 0, [0], ())
        assert found.home == found.to


@pytest.mark.parametrize("which", WHICH)
def test_no_path_is_an_answer(graph: Graph, which: Which) -> None:
    world = recorded(graph, worlds.diamond())
    found = world.reader.path("a", "b", which=which)
    assert (found.found, found.direction, found.distance) == (False, None, None)
    assert found.runs == found.versions == found.edges == () and found.to == f"{world.project}/b:v0"


def test_a_cycle_goes_both_ways(graph: Graph) -> None:
    world = recorded(graph, worlds.cycle())
    for a, b in (("a", "b"), ("b", "a")):
        found = world.reader.path(a, b)
        assert (found.direction, found.distance, len(found.edges)) == ("upstream", 2, 2)
    assert len(world.reader.path("a", "b", which="any").edges) == 4


def test_one_shortest_path_is_always_the_same(graph: Graph) -> None:
    world = recorded(graph, worlds.diamond())
    found = [world.reader.path("report", "raw") for _ in range(3)]
    assert found[0] == found[1] == found[2] and [v.source_id for v in found[0].versions] == ["report", "a", "raw"]


def test_a_path_as_of_a_time_and_known_at_a_time(graph: Graph) -> None:
    world = recorded(graph, worlds.diamond())
    # Minute 3: join uses at second 1 and logs at second 2.
    before, after = START.replace(minute=3, second=1), START.replace(minute=3, second=2)
    assert not world.reader.path("report:v0", "raw:v0", as_of=before).found
    assert world.reader.path("report:v0", "raw:v0", as_of=after).distance == 4
    assert not world.reader.path("report:v0", "raw:v0", known_at=START).found
    assert world.reader.path(f"{world.project}/runs/join", "raw:v0", as_of=before).versions[-1].aliases == ("latest",)


@pytest.mark.parametrize("flip", [False, True])
def test_pages_are_the_whole(graph: Graph, flip: bool) -> None:
    world = recorded(graph, worlds.ladder(6))
    a, b = ("b:v0", "a:v5") if flip else ("a:v5", "b:v0")
    whole = world.reader.path(a, b, which="any")
    nodes: list[Any] = []
    edges: list[Any] = []
    after: str | None = None
    while True:
        page = world.reader.path(a, b, which="any", limit=4, after=after)
        assert len(page.runs) + len(page.versions) <= 4 and page.distance == whole.distance
        nodes += sorted([*page.runs, *page.versions], key=lambda n: n.depth)
        edges += page.edges
        if page.truncated is None:
            break
        after = page.truncated.cursor
    assert sorted(n.uid for n in nodes) == sorted(depths(whole)) and [n.depth for n in nodes] == sorted(n.depth for n in nodes)
    assert set(edges) == set(whole.edges) and len(edges) == len(set(edges))


def test_the_cost_grows_with_what_is_looked_at_and_not_with_the_ways(graph: Graph) -> None:
    world = recorded(graph, worlds.ladder(64))
    a_node = [hits(world.profile("lineage/origins", f"a#{n - 1}", depth=None)) / (4 * n) for n in (16, 32, 64)]
    assert max(a_node) < 1.1 * min(a_node)
    assert hits(world.profile("lineage/origins", "a#63", depth=4)) < 4 * 8 * 2 * min(a_node)
    found = world.reader.path("a:v63", "b:v0", which="all-shortest")  # 2^62 ways
    assert (found.distance, len(found.runs), len(found.versions)) == (126, 125, 126)


def test_the_json_of_paths_reads_back(graph: Graph) -> None:
    world = recorded(graph, worlds.diamond())
    found = world.reader.path("report", "raw", which="all-shortest")
    written = json.loads(found.model_dump_json())
    assert " ".join(written) == "home to which found direction distance as_of known_at runs versions edges truncated"
    assert Paths.model_validate_json(found.model_dump_json()) == found
    assert found.lineage.home == found.home and found.lineage.edges == found.edges


@pytest.mark.parametrize(
    ("a", "b", "options", "error", "says"),
    [
        ("none", "raw", {}, NotRecorded, "none"),
        ("raw", "runs/none", {}, NotRecorded, "runs/none"),
        ("raw", "a b", {}, NameNotUnderstood, "a b"),
        ("raw", "model", {"which": "longest"}, ParameterWrong, "all-shortest"),
        ("raw", "model", {"limit": 0}, ParameterWrong, "limit"),
        ("raw", "model", {"after": "x"}, ParameterWrong, "cursor"),
        ("raw", "model", {"timeout": 0}, ParameterWrong, "timeout"),
        ("raw", "model", {"as_of": "then"}, ParameterWrong, "as_of"),
        (
            "raw",
            "model",
            {"as_of": "2026-02-01T00:00:00Z", "known_at": "2026-01-01T00:00:00Z"},
            ParameterWrong,
            "after known_at",
        ),
    ],
)
def test_what_cannot_be_asked_is_told(
    graph: Graph, a: str, b: str, options: dict[str, Any], error: type[LineageError], says: str
) -> None:
    world = recorded(graph, worlds.one_model())
    with pytest.raises(error, match=says):
        world.reader.path(f"{world.project}/{a}", f"{world.project}/{b}", **options)


def test_a_path_has_one_time_for_all_of_it(graph: Graph, project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.record(graph, project, worlds.one_model())
    reader = Reader(graph, project)
    assert reader.path("model", "raw", timeout=60) == reader.path("model", "raw")
    clock = iter(range(100, 200, 10))
    monkeypatch.setattr("lineage_graph.lineage.deadline.time.monotonic", lambda: next(clock))
    with pytest.raises(TimeRanOut, match="path was not done within 15 s"):
        reader.path("model", "raw", timeout=15)
