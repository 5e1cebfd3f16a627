"""An order for a graph that may have loops: levels by longest path, so that every edge climbs, but for those inside a loop.

Levels by *shortest* distance would do for a list; grouped by level they can make a cycle of groups. By longest path any
grouping inside one level stays acyclic. What is in one loop shares a level.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Order(Generic[K]):
    """levels: of each node, 0 where nothing comes before; loops: the nodes of each loop, in the order of their first."""

    levels: dict[K, int]
    loops: tuple[tuple[K, ...], ...]

    @property
    def looped(self) -> frozenset[K]:
        """Every node that is in a loop."""
        return frozenset(node for loop in self.loops for node in loop)


def order(nodes: Iterable[K], edges: Iterable[tuple[K, K]]) -> Order[K]:
    """Levels and loops of a graph whose edges run from what comes before to what comes after.

    edges: both ends are among `nodes`. An edge from a node to itself is a loop of one.
    """
    names: Sequence[K] = list(dict.fromkeys(nodes))
    number = {name: i for i, name in enumerate(names)}
    levels, loops = heights(len(names), [(number[a], number[b]) for a, b in edges])
    return Order(dict(zip(names, levels, strict=True)), tuple(tuple(names[i] for i in loop) for loop in loops))


def heights(count: int, pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[list[int]]]:
    """(level of each node, loops) of a graph of the nodes 0, 1, … count - 1, as `order` gives them.

    Strongly connected components (Tarjan 1972) are the loops; the components have no loop among them.
    """
    import rustworkx as rx

    # Several edges between two nodes do no harm; to look for them takes quadratic time at a node with many.
    graph = rx.PyDiGraph(node_count_hint=count, edge_count_hint=len(pairs))
    graph.add_nodes_from([None] * count)
    graph.extend_from_edge_list(pairs)
    levels = [0] * count
    if rx.is_directed_acyclic_graph(graph):
        for level, generation in enumerate(rx.topological_generations(graph)):
            for node in generation:
                levels[node] = level
        return levels, []
    component = [0] * count
    parts = rx.strongly_connected_components(graph)  # what comes after stands before what it comes from
    for i, part in enumerate(parts):
        for node in part:
            component[node] = i
    above: list[set[int]] = [set() for _ in parts]
    for a, b in pairs:
        if component[a] != component[b]:
            above[component[b]].add(component[a])
    height = [0] * len(parts)
    for i in range(len(parts) - 1, -1, -1):
        height[i] = max((height[j] + 1 for j in above[i]), default=0)
    itself = {a for a, b in pairs if a == b}
    loops = sorted(sorted(part) for part in parts if len(part) > 1 or part[0] in itself)
    return [height[i] for i in component], loops


def loops(nodes: Iterable[K], edges: Iterable[tuple[K, K]]) -> tuple[tuple[K, ...], ...]:
    """The loops alone. Parameters as `order`."""
    return order(nodes, edges).loops
