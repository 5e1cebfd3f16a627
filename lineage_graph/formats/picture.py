"""A walk made ready to be drawn: cards, arrows along the flow of data, and what must be said beside them.

Every drawing (dot, mermaid, svg) is made of these, so all show the same. A large walk is drawn with some cards standing for
many runs or versions; how many is always said.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Literal

from lineage_graph.answers.order import order
from lineage_graph.formats import words
from lineage_graph.formats.tree import counts, cut
from lineage_graph.models import Lineage, RunNode, VersionNode

CARDS = 400  # more are no picture any more
FEW = 5  # so many alike make a group (as in W&B's lineage view)
Kind = Literal["run", "version", "both"]


@dataclass(frozen=True)
class Card:
    """A run, a version, or a group of them.

    type:    the artifact's type; of a run its job type, or step. name: the full name of a version, the readable one of a run.
    details: what there is no room for on the card. count: how many it stands for.
    """

    uid: str
    kind: Kind
    type: str
    name: str
    details: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    state: str = ""
    home: bool = False
    count: int = 1


@dataclass(frozen=True)
class Arrow:
    """Data flowed from one card to the other. words: 'used' and when, or how many edges it stands for."""

    source: str
    target: str
    kind: Literal["used", "logged", "both"]
    words: str
    count: int = 1


@dataclass(frozen=True)
class Picture:
    """What is drawn. notes: what the picture does not show, in sentences; empty where it shows everything."""

    title: str
    counts: str
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]
    notes: tuple[str, ...] = field(default=())


def picture_of(lineage: Lineage, most: int | None = None) -> Picture:
    """The picture of a walk; its cards are in the order of the flow of data, as far as depths tell.

    most: above so many cards, groups are made.
    """
    nodes: list[RunNode | VersionNode] = sorted([*lineage.versions, *lineage.runs], key=_natural)
    nodes.sort(key=lambda node: node.depth, reverse=lineage.direction == "upstream")
    cards = [_version(node) if isinstance(node, VersionNode) else _run(node) for node in nodes]
    here = {card.uid for card in cards}
    arrows = [
        Arrow(*ends, edge.kind, f"{edge.kind} {words.moment(edge.at)}")
        for edge in lineage.edges
        for ends in [(edge.version, edge.run) if edge.kind == "used" else (edge.run, edge.version)]
        if ends[0] in here and ends[1] in here
    ]
    notes = []
    if left_out := len(lineage.edges) - len(arrows):
        notes.append(f"{words.counted(left_out, 'edge')} to runs or versions of an earlier page left out")
    if most is not None and len(cards) > most:
        edges = len(arrows)
        cards, arrows = _grouped(cards, arrows, most)
        groups = [card.count for card in cards if card.count > 1]
        inside = edges - sum(arrow.count for arrow in arrows)
        notes.append(
            f"{sum(groups):,} runs and versions stand in {words.counted(len(groups), 'group')}"
            + (f", with {words.counted(inside, 'edge')} among them" if inside else "")
        )
    if (why := cut(lineage)) is not None:
        notes.append(why)
    preposition = {"upstream": "Upstream of", "downstream": "Downstream of"}.get(lineage.direction, "Around")
    then = "".join(
        f", {what} {words.moment(at)}" for what, at in (("as of", lineage.as_of), ("known at", lineage.known_at)) if at
    )
    return Picture(f"{preposition} {lineage.home}{then}", counts(lineage), tuple(cards), tuple(arrows), tuple(notes))


def _natural(node: RunNode | VersionNode) -> tuple[list[str | tuple[int, str]], str]:
    """By name, v9 before v10."""
    parts = re.split(r"([0-9]+)", node.name)
    return [part if i % 2 == 0 else (len(part.lstrip("0")), part.lstrip("0")) for i, part in enumerate(parts)], node.uid


def _version(version: VersionNode) -> Card:
    known = (("digest", version.digest), ("size", words.size(version.size)), ("created", words.moment(version.created_at)))
    return Card(
        version.uid, "version", version.type, version.name, _said(*known), aliases=version.aliases, home=version.depth == 0
    )


def _run(run: RunNode) -> Card:
    known = (
        ("run", run.full_name),
        ("state", run.state),
        ("started", words.moment(run.started_at)),
        ("took", words.took(run.started_at, run.ended_at)),
        ("author", run.author or ""),
    )
    return Card(
        run.uid, "run", run.job_type or run.step or "run", run.name, _said(*known), state=run.state, home=run.depth == 0
    )


def _said(*known: tuple[str, str]) -> tuple[str, ...]:
    return tuple(f"{what}: {text}" for what, text in known if text)


# ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _grouped(cards: list[Card], arrows: list[Arrow], most: int) -> tuple[list[Card], list[Arrow]]:
    """The same with at most about `most` cards.

    What stands on one level and is of one type becomes a group; if that is not enough, what is of one kind, then what is on
    one level, then what is on 2, 4, 8 … levels. Levels are by longest path, so groups make no loop that was none.
    """
    levels = order([card.uid for card in cards], [(a.source, a.target) for a in arrows]).levels
    keys: list[Callable[[Card], Hashable]] = [
        lambda card: (levels[card.uid], card.kind, card.type),
        lambda card: (levels[card.uid], card.kind),
    ]
    # A level takes two bits at most, so this ends with everything but home in one group.
    keys += [lambda card, bits=bits: levels[card.uid] >> bits for bits in range(max(levels.values()).bit_length() + 1)]  # type: ignore[misc]
    group_of: dict[str, Hashable] = {}
    for key in keys:
        group_of = {card.uid: card.uid if card.home else key(card) for card in cards}
        sizes = Counter(group_of.values())
        group_of = {uid: group if sizes[group] >= FEW else uid for uid, group in group_of.items()}
        if len(set(group_of.values())) <= most:
            break
    return _merged(cards, arrows, group_of)


def _merged(cards: list[Card], arrows: list[Arrow], group_of: dict[str, Hashable]) -> tuple[list[Card], list[Arrow]]:
    members: dict[Hashable, list[Card]] = defaultdict(list)
    for card in cards:
        members[group_of[card.uid]].append(card)
    made = {group: inside[0] if len(inside) == 1 else _group(inside) for group, inside in members.items()}
    bundles: dict[tuple[str, str], list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        source, target = (made[group_of[end]].uid for end in (arrow.source, arrow.target))
        if source != target:
            bundles[source, target].append(arrow)
    return list(made.values()), [_bundle(*ends, inside) for ends, inside in bundles.items()]


def _group(inside: list[Card]) -> Card:
    kinds = Counter(card.kind for card in inside)
    types = Counter(card.type for card in inside)
    named = ", ".join(f"{count:,} {type_}" if len(types) > 1 else type_ for type_, count in types.most_common())
    count = " and ".join(words.counted(kinds[kind], kind) for kind in ("version", "run") if kinds[kind])
    some = [card.name for card in inside[:20]]
    more = [f"… and {len(inside) - len(some):,} more"] if len(inside) > len(some) else []
    return Card(
        f"group of {inside[0].uid}", inside[0].kind if len(kinds) == 1 else "both", named, count, (*some, *more),
        count=len(inside),
    )  # fmt: skip


def _bundle(source: str, target: str, inside: list[Arrow]) -> Arrow:
    if len(inside) == 1:
        return Arrow(source, target, inside[0].kind, inside[0].words)
    kinds = Counter(arrow.kind for arrow in inside)
    told = ", ".join(f"{count:,} times {kind}" for kind, count in sorted(kinds.items(), reverse=True))
    return Arrow(source, target, inside[0].kind if len(kinds) == 1 else "both", told, len(inside))
