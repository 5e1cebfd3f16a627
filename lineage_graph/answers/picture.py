"""Which cards a picture has, what leads from one to another, and where they stand; no names yet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lineage_graph.answers.cluster import GivenUp, Rule
from lineage_graph.answers.groups import LEAST_CARDS, RULES, Grouping, grouped
from lineage_graph.answers.order import heights
from lineage_graph.answers.shape import NO_LOOP, Shape, part_of

SHOWN_NOT = -1


@dataclass(frozen=True)
class Card:
    """rule: what made the group; None where it is one node. nodes: rising."""

    rule: Rule | None
    nodes: list[int]


@dataclass(frozen=True)
class Stage:
    """Nodes that came to the picture together.

    origin:   the node from which they were reached; None for the first stage.
    grouping: of these nodes alone, in their order, when it is known already; with nothing given up.
    """

    nodes: list[int]
    origin: int | None = None
    grouping: Grouping | None = None


@dataclass(frozen=True)
class Picture:
    """shape: of all that was chosen, with what is hidden and filtered.

    card:   for each node the number of its card, or SHOWN_NOT.
    hidden: for each thing that was asked to be hidden the nodes that that left out.
    """

    shape: Shape
    home: int
    cards: list[Card]
    card: list[int]
    filtered: set[int]
    hidden: list[list[int]]
    given_up: tuple[GivenUp, ...]

    @property
    def all_hidden(self) -> set[int]:
        return {node for nodes in self.hidden for node in nodes}

    def card_with(self, node: int) -> list[int]:
        """The nodes of the card that a node is in; none when it is not shown."""
        return self.cards[self.card[node]].nodes if self.card[node] != SHOWN_NOT else []


@dataclass(frozen=True)
class Link:
    """An edge between two cards, by their numbers."""

    source: int
    target: int
    count: int
    back: bool
    via: bool


@dataclass(frozen=True)
class Drawn:
    """level and loop: of each card; loop is NO_LOOP for most."""

    level: list[int]
    loop: list[int]
    links: list[Link]


def arrange(
    shape: Shape,
    home: int,
    stages: Sequence[Stage],
    apart: Collection[int],
    filtered: set[int],
    hide: Sequence[tuple[int | None, bool]],
    cards: int,
    at_least: int,
) -> Picture:
    """The cards. Each stage is grouped by itself, so that what comes later does not change what is there; only where that makes
    more than `cards` cards all is grouped at once, as coarsely as need be.

    apart: nodes that stay single. hide: (node, whether its whole card is meant) of what to hide; None is not there.
    """
    found: list[Card] = []
    given_up: tuple[GivenUp, ...] = ()
    for stage in stages:
        room = max(cards - len(found), LEAST_CARDS)
        more, lost = _grouped(shape, home, stage, apart, filtered, room, at_least)
        found += more
        given_up = max(given_up, lost, key=len)
    if len(stages) > 1 and len(found) > cards:
        everything = Stage(list(range(len(shape))))
        found, given_up = _grouped(shape, home, everything, apart, filtered, cards, at_least)
    card = [SHOWN_NOT] * len(shape)
    for number, one in enumerate(found):
        for node in one.nodes:
            card[node] = number
    hidden: list[list[int]] = []
    gone: set[int] = set()
    for asked, whole_card in hide:
        nodes: list[int] = []
        if asked is not None:
            nodes = found[card[asked]].nodes if whole_card and card[asked] != SHOWN_NOT else [asked]
        hidden.append([node for node in nodes if node != home and node not in gone])
        gone.update(hidden[-1])
    if gone:
        found = [left for one in found if (left := _without(one, gone)) is not None]
    found.sort(key=lambda one: one.nodes[0])
    card = [SHOWN_NOT] * len(shape)
    for number, one in enumerate(found):
        for node in one.nodes:
            card[node] = number
    return Picture(shape, home, found, card, filtered - gone, hidden, given_up)


def _grouped(
    shape: Shape, home: int, stage: Stage, apart: Collection[int], filtered: set[int], cards: int, at_least: int
) -> tuple[list[Card], tuple[GivenUp, ...]]:
    nodes = stage.nodes if stage.origin is None else sorted({*stage.nodes, stage.origin})
    if not nodes:
        return [], ()
    at = {node: i for i, node in enumerate(nodes)}
    single = [at[node] for node in apart if node in at]
    without = {at[node] for node in filtered if node in at}
    if stage.origin is not None:
        without.add(at[stage.origin])
    grouping = stage.grouping
    if grouping is None or len(grouping.parts) + grouping.card.count(-1) - len(without) > cards:
        grouping = grouped(part_of(shape, nodes), RULES, at_least, cards, at.get(home), single, without)
    found = [Card(one.rule, [nodes[node] for node in one.nodes]) for one in grouping.parts]
    alone = [node for node, card in enumerate(grouping.card) if card < 0 and node not in without]
    return found + [Card(None, [nodes[node]]) for node in alone], grouping.given_up


def _without(card: Card, gone: set[int]) -> Card | None:
    if gone.isdisjoint(card.nodes):
        return card
    nodes = [node for node in card.nodes if node not in gone]
    return Card(card.rule if len(nodes) > 1 else None, nodes) if nodes else None


# ── what leads from card to card ──────────────────────────────────────────────────────────────────────────────────────────


def drawn(picture: Picture) -> Drawn:
    """Where the cards stand, and the edges between them."""
    direct, via, around = _links(picture)
    pairs = [*direct, *(pair for pair in via if pair not in direct)]
    level, circles = heights(len(picture.cards), pairs)
    loop = [NO_LOOP] * len(picture.cards)
    for number, circle in enumerate(circles):
        for card in circle:
            loop[card] = number
    _loops_inside(picture, around, loop, len(circles))
    back = _closing(pairs, circles, loop)
    links = [Link(a, b, n, (a, b) in back, False) for (a, b), n in direct.items()]
    links += [Link(a, b, n, (a, b) in back, True) for (a, b), n in via.items() if (a, b) not in direct]
    links.sort(key=lambda link: (link.source, link.target))
    return Drawn(level, loop, links)


Pairs = dict[tuple[int, int], int]


def _links(picture: Picture) -> tuple[Pairs, Pairs, set[int]]:
    """(edges between cards, ways between cards through what is not shown, cards with such a way back to themselves)."""
    shape, card = picture.shape, picture.card
    sources, targets = zip(*shape.edges, strict=True) if shape.edges else ((), ())
    counted = Counter(zip(map(card.__getitem__, sources), map(card.__getitem__, targets), strict=True))
    direct = {(a, b): n for (a, b), n in counted.items() if a != b and a != SHOWN_NOT and b != SHOWN_NOT}
    unseen = [node for node, number in enumerate(card) if number == SHOWN_NOT]
    if not unseen:
        return direct, {}, set()
    # Which cards lead to a node that is not shown, as the bits of a number: one step an edge, however many ways there are.
    reached: dict[int, int] = {}

    def leading_to(node: int) -> int:
        bits = 0
        for other in shape.before[node]:
            bits |= 1 << card[other] if card[other] != SHOWN_NOT else reached.get(other, 0)
        return bits

    by_level: defaultdict[int, list[int]] = defaultdict(list)
    for node in unseen:
        by_level[shape.level[node]].append(node)
    for _, nodes in sorted(by_level.items()):
        again = True
        while again:  # once, but for loops
            again = False
            for node in nodes:
                bits = leading_to(node)
                again |= bits != reached.get(node, 0) and shape.loop[node] != NO_LOOP
                reached[node] = bits
    ways: Counter[tuple[int, int]] = Counter()
    for node, number in enumerate(card):
        if number != SHOWN_NOT:
            bits = 0
            for other in shape.before[node]:
                bits |= reached.get(other, 0)
            if bits:
                ways[bits, number] += 1
    via: Counter[tuple[int, int]] = Counter()
    for (bits, target), count in ways.items():
        while bits:
            last = bits & -bits
            via[last.bit_length() - 1, target] += count
            bits ^= last
    around = {a for a, b in via if a == b}
    return direct, {(a, b): n for (a, b), n in via.items() if a != b}, around


def _loops_inside(picture: Picture, around: set[int], loop: list[int], first: int) -> None:
    """Numbers loops that are within one card, or lead out of it only through what is not shown."""
    numbers: dict[int, int] = {}
    for card, one in enumerate(picture.cards):
        node_loop = picture.shape.loop[one.nodes[0]]
        if loop[card] != NO_LOOP or node_loop == NO_LOOP or (len(one.nodes) == 1 and card not in around):
            continue
        if all(picture.shape.loop[node] == node_loop for node in one.nodes):
            loop[card] = numbers.setdefault(node_loop, first + len(numbers))


def _closing(pairs: Sequence[tuple[int, int]], circles: Sequence[Sequence[int]], loop: Sequence[int]) -> set[tuple[int, int]]:
    """Edges without which no circle is left: those that lead back to where a search in depth is coming from.

    It begins at the first card of a circle that something outside leads to."""
    if not circles:
        return set()
    after: defaultdict[int, list[int]] = defaultdict(list)
    entries: set[int] = set()
    in_circle = {card for circle in circles for card in circle}
    for a, b in sorted(pairs):
        if b in in_circle:
            if a in in_circle and loop[a] == loop[b]:
                after[a].append(b)
            else:
                entries.add(b)
    back: set[tuple[int, int]] = set()
    done: set[int] = set()
    for circle in circles:
        for start in sorted(circle, key=lambda card: (card not in entries, card)):
            if start not in done:
                _search(start, after, done, back)
    return back


def _search(start: int, after: Mapping[int, list[int]], done: set[int], back: set[tuple[int, int]]) -> None:
    way, on_it = [(start, iter(after.get(start, ())))], {start}
    done.add(start)
    while way:
        card, others = way[-1]
        for other in others:
            if other in on_it:
                back.add((card, other))
            elif other not in done:
                done.add(other)
                on_it.add(other)
                way.append((other, iter(after.get(other, ()))))
                break
        else:
            way.pop()
            on_it.discard(card)
