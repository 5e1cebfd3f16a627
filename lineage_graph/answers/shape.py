"""The shape of a lineage: its nodes as 0, 1, 2, …, what points where, and levels by longest path. No names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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
    edges:          (from, to) in the direction of data, each once, rising.
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
    import numpy as np

    found: dict[Role, list[int]] = {}
    for row in rows:
        for job_type, state, some in row["runs"]:
            found.setdefault(Role("run", job_type or None, state), []).extend(some)
        for kind, artifact, some in row["versions"]:
            found.setdefault(Role("version", kind, artifact=artifact), []).extend(some)
    given = np.array(list(chain.from_iterable(found.values())), np.int64)
    numbers, first = np.unique(given, return_index=True)
    role = np.repeat(np.arange(len(found)), [len(some) for some in found.values()])[first]
    if not len(numbers):
        return _built([], [], [], [])
    ends = [np.array(list(chain.from_iterable(row["edges"][end] for row in rows)), np.int64) for end in (0, 1)]
    places = [np.minimum(np.searchsorted(numbers, end), len(numbers) - 1) for end in ends]
    known = (numbers[places[0]] == ends[0]) & (numbers[places[1]] == ends[1])
    pairs = np.unique(places[0][known] * len(numbers) + places[1][known])
    edges = list(zip((pairs // len(numbers)).tolist(), (pairs % len(numbers)).tolist(), strict=True))
    return _built(numbers.tolist(), list(found), role.tolist(), edges)


def part_of(whole: Shape, nodes: Sequence[int]) -> Shape:
    """The shape of some of the nodes, given rising, and of the edges between them; levels are by what is left."""
    if len(nodes) == len(whole):
        return whole
    at = [-1] * len(whole)
    for i, node in enumerate(nodes):
        at[node] = i
    edges = [(i, at[other]) for i, node in enumerate(nodes) for other in whole.after[node] if at[other] >= 0]
    return _built([whole.numbers[node] for node in nodes], whole.roles, [whole.role[node] for node in nodes], edges)


def _built(numbers: list[int], roles: list[Role], role: list[int], edges: list[tuple[int, int]]) -> Shape:
    """edges: rising, each once."""
    index = dict(zip(numbers, range(len(numbers)), strict=True))
    before: list[list[int]] = [[] for _ in numbers]
    after: list[list[int]] = [[] for _ in numbers]
    for a, b in edges:
        after[a].append(b)
        before[b].append(a)
    level, loops = heights(len(numbers), edges)
    loop = [NO_LOOP] * len(numbers)
    for i, nodes in enumerate(loops):
        for node in nodes:
            loop[node] = i
    return Shape(numbers, index, roles, role, edges, before, after, level, loop, loops)


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
