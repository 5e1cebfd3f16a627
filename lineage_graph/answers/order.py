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
    Strongly connected components (Tarjan 1972) are the loops; the components have no loop among them.
    """
    names, pairs, parts = _parts(nodes, edges)
    component = [0] * len(names)
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
    return Order({name: height[component[i]] for i, name in enumerate(names)}, _loops(names, pairs, parts))


def loops(nodes: Iterable[K], edges: Iterable[tuple[K, K]]) -> tuple[tuple[K, ...], ...]:
    """The loops alone, without levels. Parameters as `order`."""
    return _loops(*_parts(nodes, edges))


def _parts(nodes: Iterable[K], edges: Iterable[tuple[K, K]]) -> tuple[Sequence[K], list[tuple[int, int]], list[list[int]]]:
    """(nodes, edges by place, strongly connected components: what comes after stands before what it comes from)."""
    import rustworkx as rx

    names: Sequence[K] = list(dict.fromkeys(nodes))
    number = {name: i for i, name in enumerate(names)}
    # Each pair once: to let the graph look for pairs that it has costs the square of a node's edges.
    pairs = list({(number[a], number[b]): None for a, b in edges})
    graph = rx.PyDiGraph(node_count_hint=len(names), edge_count_hint=len(pairs))
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from_no_data(pairs)
    return names, pairs, rx.strongly_connected_components(graph)


def _loops(names: Sequence[K], pairs: list[tuple[int, int]], parts: list[list[int]]) -> tuple[tuple[K, ...], ...]:
    itself = {a for a, b in pairs if a == b}
    found = sorted(sorted(part) for part in parts if len(part) > 1 or part[0] in itself)
    return tuple(tuple(names[i] for i in loop) for loop in found)
