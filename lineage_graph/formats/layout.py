"""Where the cards of a picture stand: columns along the flow of data, lines that pass under no card.

A layered drawing (Sugiyama, Tagawa and Toda 1981): edges that close a loop are turned round, a node's column is its longest
path, an edge across columns gets a bend in each, columns are put in order by the mean place of neighbours and by swaps,
and heights are pulled to the median neighbour. Long edges out of one node share their bends, as a bundle.
Pure: sizes in, coordinates out; the same input gives the same picture.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

BEND = 8.0  # the height a line takes where it passes a column
GAP = 18.0  # between cards of a column
BETWEEN = 76.0  # between columns
SWEEPS, PATIENCE, ROUNDS = 16, 4, 12
BUSY = 20_000  # pairs of neighbours; beyond these swaps take longer than they are worth

Point = tuple[float, float]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """A card's place: its upper left corner and its size; a column's cards are as wide as its widest."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """An edge: where it passes the columns between its ends, as (left, right, y), from left to right. back: it closes a loop,
    so it runs from right to left."""

    passes: tuple[tuple[float, float, float], ...]
    back: bool


@dataclass(frozen=True)
class Layout:
    """Where everything is, within `width` by `height`, beginning at 0, 0. lines: for each pair that was given."""

    boxes: dict[str, Box]
    lines: dict[Pair, Line]
    width: float
    height: float


def layout(sizes: Mapping[str, Point], pairs: Iterable[Pair]) -> Layout:
    """Places nodes of these sizes (width, height) for these pairs (from, to), whose ends are among them.

    Where nodes are in a loop, the pairs that lead back to a node that was given earlier are likely to be its back edges.
    """
    names = list(sizes)
    number = {name: i for i, name in enumerate(names)}
    ends = list(dict.fromkeys((number[a], number[b]) for a, b in pairs))
    back = _back_edges(len(names), ends)
    grid = _Grid(len(names), ends, back)
    columns = _ordered(grid)
    height_of = [sizes[name][1] for name in names] + [BEND] * (len(grid.column) - len(names))
    y = _heights(grid, columns, height_of)
    top = min((y[v] - height_of[v] / 2 for v in range(len(y))), default=0.0)
    y = [middle - top for middle in y]
    lefts, width = _lefts(columns, [sizes[name][0] for name in names])
    boxes, right_of = {}, {}
    for c, column in enumerate(columns):
        widest = max((sizes[names[v]][0] for v in column if v < len(names)), default=0.0)
        right_of[c] = lefts[c] + widest
        for v in column:
            if v < len(names):
                high = sizes[names[v]][1]
                boxes[names[v]] = Box(lefts[c], y[v] - high / 2, widest, high)
    lines = {
        (names[a], names[b]): Line(
            tuple((lefts[grid.column[v]], right_of[grid.column[v]], y[v]) for v in grid.bends[a, b]), (a, b) in back
        )
        for a, b in ends
    }
    return Layout(
        {name: boxes[name] for name in names}, lines, width, max((y[v] + height_of[v] / 2 for v in range(len(y))), default=0.0)
    )


def _back_edges(size: int, ends: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The edges that lead back to where a search in depth came from; without them there is no loop."""
    out: list[list[int]] = [[] for _ in range(size)]
    into = [0] * size
    for a, b in ends:
        out[a].append(b)
        into[b] += a != b
    back = set()
    state = [0] * size  # 1 while the search is below it, 2 when it is done
    for root in [*(v for v in range(size) if not into[v]), *range(size)]:
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(out[root]))]
        while stack:
            v, following = stack[-1]
            for w in following:
                if state[w] == 1:
                    back.add((v, w))
                elif not state[w]:
                    state[w] = 1
                    stack.append((w, iter(out[w])))
                    break
            else:
                state[v] = 2
                stack.pop()
    return back


class _Grid:
    """Nodes and bends in columns, and their neighbours one column to the left and to the right. Bends come after the nodes.

    bends: for each edge its bends, from left to right.
    """

    def __init__(self, size: int, ends: Sequence[tuple[int, int]], back: set[tuple[int, int]]) -> None:
        self.size = size
        forward = [(b, a) if (a, b) in back else (a, b) for a, b in ends]
        self.column = _columns(size, [(a, b) for a, b in forward if a != b])
        self.left: list[list[int]] = [[] for _ in range(size)]
        self.right: list[list[int]] = [[] for _ in range(size)]
        self.bends: dict[tuple[int, int], tuple[int, ...]] = {}
        bundles: dict[tuple[int, bool], list[int]] = defaultdict(list)
        for edge, (a, b) in zip(ends, forward, strict=True):
            bundle = bundles[a, edge in back]
            while len(bundle) < self.column[b] - self.column[a] - 1:
                self._add_bend(bundle[-1] if bundle else a, self.column[a] + len(bundle) + 1)
                bundle.append(len(self.column) - 1)
            passed = bundle[: max(0, self.column[b] - self.column[a] - 1)]
            self.bends[edge] = tuple(passed)
            if a != b:
                self._join(passed[-1] if passed else a, b)

    def _add_bend(self, after: int, column: int) -> None:
        self.column.append(column)
        self.left.append([])
        self.right.append([])
        self._join(after, len(self.column) - 1)

    def _join(self, a: int, b: int) -> None:
        self.right[a].append(b)
        self.left[b].append(a)

    def rows(self) -> list[list[int]]:
        """The columns, nodes before bends."""
        rows: list[list[int]] = [[] for _ in range(max(self.column, default=-1) + 1)]
        for v, column in enumerate(self.column):
            rows[column].append(v)
        return rows


def _columns(size: int, forward: Sequence[tuple[int, int]]) -> list[int]:
    """The longest path to each node; what has nothing before it stands next to what is made of it."""
    out: list[list[int]] = [[] for _ in range(size)]
    into: list[list[int]] = [[] for _ in range(size)]
    for a, b in forward:
        out[a].append(b)
        into[b].append(a)
    waiting = [len(before) for before in into]
    ready = [v for v in range(size) if not waiting[v]]
    column = [0] * size
    for v in ready:
        for w in out[v]:
            column[w] = max(column[w], column[v] + 1)
            waiting[w] -= 1
            if not waiting[w]:
                ready.append(w)
    for v in range(size):
        if not into[v] and out[v]:
            column[v] = min(column[w] for w in out[v]) - 1
    return column


def _ordered(grid: _Grid) -> list[list[int]]:
    """The columns, each in the order that was found to make few lines cross; of two beginnings the better."""
    best: list[list[int]] = grid.rows()
    fewest: float = float("inf")
    place = [0.0] * len(grid.column)
    busy = sum(len(near) ** 2 for near in (*grid.left, *grid.right)) > BUSY

    def settle(row: list[int]) -> None:
        for i, v in enumerate(row):
            place[v] = i

    for before, after in ((grid.left, grid.right), (grid.right, grid.left)):
        met = _first_met(before, after)
        columns = [sorted(row, key=met.__getitem__) for row in grid.rows()]
        for row in columns:
            settle(row)
        stale = 0
        for sweep in range(SWEEPS):
            near = grid.right if sweep % 2 else grid.left
            for row in reversed(columns[:-1]) if sweep % 2 else columns[1:]:
                wish = {v: mean(place[w] for w in near[v]) if near[v] else place[v] for v in row}
                row.sort(key=wish.__getitem__)
                settle(row)
            if not busy:
                _swap_neighbours(grid, columns, place)
            found = _crossings(grid, columns, place)
            if found < fewest:
                fewest, best, stale = found, [list(row) for row in columns], 0
            else:
                stale += 1
            if not fewest or stale == PATIENCE:
                break
    return best


def _first_met(before: list[list[int]], after: list[list[int]]) -> list[int]:
    """When a search in depth, which goes both ways, first meets each node: families stay together, in the order given."""
    met = [-1] * len(before)
    count = 0
    for root in [*(v for v in range(len(met)) if not before[v]), *range(len(met))]:
        stack = [root]
        while stack:
            v = stack.pop()
            if met[v] >= 0:
                continue
            met[v] = count
            count += 1
            stack.extend(sorted(after[v], reverse=True))
            stack.extend(sorted(before[v], reverse=True))
    return met


def _swap_neighbours(grid: _Grid, columns: list[list[int]], place: list[float]) -> None:
    """Swaps two that stand next to each other in a column, wherever fewer lines cross then."""

    def crossed(a: int, b: int) -> int:
        return sum(place[p] > place[q] for near in (grid.left, grid.right) for p in near[a] for q in near[b])

    for row in columns:
        for i in range(len(row) - 1):
            a, b = row[i], row[i + 1]
            if crossed(a, b) > crossed(b, a):
                row[i], row[i + 1] = b, a
                place[a], place[b] = place[b], place[a]


def _crossings(grid: _Grid, columns: list[list[int]], place: list[float]) -> int:
    """How many pairs of lines cross between two columns."""
    total = 0
    for row in columns[:-1]:
        seen: list[float] = []
        for v in row:
            spots = [place[w] for w in grid.right[v]]
            total += sum(len(seen) - bisect_right(seen, spot) for spot in spots)
            for spot in spots:
                insort(seen, spot)
    return total


def _heights(grid: _Grid, columns: list[list[int]], height_of: list[float]) -> list[float]:
    """The middle of each node and bend: near the median of its neighbours, in its column's order, never closer than the gap."""
    y = [0.0] * len(grid.column)
    steps = []  # how far each stands below the first of its column where all stand as close as they may
    for row in columns:
        at = [0.0]
        for a, b in pairwise(row):
            gap = GAP if a < grid.size or b < grid.size else GAP / 3
            at.append(at[-1] + (height_of[a] + height_of[b]) / 2 + gap)
        steps.append(at)
        for v, step in zip(row, at, strict=False):
            y[v] = step - at[-1] / 2
    both = [left + right for left, right in zip(grid.left, grid.right, strict=True)]
    for turn in range(ROUNDS):
        near = both if turn >= ROUNDS - 2 else grid.right if turn % 2 else grid.left
        pairs = list(zip(columns, steps, strict=True))
        for row, at in reversed(pairs) if turn % 2 else pairs:
            _pull(row, at, near, y)
    return y


def _pull(row: list[int], at: list[float], near: list[list[int]], y: list[float]) -> None:
    """Moves one column to its wishes, as near as the order allows (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for v, step in zip(row, at, strict=True):
        wish = median(y[w] for w in near[v]) if near[v] else y[v]
        block = (wish - step, 1)
        while blocks and blocks[-1][0] > block[0]:
            height, count = blocks.pop()
            block = ((height * count + block[0] * block[1]) / (count + block[1]), count + block[1])
        blocks.append(block)
    i = 0
    for height, count in blocks:
        for _ in range(count):
            y[row[i]] = height + at[i]
            i += 1


def _lefts(columns: list[list[int]], widths: list[float]) -> tuple[list[float], float]:
    """The left side of each column, and the width of all."""
    lefts, x = [], 0.0
    for column in columns:
        lefts.append(x)
        x += max((widths[v] for v in column if v < len(widths)), default=0.0) + BETWEEN
    return lefts, max(0.0, x - BETWEEN)
