"""Which runs and versions are on a picture: how far it looks, what is filtered out, and how far 'auto' is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from lineage_graph.answers.groups import Grouping, finest
from lineage_graph.answers.shape import Shape, distances, part_of

READABLE = 150  # cards
Depth = int | Literal["auto"] | None  # None is all there is


@dataclass(frozen=True)
class Filters:
    """types, job_types: what to keep, '' for none; empty keeps all."""

    types: frozenset[str] = frozenset()
    job_types: frozenset[str] = frozenset()

    def left_out(self, shape: Shape, home: int | None) -> set[int]:
        """The nodes that are filtered out."""
        if not self.types and not self.job_types:
            return set()
        drop = []
        for role in shape.roles:
            kept = self.job_types if role.kind == "run" else self.types
            drop.append(bool(kept) and (role.type or "") not in kept)
        return {node for node, role in enumerate(shape.role) if drop[role] and node != home}


@dataclass(frozen=True)
class Choice:
    """How far was chosen, and the nodes up to there, rising.

    further:  it could be more, if only more had been looked at.
    shape, grouping: of those nodes, and how they are grouped, where the choice took knowing that.
    """

    up: int | None
    down: int | None
    nodes: list[int]
    further: bool
    shape: Shape | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True)
class Found:
    """What the walks from home found.

    bounds:     how many relationships they looked, up and down; None is all. Not all edges of nodes that far away are known.
    whole_up, whole_down: whether there was nothing further.
    full:       whether what else the runs used and logged belongs to the picture.
    """

    shape: Shape
    home: int
    bounds: tuple[int | None, int | None]
    whole_up: bool
    whole_down: bool
    full: bool

    @cached_property
    def up(self) -> dict[int, int]:
        return distances(self.shape, self.home, [self.shape.before])

    @cached_property
    def down(self) -> dict[int, int]:
        return distances(self.shape, self.home, [self.shape.after])

    @cached_property
    def farthest(self) -> tuple[int, int]:
        return max(self.up.values()), max(self.down.values())

    def nodes(self, up: int | None, down: int | None) -> list[int]:
        """Those so many relationships before and after home, rising."""
        found: set[int] = set()
        for far, depth in ((self.up, up), (self.down, down)):
            found.update(far if depth is None else (node for node, distance in far.items() if distance <= depth))
        return sorted(with_runs(self.shape, found) if self.full else found)


def with_runs(shape: Shape, nodes: Collection[int]) -> set[int]:
    """These nodes, and what the runs among them used and logged."""
    found = set(nodes)
    for node in nodes:
        if shape.roles[shape.role[node]].kind == "run":
            found.update(shape.before[node], shape.after[node])
    return found


def choose(found: Found, up: Depth, down: Depth, filters: Filters, at_least: int, apart: Collection[int]) -> Choice:
    """How far to look where that is 'auto': the farthest that makes no more than READABLE cards, and 1 at least."""
    if up != "auto" and down != "auto":
        return _choice(found, up, down)
    sides = [
        (far, whole or bound is None, bound)
        for asked, far, whole, bound in zip(
            (up, down), found.farthest, (found.whole_up, found.whole_down), found.bounds, strict=True
        )
        if asked == "auto"
    ]
    whole = all(seen for _, seen, _ in sides)
    reach = max(max(far for far, _, _ in sides) if whole else min((bound or 2) - 1 for _, seen, bound in sides if not seen), 1)

    def pair(depth: int) -> tuple[int | None, int | None]:
        return depth if up == "auto" else up, depth if down == "auto" else down

    def readable(depth: int) -> Choice | None:
        choice = _choice(found, *pair(depth))
        shape = part_of(found.shape, choice.nodes)
        at = {node: i for i, node in enumerate(choice.nodes)}
        home = at[found.home]
        single = [at[node] for node in apart if node in at]
        grouping, cards = finest(shape, at_least, home, single, filters.left_out(shape, home))
        return replace(choice, shape=shape, grouping=grouping) if cards <= READABLE else None

    if best := readable(reach):
        return replace(best, further=not whole)
    low, high = 1, 2
    while high < reach and (better := readable(high)):
        best, low, high = better, high, 2 * high
    high = min(high, reach)
    while high - low > 1:
        middle = (low + high) // 2
        if better := readable(middle):
            best, low = better, middle
        else:
            high = middle
    return best or _choice(found, *pair(low))


def _choice(found: Found, up: int | None, down: int | None) -> Choice:
    """The choice, saying null where that is all there is."""
    far_up, far_down = found.farthest
    sides = ((up, far_up, found.whole_up, found.bounds[0]), (down, far_down, found.whole_down, found.bounds[1]))
    said = [
        None if whole and (asked is None or far <= asked) else bound if asked is None else asked
        for asked, far, whole, bound in sides
    ]
    return Choice(said[0], said[1], found.nodes(up, down), further=False)
