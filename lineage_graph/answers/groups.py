"""Which runs and versions make one card: the rules, their precedence, and the ids by which a group is found again.

1. made        versions of one artifact that the same runs logged, two or more
2. neighbours  nodes of one sort that used and were used by exactly the same, or made and were made by, `at_least` of them
3. level       what is left of one sort on one level, `at_least` of them

A sort is a kind with its type or job type. A group never spans levels, and levels are by longest path, so the edges between
groups make no loop; the nodes of a loop share a level, and are only grouped among themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from lineage_graph.answers.cluster import GivenUp, Rule
from lineage_graph.answers.shape import NO_LOOP, Shape
from lineage_graph.errors import ParameterWrong

RULES: tuple[Rule, ...] = ("made", "neighbours", "level")
LEAST_CARDS = 5  # home, what shares its loop, what shares its level, what is before and what is after
Grain = Literal["type", "kind", "level", "levels"]
KEY = re.compile(
    r"made/(?P<made>[^/]+)|like/(?P<like>[^/]+)/(?P<first>m|-)|levels/(?P<low>\d+)-(?P<high>\d+)(?P<looped>/loop)?"
    r"|level/(?P<level>\d+)/(?P<kind>run|version|\*)/(?P<type>\*|[^/*]*)/(?P<rest>m?n?)(?P<least>[1-9]\d*)(/(?P<loop>[^/]+))?"
)


@dataclass(frozen=True)
class How:
    """rules: those that count; at_least: the size of a group; grain: what the key of a level's groups holds; width: how many
    levels are taken together where the grain is 'levels'."""

    rules: tuple[Rule, ...] = RULES
    at_least: int = 5
    grain: Grain = "type"
    width: int = 1


class Part(NamedTuple):
    """A group: the rule that made it, and its nodes, rising. low, high: the levels they are on."""

    rule: Rule
    nodes: list[int]
    low: int
    high: int


@dataclass(frozen=True)
class Grouping:
    """parts: the groups; card: for each node the group it is in, or where it is single -1."""

    how: How
    parts: list[Part]
    card: list[int]
    given_up: tuple[GivenUp, ...]


def grouped(
    shape: Shape,
    by: Sequence[Rule],
    at_least: int,
    cards: int,
    home: int | None,
    apart: Collection[int],
    without: Collection[int] = frozenset(),
) -> Grouping:
    """The finest grouping with no more than `cards` cards (LEAST_CARDS at least).

    by: the rules to begin with. home and apart: nodes that stay single, apart as far as single levels are kept.
    without: nodes that are no card and in none; what is before and after them counts.
    """
    alone = frozenset({*apart, *without}) if home is None else frozenset({*apart, *without, home})
    given_up: list[GivenUp] = []
    for how, lost in _ladder(by, at_least):
        given_up += lost
        parts = list(_parts(shape, how, alone))
        if _cards(shape, parts, without) <= cards:
            return _grouping(shape, how, parts, given_up)
    given_up.append("levels")
    how = How((), at_least, "levels", _width(shape, cards, home))
    return _grouping(shape, how, list(_bands(shape, how.width, home, without)), given_up)


def finest(shape: Shape, at_least: int, home: int, apart: Collection[int], without: Collection[int]) -> tuple[Grouping, int]:
    """The grouping by all rules when nothing is given up, and how many cards that is. Parameters as `grouped`."""
    how = How(RULES, at_least)
    parts = list(_parts(shape, how, frozenset({*apart, *without, home})))
    return _grouping(shape, how, parts, []), _cards(shape, parts, without)


def _cards(shape: Shape, parts: Sequence[Part], without: Collection[int]) -> int:
    return len(parts) + len(shape) - len(without) - sum(len(part.nodes) for part in parts)


def _grouping(shape: Shape, how: How, parts: list[Part], given_up: Sequence[GivenUp]) -> Grouping:
    card = [-1] * len(shape)
    for i, part in enumerate(parts):
        for node in part.nodes:
            card[node] = i
    return Grouping(how, parts, card, tuple(given_up))


def _ladder(by: Sequence[Rule], at_least: int) -> Iterator[tuple[How, list[GivenUp]]]:
    """Ever coarser ways within single levels, each with what is given up for it."""
    rules = tuple(rule for rule in RULES if rule in by)
    yield How(rules, at_least), []
    for rule in ("neighbours", "made"):
        if rule in rules:
            rules = (*(r for r in rules if r not in (rule, "level")), "level")
            yield How(rules, at_least), [rule]
    if not rules:
        yield How(("level",), at_least), []
    yield How(("level",), at_least, "kind"), ["type"]
    yield How(("level",), at_least, "level"), ["kind"]


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _parts(shape: Shape, how: How, alone: Collection[int]) -> Iterator[Part]:
    free = [node for node in range(len(shape)) if node not in alone]
    for rule in how.rules:
        if rule == "made":
            classes = _made(shape, free)
        elif rule == "neighbours":
            classes = _alike(shape, free, how.at_least)
        else:
            classes = _of_level(shape, free, how)
        for nodes in classes:
            yield Part(rule, nodes, shape.level[nodes[0]], shape.level[nodes[0]])
        taken = {node for nodes in classes for node in nodes}
        free = [node for node in free if node not in taken] if taken else free


def _classes(nodes: Iterable[int], keys: Iterable[Hashable], least: int) -> list[list[int]]:
    """Nodes of one key, where there are `least` of them. keys: of each of `nodes`."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for node, key in zip(nodes, keys, strict=True):
        found[key].append(node)
    return [same for same in found.values() if len(same) >= least]


def _made(shape: Shape, free: Sequence[int]) -> list[list[int]]:
    before, after, role, level, loop = shape.before, shape.after, shape.role, shape.level, shape.loop
    version = [r.kind == "version" for r in shape.roles]
    nodes = [n for n in free if version[role[n]] and before[n] and len(after[before[n][0]]) > 1]
    return _classes(nodes, ((role[n], level[n], loop[n], tuple(before[n])) for n in nodes), 2)


def _alike(shape: Shape, free: Sequence[int], least: int) -> list[list[int]]:
    before, after, role, level, loop = shape.before, shape.after, shape.role, shape.level, shape.loop
    sort = _sorts(shape, "type")
    # Neighbours of many that are alike have many neighbours themselves; comparing all lists of all nodes would take long.
    nodes = [
        n for n in free
        if (not before[n] or len(after[before[n][0]]) >= least) and (not after[n] or len(before[after[n][0]]) >= least)
    ]  # fmt: skip
    keys = ((sort[role[n]], level[n], loop[n], tuple(before[n]), tuple(after[n])) for n in nodes)
    return _classes(nodes, keys, least)


def _of_level(shape: Shape, free: Sequence[int], how: How) -> list[list[int]]:
    sort, role, level, loop = _sorts(shape, how.grain), shape.role, shape.level, shape.loop
    return _classes(free, ((level[n], loop[n], sort[role[n]]) for n in free), how.at_least)


def _sorts(shape: Shape, grain: Grain) -> list[Hashable]:
    """For each role what it counts as."""
    if grain == "type":
        return [(role.kind, role.type) for role in shape.roles]
    return [role.kind if grain == "kind" else None for role in shape.roles]


# ── levels taken together ─────────────────────────────────────────────────────────────────────────────────────────────────


def _width(shape: Shape, cards: int, home: int | None) -> int:
    """The least number of levels to take together, so that there are no more than `cards` cards."""
    levels = max(shape.level, default=0) + 1
    before = levels if home is None else shape.level[home]
    after, others = (0, 0) if home is None else (levels - 1 - before, 3)
    return next(w for w in range(1, levels + 1) if -(-before // w) - (-after // w) + others <= cards or w == levels)


def _bands(shape: Shape, width: int, home: int | None, without: Collection[int] = frozenset()) -> Iterator[Part]:
    """All nodes of `width` levels as one, counted from home's level both ways, so that no band holds it; on its own level what
    is in a loop with it, and the others. A band of one node leaves that single."""
    middle = -1 if home is None else shape.level[home]
    top = max(shape.level, default=0)
    found: defaultdict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for node, level in enumerate(shape.level):
        if node != home and node not in without:
            found[_band(level, middle, width, _with_home(shape, node, home))].append(node)
    for (low, high, _), nodes in sorted(found.items()):
        if len(nodes) > 1:
            yield Part("level", nodes, low, min(high, top))


def _band(level: int, middle: int, width: int, looped: bool) -> tuple[int, int, bool]:
    if level == middle:
        return level, level, looped
    if level < middle:
        high = middle - 1 - (middle - 1 - level) // width * width
        return max(0, high - width + 1), high, False
    low = middle + 1 + (level - middle - 1) // width * width
    return low, low + width - 1, False


def _with_home(shape: Shape, node: int, home: int | None) -> bool:
    return home is not None and shape.loop[node] != NO_LOOP and shape.loop[node] == shape.loop[home]


# ── ids ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def group_id(shape: Shape, how: How, part: Part, home: int | None, uid: Callable[[int], str]) -> str:
    """How a part is found again: by its level and sort and what was taken out before, or by one node that is in it."""
    first = part.nodes[0]
    made = "m" if "made" in how.rules else ""
    if part.rule == "made":
        return f"made/{uid(first)}"
    if part.rule == "neighbours":
        return f"like/{uid(first)}/{made or '-'}"
    if how.grain == "levels":
        return f"levels/{part.low}-{part.high}{'/loop' if _with_home(shape, first, home) else ''}"
    role = shape.roles[shape.role[first]]
    kind = "*" if how.grain == "level" else role.kind
    type_ = quote(role.type or "", safe="") if how.grain == "type" else "*"
    rest = f"{made}{'n' if 'neighbours' in how.rules else ''}{how.at_least}"
    loop = shape.loop[first]
    return f"level/{part.low}/{kind}/{type_}/{rest}" + ("" if loop == NO_LOOP else f"/{uid(shape.loops[loop][0])}")


def _read(group: str) -> dict[str, str | None]:
    match = KEY.fullmatch(group) if isinstance(group, str) else None
    if match is None:
        raise ParameterWrong("group", f"{group!r} is not the id of a group; `clusters` gives them")
    return match.groupdict()


def witnesses(group: str) -> list[str]:
    """The uids that a group's id speaks of. Raises ParameterWrong for what is no id."""
    key = _read(group)
    return [uid for uid in (key["made"], key["like"], key["loop"]) if uid is not None]


def nodes_of(
    shape: Shape, group: str, node_of: Callable[[str], int | None], home: int | None, apart: Collection[int]
) -> list[int]:
    """The nodes of the group with that id, rising; none when there is no such group any more. Raises ParameterWrong.

    node_of: the node of a uid. home, apart: as they were for `grouped`.
    """
    key = _read(group)
    alone = frozenset(apart) if home is None else frozenset({*apart, home})
    if key["low"] is not None:
        low, high, looped = int(key["low"]), int(key["high"] or 0), key["looped"] is not None
        return [
            node for node, level in enumerate(shape.level)
            if low <= level <= high and node != home and _with_home(shape, node, home) == looped
        ]  # fmt: skip
    if key["level"] is None:
        witness = node_of(key["made"] or key["like"] or "")
        rules: tuple[Rule, ...] = ("made", "neighbours") if key["first"] == "m" else ("neighbours",)
        how = How(("made",) if key["made"] else rules, 2)
        parts = (part for part in _parts(shape, how, alone) if part.rule == how.rules[-1])
        return next((part.nodes for part in parts if witness in part.nodes), [])
    at_least, letters = int(key["least"] or 1), key["rest"] or ""
    how = How(tuple(rule for rule, letter in (("made", "m"), ("neighbours", "n")) if letter in letters), at_least)  # type: ignore[misc]
    taken = {node for part in _parts(shape, how, alone) for node in part.nodes}
    first = None if key["loop"] is None else node_of(key["loop"])
    loop = NO_LOOP if first is None else shape.loop[first]
    if key["loop"] is not None and loop == NO_LOOP:
        return []
    level, kind, type_ = int(key["level"]), key["kind"], key["type"]
    wanted = [
        (kind == "*" or role.kind == kind) and (type_ == "*" or (role.type or "") == unquote(type_ or ""))
        for role in shape.roles
    ]
    return [
        node for node in range(len(shape))
        if shape.level[node] == level and shape.loop[node] == loop and wanted[shape.role[node]]
        and node not in taken and node not in alone
    ]  # fmt: skip
