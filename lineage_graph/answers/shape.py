"""The shape of a lineage: its nodes as 0, 1, 2, …, what points where, and levels by longest path. No names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_graph.answers.cluster import Kind
from lineage_graph.answers.order import heights

NO_LOOP = -1


@dataclass(frozen=True)
class Role:
    """What sort of thing a node is. type: a version's type, a run's job type."""

    kind: Kind
    type: str | None
    state: str | None = None
    artifact: str | None = None


@dataclass(frozen=True)
class Shape:
    """Nodes in the order in which the graph took them up.

    numbers:        the server's number of each node; index: the way back.
    role:           which of `roles` each node has.
    edges:          (from, to) in the direction of data, each once.
    before, after:  what each node came from and went to, rising.
    level:          by longest path. loop: which of `loops` a node is in, or NO_LOOP.
    """

    numbers: list[int]
    index: dict[int, int]
    roles: list[Role]
    role: list[int]
    edges: list[tuple[int, int]]
    before: list[list[int]]
    after: list[list[int]]
    level: list[int]
    loop: list[int]
    loops: list[list[int]]

    def __len__(self) -> int:
        return len(self.numbers)


def shape(rows: Sequence[Mapping[str, Any]]) -> Shape:
    """The rows of one or two cluster/shape_… queries, taken together. Edges to what is not there are left out, and so are
    repetitions."""
    found: dict[Role, list[int]] = {}
    for row in rows:
        for job_type, state, numbers in row["runs"]:
            found.setdefault(Role("run", job_type or None, state), []).extend(numbers)
        for kind, artifact, numbers in row["versions"]:
            found.setdefault(Role("version", kind, artifact=artifact), []).extend(numbers)
    role_of = {number: i for i, numbers in enumerate(found.values()) for number in numbers}
    numbers = sorted(role_of)
    index = {number: i for i, number in enumerate(numbers)}
    edges: list[tuple[int, int]] = []
    for row in rows:
        edges += _edges(index, *row["edges"])
    if len(different := set(edges)) < len(edges):
        edges = list(different)
    return _built(numbers, index, list(found), list(map(role_of.__getitem__, numbers)), edges)


def part_of(whole: Shape, nodes: Sequence[int]) -> Shape:
    """The shape of some of the nodes, given rising, and of the edges between them; levels are by what is left."""
    if len(nodes) == len(whole):
        return whole
    at = [-1] * len(whole)
    for i, node in enumerate(nodes):
        at[node] = i
    edges = [(i, at[other]) for i, node in enumerate(nodes) for other in whole.after[node] if at[other] >= 0]
    numbers = [whole.numbers[node] for node in nodes]
    index = {number: i for i, number in enumerate(numbers)}
    return _built(numbers, index, whole.roles, [whole.role[node] for node in nodes], edges)


def _built(
    numbers: list[int], index: dict[int, int], roles: list[Role], role: list[int], edges: list[tuple[int, int]]
) -> Shape:
    before: list[list[int]] = [[] for _ in numbers]
    after: list[list[int]] = [[] for _ in numbers]
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    for neighbours in (before, after):
        for some in neighbours:
            if len(some) > 1:
                some.sort()
    level, loops = heights(len(numbers), edges)
    loop = [NO_LOOP] * len(numbers)
    for i, nodes in enumerate(loops):
        for node in nodes:
            loop[node] = i
    return Shape(numbers, index, roles, role, edges, before, after, level, loop, loops)


def _edges(index: Mapping[int, int], sources: Sequence[int], targets: Sequence[int]) -> list[tuple[int, int]]:
    try:
        return list(zip(map(index.__getitem__, sources), map(index.__getitem__, targets), strict=True))
    except KeyError:
        return [(index[a], index[b]) for a, b in zip(sources, targets, strict=True) if a in index and b in index]


def distances(shape: Shape, home: int, ways: Sequence[list[list[int]]]) -> dict[int, int]:
    """The least number of edges from home to each node, walking one way only. ways: `shape.before`, `shape.after` or both."""
    found = {home: 0}
    for way in ways:
        queue = [home]
        seen = {home: 0}
        for node in queue:
            for other in way[node]:
                if other not in seen:
                    seen[other] = seen[node] + 1
                    queue.append(other)
        for node, distance in seen.items():
            found[node] = min(distance, found.get(node, distance))
    return found
