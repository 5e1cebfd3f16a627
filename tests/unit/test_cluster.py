"""Grouping: every node is in one card, cards make no loop but within loops, and a group is found again by its id."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.cards import Named, clusters_of, to_name
from lineage_graph.answers.cluster import Clusters, Rule
from lineage_graph.answers.groups import LEAST_CARDS, RULES, grouped, nodes_of, witnesses
from lineage_graph.answers.shape import Shape, distances, shape
from lineage_graph.errors import ParameterWrong

MANY = 10_000
Edges = Sequence[tuple[int, int]]


def made(runs: dict[int, str | None], versions: dict[int, tuple[str, str]], edges: Edges) -> Shape:
    """runs: number → job type. versions: number → (artifact, type). edges: in the direction of data."""
    row: dict[str, Any] = {
        "runs": [[job, "failed" if n % 3 == 0 else "finished", [n]] for n, job in runs.items()],
        "versions": [[kind, artifact, [n]] for n, (artifact, kind) in versions.items()],
        "edges": [[a for a, _ in edges], [b for _, b in edges]],
    }
    return shape([row])


def answer(
    of: Shape,
    home: int | None = None,
    by: Sequence[Rule] = RULES,
    at_least: int = 5,
    cards: int = MANY,
    apart: Sequence[int] = (),
) -> Clusters:
    grouping = grouped(of, by, at_least, cards, home, apart)
    named = {n: Named(f"uid{n}", f"p/{n}", str(n)) for n in to_name(of, grouping)}
    return clusters_of(
        of, grouping, named, home=home, name="home", direction="both", at_least=at_least, as_of=None, known_at=None,
        truncated=None,
    )  # fmt: skip


def members(of: Shape, group: str, home: int | None, apart: Sequence[int] = ()) -> list[int]:
    return nodes_of(of, group, lambda uid: int(uid.removeprefix("uid")), home, apart)


# ── any graph ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

NODES = 16  # even ones are runs, odd ones versions
pairs = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda p: p[0] % 2 != p[1] % 2)
TYPES = [None, "train", "a/b *", "-"]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    edges = draw(st.lists(pairs, max_size=40))
    if draw(st.booleans()):  # without loops, as most lineages are
        edges = [(min(a, b), max(a, b)) for a, b in edges]
    jobs = draw(st.lists(st.sampled_from(TYPES), min_size=NODES, max_size=NODES))
    artifacts = draw(st.lists(st.sampled_from(["p/a", "p/b"]), min_size=NODES, max_size=NODES))
    runs = {n: jobs[n] for n in range(0, NODES, 2)}
    versions = {n: (artifacts[n], f"type of {artifacts[n]}") for n in range(1, NODES, 2)}
    return made(runs, versions, edges)


rules = st.lists(st.sampled_from(RULES), unique=True)


@given(shapes(), st.none() | st.integers(0, NODES - 1), rules, st.integers(2, 6), st.integers(LEAST_CARDS, 20), st.data())
def test_a_grouping_is_whole_climbs_and_is_found_again(
    of: Shape, home: int | None, by: list[Rule], at_least: int, cards: int, data: st.DataObject
) -> None:
    apart = data.draw(st.lists(st.integers(0, NODES - 1), max_size=2))
    found = answer(of, home, by, at_least, cards, apart)
    assert len(found.groups) + len(found.singles) <= cards

    # Each node is in exactly one card, and a group's members are found by its id alone.
    inside = {group.id: members(of, group.id, home, apart) for group in found.groups}
    single = {int(one.uid.removeprefix("uid")) for one in found.singles}
    everywhere = Counter(single) + Counter(node for nodes in inside.values() for node in nodes)
    assert everywhere == Counter(range(NODES))
    assert len(inside) == len(found.groups) and home not in {node for nodes in inside.values() for node in nodes}
    if "levels" not in found.coarsened:
        assert single >= set(apart)
    for group in found.groups:
        nodes = inside[group.id]
        assert group.count == len(nodes) >= (2 if group.rule == "made" or "levels" in found.coarsened else at_least)
        assert all(group.level <= of.level[node] <= group.last_level for node in nodes)
        kinds = {of.roles[of.role[node]].kind for node in nodes}
        assert kinds == {group.kind} if group.kind else len(kinds) == 2
        assert sum(group.states.values()) == sum(of.roles[of.role[node]].kind == "run" for node in nodes)

    # Counts add up: of nodes, and of edges.
    assert sum(count.count for count in found.counts) == found.nodes == NODES
    card = {node: group for group, nodes in inside.items() for node in nodes} | {node: f"uid{node}" for node in single}
    expected = Counter((card[a], card[b]) for a, b in of.edges)
    loose = {(bundle.source, bundle.target): bundle.count for bundle in found.bundles}
    assert loose == {ends: n for ends, n in expected.items() if ends[0] != ends[1]}
    assert {group.id: group.inner for group in found.groups} == {group: expected[group, group] for group in inside}

    # No loop among cards, but within one loop of nodes.
    loop = {group.id: group.loop for group in found.groups} | {one.uid: one.loop for one in found.singles}
    above: dict[str, set[str]] = defaultdict(set)
    for a, b in loose:
        x, y = (f"loop {loop[c]}" if loop[c] is not None else c for c in (a, b))
        if x != y:
            above[y].add(x)
    list(TopologicalSorter(above).static_order())


@given(shapes(), st.integers(2, 4))
def test_alike_is_what_has_the_same_neighbours(of: Shape, at_least: int) -> None:
    found = answer(of, by=("neighbours",), at_least=at_least)
    for group in found.groups:
        nodes = members(of, group.id, None)
        assert len({(tuple(of.before[n]), tuple(of.after[n])) for n in nodes}) == 1
    same = Counter(
        (
            of.roles[of.role[n]].kind,
            of.roles[of.role[n]].type,
            of.level[n],
            of.loop[n],
            *map(tuple, (of.before[n], of.after[n])),
        )
        for n in range(NODES)
    )
    assert sorted(group.count for group in found.groups) == sorted(n for n in same.values() if n >= at_least)


@given(shapes(), st.integers(0, NODES - 1))
def test_distances_are_those_of_a_walk(of: Shape, home: int) -> None:
    far = distances(of, home, [of.before])
    assert far[home] == 0
    for node, distance in far.items():
        assert node == home or distance == 1 + min(far[n] for n in of.after[node] if n in far)


# ── precedence ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def sweep(width: int) -> Shape:
    """raw 1 → runs 2, 4, … → a model each → report 2000."""
    fits = range(2, 2 * width + 2, 2)
    edges = [(1, n) for n in fits] + [(n, n + 1) for n in fits] + [(n + 1, 2000) for n in fits]
    versions = {n + 1: ("p/model", "model") for n in fits} | {1: ("p/raw", "data")}
    return made(dict.fromkeys(fits, "fit") | {2000: "report"}, versions, edges)


def test_a_sweep_is_two_groups() -> None:
    of = sweep(5)
    found = answer(of, home=len(of) - 1)
    fits, models = found.groups
    assert (fits.rule, fits.level, fits.kind, fits.job_type, fits.count) == ("level", 1, "run", "fit", 5)
    assert (models.rule, models.level, models.type, models.artifact, models.count) == ("level", 2, "model", "p/model", 5)
    assert fits.states == {"failed": 1, "finished": 4} and fits.samples == ("p/1", "p/3", "p/5")
    assert [one.level for one in found.singles] == [0, 3]
    assert {(b.source, b.target): b.count for b in found.bundles} == {
        ("uid0", fits.id): 5,
        (fits.id, models.id): 5,
        (models.id, f"uid{len(of) - 1}"): 5,
    }
    assert {(c.level, c.kind, c.type, c.job_type, c.state, c.count) for c in found.counts} == {
        (0, "version", "data", None, None, 1),
        (1, "run", None, "fit", "failed", 1),
        (1, "run", None, "fit", "finished", 4),
        (2, "version", "model", None, None, 5),
        (3, "run", None, "report", "finished", 1),
    }


def test_four_are_no_group_unless_asked_for() -> None:
    assert not answer(sweep(4)).groups
    assert [group.count for group in answer(sweep(4), at_least=4).groups] == [4, 4]


def test_what_one_run_made_comes_before_what_is_alike_and_that_before_a_level() -> None:
    # Run 0 makes two checkpoints and five shards of other artifacts; three more shards come from run 2.
    versions = dict.fromkeys((11, 13), ("p/checkpoint", "data")) | {n: (f"p/shard{n}", "data") for n in range(21, 37, 2)}
    edges = [(0, n) for n in (11, 13, *range(21, 31, 2))] + [(2, n) for n in (31, 33, 35)]
    of = made({0: None, 2: None}, versions, edges)
    found = answer(of, at_least=3)
    made_, alike, rest = found.groups
    assert (made_.rule, made_.count, made_.made_by, made_.artifact) == ("made", 2, ("p/0",), "p/checkpoint")
    assert (alike.rule, alike.count, alike.made_by) == ("neighbours", 5, ()) and rest.count == 3
    [level] = answer(of, by=("level",), at_least=3).groups
    assert (level.rule, level.count, level.type) == ("level", 10, "data")


def test_home_and_what_was_taken_out_stay_single() -> None:
    of = sweep(7)
    home, out = of.index[5], of.index[7]
    found = answer(of, home=home, apart=[out])
    models = next(group for group in found.groups if group.kind == "version")
    assert models.count == 5 and {f"uid{home}", f"uid{out}"} <= {one.uid for one in found.singles}
    assert members(of, models.id, home, [out]) == [n for n in range(len(of)) if of.level[n] == 2 and n not in (home, out)]


# ── fewer cards ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_grouping_gets_coarser_until_the_cards_suffice() -> None:
    # One level with three versions of each of six types: type, then kind is given up.
    versions = {2 * n + 1: (f"p/a{n % 6}", f"type{n % 6}") for n in range(18)}
    of = made({}, versions, [])
    assert answer(of, at_least=5).coarsened == () and len(answer(of, at_least=5).singles) == 18
    found = answer(of, at_least=5, cards=6)
    [group] = found.groups
    assert found.coarsened == ("neighbours", "made", "type") and (group.kind, group.type, group.count) == ("version", None, 18)
    assert group.id == "level/0/version/*/5" and members(of, group.id, None) == list(range(18))


def test_a_long_chain_becomes_bands_of_levels() -> None:
    length = 2_001
    edges = [(n, n + 1) for n in range(length - 1)]
    of = made(dict.fromkeys(range(0, length, 2)), {n: (f"p/a{n}", "t") for n in range(1, length, 2)}, edges)
    middle = 700
    found = answer(of, home=middle, cards=50)
    assert found.coarsened[-1] == "levels" and 40 <= len(found.groups) + len(found.singles) <= 50
    assert found.levels == length and sum(group.count for group in found.groups) + len(found.singles) == length
    assert all(not group.level <= middle <= group.last_level for group in found.groups)
    assert len(found.counts) <= 3 * 50
    assert len(found.bundles) == len(found.groups) + len(found.singles) - 1


# ── loops, and ids ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_loop_shares_a_level_and_is_marked() -> None:
    # 0 → 1 ⇄ 2 → 3: run 2 logs what it used.
    of = made({0: None, 2: None}, {1: ("p/a", "t"), 3: ("p/b", "t")}, [(0, 1), (1, 2), (2, 1), (2, 3)])
    found = answer(of)
    assert [(one.label, one.level, one.loop) for one in found.singles] == [
        ("0", 0, None), ("1", 1, 0), ("2", 1, 0), ("3", 2, None),
    ]  # fmt: skip
    assert found.loops == 1


def test_a_loop_is_grouped_by_itself() -> None:
    # A loop of six runs and six versions, and beside it five more runs on its level.
    ring = [(n, (n + 1) % 12) for n in range(12)]
    runs = dict.fromkeys(range(0, 12, 2), "spin") | dict.fromkeys(range(20, 30, 2), "spin")
    of = made(runs, {n: (f"p/{n}", "t") for n in range(1, 12, 2)}, ring)
    found = answer(of)
    assert sorted((group.count, group.loop) for group in found.groups if group.loop is not None) == [(6, 0), (6, 0)]
    [others] = [group for group in found.groups if group.loop is None]
    assert others.count == 5 and others.kind == "run"


@pytest.mark.parametrize(
    "group", ["", "level", "level/1/run/train", "level/x/run/*/5", "like/u", "made/", "levels/3", "level/1/run/*/0", None]
)
def test_what_is_no_id_is_refused(group: Any) -> None:
    with pytest.raises(ParameterWrong, match="is not the id of a group"):
        witnesses(group)


@pytest.mark.parametrize("group", ["level/9/run/fit/mn5", "made/uid0", "like/uid0/m", "levels/7-9", "level/1/run/fit/5/uid0"])
def test_a_group_that_is_not_there_has_no_members(group: str) -> None:
    assert members(sweep(5), group, None) == []


def test_repetitions_and_loose_ends_are_left_out() -> None:
    of = made({0: None}, {1: ("p/a", "t")}, [(0, 1), (0, 1), (0, 7), (8, 1)])
    assert of.edges == [(0, 1)] and of.before == [[], [0]]
