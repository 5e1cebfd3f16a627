"""A plan is in an order, gives each run its inputs, is the least there is, and says what stands in its way."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.plan import Plan
from lineage_graph.answers.planning import ByRecord, Found, Version, choose, ways_of
from lineage_graph.answers.recipes import planned, seed_of

# A small graph: for each run what it used and what it logged, by number of the version; then where bytes are.
RUNS, VERSIONS = 5, 7
graphs = st.lists(
    st.tuples(st.sets(st.integers(0, VERSIONS - 1), max_size=3), st.sets(st.integers(0, VERSIONS - 1), max_size=3)),
    min_size=RUNS,
    max_size=RUNS,
)
there = st.sets(st.integers(0, VERSIONS - 1))
Graph = list[tuple[set[int], set[int]]]


def version_name(number: int) -> str:
    return f"p/thing{number}:v0"


def run_name(number: int) -> str:
    return f"p/runs/r{number}"


def row(graph: Graph, home: int, contents: dict[int, str] | None = None) -> dict[str, Any]:
    """What reproduce/plan would answer: versions have the numbers 0…, runs 100…; the first run that logs made it."""
    logged = [
        (100 + i, v, all(v not in graph[j][1] for j in range(i)), float(i)) for i, g in enumerate(graph) for v in sorted(g[1])
    ]
    used = [(100 + i, v, "", "latest") for i, g in enumerate(graph) for v in sorted(g[0])]
    versions = [(v, f"uid{v}", version_name(v), "dataset", f"sha256:{v}", 1, (contents or {}).get(v)) for v in range(VERSIONS)]
    return {
        "home": home,
        "runs": list(zip(*[(100 + i, f"run{i}", run_name(i), False) for i in range(len(graph))], strict=True)) or [[]] * 4,
        "versions": list(zip(*versions, strict=True)),
        "used": list(zip(*used, strict=True)) or [[]] * 4,
        "logged": list(zip(*logged, strict=True)) or [[]] * 4,
    }


def recipes(runs: int = RUNS, **changes: dict[int, Any]) -> list[dict[str, Any]]:
    """How runs were run; changes: field → {run: value}."""
    names = [
        "uid",
        "name",
        "job_type",
        "step",
        "state",
        "started_at",
        "command",
        "commit",
        "dirty",
        "patch",
        "config",
        "source_id",
        "process",
    ]
    usual = {"state": "finished", "command": "make it", "commit": "c0ffee", "dirty": False, "config": "{}"}

    def of(i: int) -> list[Any]:
        own = usual | {"uid": f"run{i}", "name": f"r{i}"}
        return [changes.get(n, {}).get(i, own.get(n)) for n in names]

    columns = [list(column) for column in zip(*(of(i) for i in range(runs)), strict=True)]
    return [{"environment": '{"python":"3.13"}', "runs": columns}]


def plan(graph: Graph, home: int, there: set[int] = frozenset(), **options: Any) -> Plan:  # type: ignore[assignment]
    where: Callable[[Version], Found] = lambda v: Found("stored" if int(v.uid[3:]) in there else "missing")  # noqa: E731
    ways = ways_of(row(graph, home, options.pop("contents", None)))
    choice = choose(ways, where, options.pop("from_scratch", False))
    how = options.pop("how", recipes(len(graph)))
    return planned(ways, choice, how, options.pop("has_blob", lambda _: True), home=version_name(home), **options)


def makers(graph: Graph) -> dict[int, int]:
    return {v: i for i in reversed(range(len(graph))) for v in graph[i][1]}


def least(graph: Graph, home: int, there: set[int], from_scratch: bool) -> set[int]:
    """The smallest set of runs that makes home, by trying all: the oracle."""
    maker = makers(graph)
    if home not in maker:
        return set()

    def needed(run: int) -> set[int]:
        return {maker[v] for v in graph[run][0] if v in maker and (from_scratch or v not in there)}

    for size in range(1, len(graph) + 1):
        fitting = [
            set(s) for s in combinations(range(len(graph)), size) if maker[home] in s and all(needed(r) <= set(s) for r in s)
        ]
        if fitting:
            assert len(fitting) == 1
            return fitting[0]
    raise AssertionError("all runs together always do")


@given(graphs, st.integers(0, VERSIONS - 1), there, st.booleans())
def test_a_plan_is_the_least_in_an_order_and_whole(graph: Graph, home: int, there: set[int], from_scratch: bool) -> None:
    found = plan(graph, home, there, from_scratch=from_scratch)
    assert {r.name for r in found.runs} == {run_name(i) for i in least(graph, home, there, from_scratch)}
    assert Plan.model_validate_json(found.model_dump_json()) == found

    maker, place = makers(graph), {r.name: i for i, r in enumerate(found.runs)}
    looped = {name for loop in found.loops for name in loop}
    fetched = {v.name: v for v in found.fetch}
    for run in found.runs:
        assert [v.name for v in run.inputs] == [version_name(v) for v in sorted(graph[int(run.name[-1])][0])]
        assert set(run.needs) == {v.made_by for v in run.inputs if v.made_by}
        for version in run.inputs:
            if version.made_by is None:
                assert fetched[version.name] == version.model_copy(update={"used_as": None, "asked": None})
            else:
                assert version.where == "made" and version.made_by == run_name(maker[int(version.name[7])])
                assert version.name not in fetched
                both_looped = {version.made_by, run.name} <= looped
                assert place[version.made_by] < place[run.name] or both_looped
    # Nothing is looked at twice or without need, and nothing upstream is forgotten.
    assert set(fetched) <= {v.name for r in found.runs for v in r.inputs} | {version_name(home)}
    scratch = {r.name for r in plan(graph, home, there, from_scratch=True).runs}
    assert set(found.skipped) == scratch - set(place)
    blocked = {m.about for m in found.missing}
    assert blocked == {v.name for v in found.fetch if v.where == "missing"} | {loop[0] for loop in found.loops}


@given(graphs, st.integers(0, VERSIONS - 1), st.integers(1, 3))
def test_pages_make_the_plan(graph: Graph, home: int, limit: int) -> None:
    whole, runs, after = plan(graph, home), [], 0
    while True:
        page = plan(graph, home, limit=limit, left_out=after)
        assert page.model_copy(update={"runs": whole.runs, "truncated": None}) == whole
        runs += page.runs
        if page.truncated is None:
            break
        assert (page.truncated.reason, page.truncated.limit, len(page.runs)) == ("limit", limit, limit)
        after = int(page.truncated.cursor)
    assert tuple(runs) == whole.runs


# ── several producers, loops ──────────────────────────────────────────────────────────────────────────────────────────

CHAIN: Graph = [(set(), {0}), ({0}, {1}), ({1}, {2})]


def test_what_is_there_is_fetched_and_what_lies_before_it_is_skipped() -> None:
    found = plan(CHAIN, 2, {1})
    assert [r.name for r in found.runs] == [run_name(2)] and [v.name for v in found.fetch] == [version_name(1)]
    assert found.skipped == (run_name(0), run_name(1)) and found.missing == ()


def test_home_is_made_even_when_it_is_there() -> None:
    assert [r.name for r in plan(CHAIN, 2, {1, 2}).runs] == [run_name(2)]


def test_home_may_be_a_run_or_from_outside() -> None:
    assert [r.name for r in plan(CHAIN, 101).runs] == [run_name(0), run_name(1)]
    outside = plan(CHAIN, 5, {5})
    assert outside.runs == () and [(v.name, v.where) for v in outside.fetch] == [(version_name(5), "stored")]
    [missing] = plan(CHAIN, 5).missing
    assert (missing.about, missing.why) == (version_name(5), "no producer")


def test_what_was_brought_in_is_fetched_from_scratch_too() -> None:
    given = row(CHAIN, 2)
    given["runs"][3] = (True, True, False)  # a run that used something did more than bring files in
    choice = choose(ways_of(given), lambda version: Found("stored"), from_scratch=True)
    assert choice.runs == [102, 101] and list(choice.fetch) == [0]
    assert choose(ways_of(given | {"home": 0}), lambda version: Found("stored")).runs == []


def test_of_several_producers_the_creator_counts_or_the_earliest_that_is_left() -> None:
    given = row([(set(), {0}), ({1}, {0}), ({2}, {0})], 0)
    assert ways_of(given).maker == {0: 100}
    given["logged"] = [[102, 101, 100], [0, 0, 0], [True, False, False], [9.0, 1.0, 0.0]]
    assert ways_of(given).maker == {0: 102}
    given["logged"] = [[102, 101], [0, 0], [False, False], [9.0, 1.0]]
    assert ways_of(given).maker == {0: 101}


def test_runs_that_wait_for_each_other_are_a_loop_until_something_is_there() -> None:
    there_and_back: Graph = [({0}, {1}), ({1}, {0}), ({1}, {2})]
    found = plan(there_and_back, 2)
    assert found.loops == ((run_name(0), run_name(1), version_name(0), version_name(1)),)
    [missing] = found.missing
    assert missing.why == "loop" and run_name(1) in missing.sentence and version_name(0) in missing.sentence
    assert plan(there_and_back, 2, {0}).missing == () and len(plan(there_and_back, 2, {0}).runs) == 2
    itself = plan([({0}, {0})], 0)
    assert itself.loops == ((run_name(0), version_name(0)),) and "itself" in itself.missing[0].sentence


# ── what stands in the way ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "why", "says"),
    [
        ({"command": {2: None}}, "no command", "no command"),
        ({"command": {2: ""}}, "no command", "no command"),
        ({"dirty": {2: True}}, "no patch", "not recorded"),
        ({"dirty": {2: True}, "patch": {2: "sha256:kept elsewhere"}}, "no patch", "sha256:kept elsewhere"),
        ({"dirty": {2: True}, "commit": {2: None}}, "no commit", "commit"),
        ({"state": {2: "failed"}}, "unfinished", "failed"),
        ({"state": {2: "killed"}}, "unfinished", "was killed"),
        ({"state": {2: "running"}}, "unfinished", "ended"),
    ],
)
def test_a_recipe_that_is_not_whole_is_told(changes: dict[str, dict[int, Any]], why: str, says: str) -> None:
    [missing] = plan(CHAIN, 2, how=recipes(3, **changes), has_blob=lambda _: False).missing
    assert (missing.about, missing.why) == (run_name(2), why) and says in missing.sentence and run_name(2) in missing.sentence


def test_a_change_whose_patch_is_kept_is_no_obstacle() -> None:
    how = recipes(3, dirty={2: True}, patch={2: "sha256:kept"})
    assert plan(CHAIN, 2, how=how, has_blob=lambda d: d == "sha256:kept").missing == ()


def test_a_run_that_failed_may_itself_be_done_again() -> None:
    assert plan(CHAIN, 102, how=recipes(3, state={2: "failed"})).missing == ()
    assert [m.why for m in plan(CHAIN, 102, how=recipes(3, state={2: "running"})).missing] == ["unfinished"]


def test_a_run_without_a_recipe_has_everything_missing() -> None:
    found = plan([(set(), {0})], 0, how=[])
    assert found.runs[0].command is None and {m.why for m in found.missing} == {"no command", "unfinished"}


@pytest.mark.parametrize(
    ("content", "why", "says"),
    [
        (None, "no producer", "no run made"),
        ("none", "no producer", "no run made"),
        ("stored", "input unreadable", "recorded as stored"),
        ("elsewhere", "input unreadable", "refers to"),
        ("erased", "erased", "erased"),
    ],
)
def test_an_input_that_cannot_be_had_is_told(content: str | None, why: str, says: str) -> None:
    found = plan([({1}, {0})], 0, contents={1: content})
    [missing] = found.missing
    assert (missing.about, missing.why) == (version_name(1), why) and says in missing.sentence and "--have" in missing.sentence
    assert [v.where for v in found.fetch] == ["missing"]


def test_without_a_store_the_graph_is_believed() -> None:
    version = Version("u", "p/a:v0", "t", "sha256:0", 1, "stored")
    whereabouts = {c: ByRecord().find(version._replace(content=c)).where for c in ("stored", "elsewhere", "none", None)}
    assert whereabouts == {"stored": "stored", "elsewhere": "elsewhere", "none": "missing", None: "missing"}
    assert not ByRecord().has_blob("sha256:0")


# ── recipes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("config", "seed"),
    [
        ({}, None),
        ({"seed": 7}, 7),
        ({"random_state": 0}, 0),
        ({"random_seed": 3, "seed": 4}, 4),
        ({"seed": "7"}, None),
        ({"seed": True}, None),
        ({"seed": 1.5}, None),
        ({"seed": None, "random_state": 2}, 2),
        ({"model": {"seed": 5}}, 5),
        ({"model": {"deep": {"random_state": 6}}}, 6),
        ({"model.seed": 8}, 8),
        ({"a": {"seed": 1}, "b": {"seed": 1}}, 1),
        ({"a": {"seed": 1}, "b": {"seed": 2}}, None),
        ({"seed": 9, "b": {"seed": 2}}, 9),
        ({"seeds": [1, 2]}, None),
    ],
)
def test_a_seed_is_read_where_there_is_one(config: dict[str, Any], seed: int | None) -> None:
    assert seed_of(config) == seed


def test_a_run_is_planned_with_its_recipe_and_each_role_of_an_input() -> None:
    given = row([({1}, {0})], 0)
    given["used"] = [[100, 100, 100], [1, 1, 2], ["train", "", ""], ["best", "latest", ""]]
    config = json.dumps({"lr": 0.1, "seed": 3})
    how = recipes(1, config={0: config}, step={0: "train.py"}, job_type={0: "train"}, patch={0: "sha256:p"}, dirty={0: True})
    ways = ways_of(given)
    found = planned(ways, choose(ways, lambda _: Found("on disk", "/there")), how, lambda _: True, home=version_name(0))
    [run] = found.runs
    assert (run.command, run.commit, run.dirty, run.patch) == ("make it", "c0ffee", True, "sha256:p")
    assert (run.environment, run.config, run.seed) == ({"python": "3.13"}, {"lr": 0.1, "seed": 3}, 3)
    assert [(v.name, v.used_as, v.asked, v.where, v.at) for v in run.inputs] == [
        (version_name(1), None, "latest", "on disk", "/there"),
        (version_name(1), "train", "best", "on disk", "/there"),
        (version_name(2), None, None, "on disk", "/there"),
    ]
    assert [(v.name, v.digest, v.made_by, v.where) for v in run.outputs] == [(version_name(0), "sha256:0", run.name, "made")]
    assert [v.name for v in found.fetch] == [version_name(1), version_name(2)]
