"""What lies between two things: one shortest path, every node on some shortest, every node on any path.

No path is ever listed: a node is on a path when it is reached from one end and reaches the other, and on a shortest one when
its two distances add up to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from lineage_graph.models import Direction, Edge, Frozen, Lineage, RunNode, Truncated, VersionNode

Which = Literal["shortest", "all-shortest", "any"]
WHICH: tuple[Which, ...] = get_args(Which)
Lists = list[list[Any]]


class Paths(Frozen):
    """What lies between `home` and `to`, the two themselves included.

    which:     'shortest': one path; 'all-shortest': what is on some shortest path; 'any': what is on any path.
    found:     whether there is a path. direction: 'upstream' when `to` is upstream of `home`, 'downstream' when it is
               downstream; null when there is none. Where each is upstream of the other (a loop), it is upstream.
    distance:  edges on a shortest path.
    depth of a run or version: the least number of edges from `home`.
    truncated: null when the answer is whole.
    """

    home: str
    to: str
    which: Which
    found: bool
    direction: Direction | None
    distance: int | None
    as_of: datetime | None
    known_at: datetime | None
    runs: tuple[RunNode, ...]
    versions: tuple[VersionNode, ...]
    edges: tuple[Edge, ...]
    truncated: Truncated | None = None

    @property
    def lineage(self) -> Lineage:
        """The same as a walk from `home`, to draw. Raises ValueError when there is no path."""
        if self.direction is None:
            raise ValueError(f"there is no path between {self.home} and {self.to}")
        return Lineage(
            home=self.home, direction=self.direction, as_of=self.as_of, known_at=self.known_at, runs=self.runs,
            versions=self.versions, edges=self.edges, truncated=self.truncated,
        )  # fmt: skip


@dataclass(frozen=True)
class Between:
    """Nodes, each with its distance from the start and to the goal, and the places of the edges among them."""

    from_start: dict[int, int]
    to_goal: dict[int, int]
    edges: list[int]


def between(which: Which, start: int, goal: int, near: Sequence[int], far: Sequence[int], names: Mapping[int, str]) -> Between:
    """What lies between `start` and `goal`; nothing when the goal cannot be reached.

    near, far: the two ends of each edge, which leads from near to far. names: which of several shortest paths is taken: the
    one whose next node has the first name, at each step.
    """
    to_goal = _distances(goal, _next(far, near))
    if start not in to_goal:
        return Between({}, {}, [])
    ways = _next(near, far)
    from_start = _distances(start, ways)
    nodes = {n for n in from_start if n in to_goal}
    if which == "any":
        edges = [i for i, (a, b) in enumerate(zip(near, far, strict=True)) if a in nodes and b in nodes]
    else:
        if which == "shortest":
            nodes = set(_one(start, goal, ways, to_goal, names))
        else:
            nodes = {n for n in nodes if from_start[n] + to_goal[n] == to_goal[start]}
        edges = [
            i for i, (a, b) in enumerate(zip(near, far, strict=True))
            if a in nodes and b in nodes and to_goal[a] == to_goal[b] + 1
        ]  # fmt: skip
    return Between({n: from_start[n] for n in nodes}, {n: to_goal[n] for n in nodes}, edges)


def walk_between(which: Which, row: Mapping[str, Any], above: str, *, upstream: bool) -> tuple[Lists, Lists] | None:
    """The row of lineage/origins → what lies between its first node and `above`, as the parts 'nodes' and 'edges' of a walk.

    above: a uid. upstream: whether the walk begins at the first node; else it begins at `above`, and goes the other way.
    None when `above` is not there.
    """
    uids = dict(zip(row["ids"], row["uids"], strict=True))
    goal = next((i for i, uid in uids.items() if uid == above), None)
    if goal is None:
        return None
    used, logged = row["used"], row["logged"]
    near, far, at = used[0] + logged[1], used[1] + logged[0], used[3] + logged[3]
    found = between(which, row["ids"][0], goal, near, far, dict(zip(row["ids"], row["names"], strict=True)))
    depths = found.from_start if upstream else found.to_goal
    runs = {i for i, artifact in zip(row["ids"], row["artifacts"], strict=True) if artifact is None}
    ids = sorted(depths, key=lambda i: (depths[i], uids[i]))
    ends = [[near[e] for e in found.edges], [far[e] for e in found.edges]]
    return (
        [ids, [uids[i] for i in ids], [depths[i] for i in ids], [i in runs for i in ids]],
        [*(ends if upstream else ends[::-1]), [at[e] for e in found.edges]],
    )


def _next(near: Sequence[int], far: Sequence[int]) -> dict[int, list[int]]:
    ways: dict[int, list[int]] = {}
    for a, b in zip(near, far, strict=True):
        ways.setdefault(a, []).append(b)
    return ways


def _distances(start: int, ways: Mapping[int, Sequence[int]]) -> dict[int, int]:
    found, queue = {start: 0}, [start]
    for node in queue:
        for other in ways.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found


def _one(
    start: int, goal: int, ways: Mapping[int, Sequence[int]], to_goal: Mapping[int, int], names: Mapping[int, str]
) -> list[int]:
    path = [start]
    while path[-1] != goal:
        here = path[-1]
        nearer = (n for n in ways[here] if to_goal.get(n) == to_goal[here] - 1)
        path.append(min(nearer, key=lambda n: (names[n], n)))
    return path
