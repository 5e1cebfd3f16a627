"""What lies between two nodes, against every path written down one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.paths import Between, Paths, Which, between

NODES = 7
Edges = list[tuple[int, int]]
edge_lists = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=14)
NAMES = {n: f"n{NODES - n}" for n in range(NODES)}


def simple_paths(edges: Edges, start: int, goal: int, before: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    path = (*before, start)
    if start == goal:
        yield path
        return
    for a, b in set(edges):
        if a == start and b not in path:
            yield from simple_paths(edges, b, goal, path)


def reach(edges: Edges, start: int) -> set[int]:
    found = {start}
    for _ in range(NODES):
        found |= {b for a, b in edges if a in found}
    return found


def ask(which: Which, edges: Edges, start: int, goal: int) -> tuple[set[int], set[tuple[int, int]], Between]:
    found = between(which, start, goal, [a for a, _ in edges], [b for _, b in edges], NAMES)
    return set(found.from_start), {edges[i] for i in found.edges}, found


@given(edge_lists, st.integers(0, NODES - 1), st.integers(0, NODES - 1))
def test_shortest_paths_are_those_of_all_paths(edges: Edges, start: int, goal: int) -> None:
    every = sorted(simple_paths(edges, start, goal), key=len)
    shortest = [p for p in every if len(p) == len(every[0])]
    nodes, steps, found = ask("all-shortest", edges, start, goal)
    assert nodes == {n for p in shortest for n in p}
    assert steps == {step for p in shortest for step in pairwise(p)}
    one, one_steps, _ = ask("shortest", edges, start, goal)
    if not every:
        assert not one and not nodes
        return
    first = min(shortest, key=lambda p: [NAMES[n] for n in p])
    assert one == set(first) and one_steps == set(pairwise(first))
    assert all(found.from_start[n] == p.index(n) for p in shortest for n in p)
    assert all(found.to_goal[n] == len(p) - 1 - p.index(n) for p in shortest for n in p)


@given(edge_lists, st.integers(0, NODES - 1), st.integers(0, NODES - 1))
def test_any_path_is_what_is_reached_and_reaches(edges: Edges, start: int, goal: int) -> None:
    nodes, steps, _ = ask("any", edges, start, goal)
    expected = {n for n in reach(edges, start) if goal in reach(edges, n)}
    assert nodes == expected and steps == {(a, b) for a, b in edges if a in expected and b in expected}
    assert {n for p in simple_paths(edges, start, goal) for n in p} <= nodes


@pytest.mark.parametrize("which", ["shortest", "all-shortest", "any"])
def test_many_ways_are_not_walked_one_by_one(which: Which) -> None:
    layers = 20_000
    edges = [(2 * i + a, 2 * i + 2 + b) for i in range(layers) for a in (0, 1) for b in (0, 1)]
    names = {n: str(n) for n in range(2 * layers + 2)}
    found = between(which, 0, 2 * layers, [a for a, _ in edges], [b for _, b in edges], names)
    assert len(found.from_start) == (layers + 1 if which == "shortest" else 2 * layers)
    assert found.from_start[2 * layers] == layers == found.to_goal[0]


def test_no_path_has_no_lineage() -> None:
    nothing = Paths(
        home="p/a:v0", to="p/b:v0", which="any", found=False, direction=None, distance=None, as_of=None, known_at=None,
        runs=(), versions=(), edges=(),
    )  # fmt: skip
    with pytest.raises(ValueError, match="no path between p/a:v0 and p/b:v0"):
        assert nothing.lineage
