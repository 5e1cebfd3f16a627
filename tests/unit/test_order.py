"""Levels climb along every edge, loops share one, and groups inside a level make no cycle."""

from __future__ import annotations

from graphlib import TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.answers.order import loops, order

edges = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40)


def test_levels_are_the_longest_way_from_a_source() -> None:
    found = order("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])
    assert found.levels == {"a": 0, "b": 1, "c": 2, "d": 3} and found.loops == ()


def test_a_loop_shares_a_level_and_is_named() -> None:
    found = order("abcd", [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("d", "d")])
    assert found.levels == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert found.loops == (("b", "c"), ("d",)) and found.looped == {"b", "c", "d"}


def test_a_long_chain_is_no_matter() -> None:
    length = 50_000
    found = order(range(length), ((i, i + 1) for i in range(length - 1)))
    assert found.levels[length - 1] == length - 1


@given(edges, st.integers(0, 2**13 - 1))
def test_any_grouping_inside_a_level_is_acyclic(edges: list[tuple[int, int]], colours: int) -> None:
    found = order(range(13), edges)
    assert loops(range(13), edges) == found.loops
    looped = {node: i for i, loop in enumerate(found.loops) for node in loop}
    for a, b in edges:
        same = a in looped and b in looped and looped[a] == looped[b]
        assert found.levels[a] == found.levels[b] if same else found.levels[a] < found.levels[b]
    group = {node: (level, colours >> node & 1) for node, level in found.levels.items()}
    graph: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for a, b in edges:
        if group[a] != group[b] and found.levels[a] != found.levels[b]:
            graph.setdefault(group[b], set()).add(group[a])
    list(TopologicalSorter(graph).static_order())


def test_a_node_with_many_edges_is_no_matter() -> None:
    width = 50_000
    wide = [(0, i) for i in range(1, width)] + [(i, width) for i in range(1, width)]
    found = order(range(width + 1), wide + wide)
    assert found.levels[0] == 0 and found.levels[1] == 1 and found.levels[width] == 2
