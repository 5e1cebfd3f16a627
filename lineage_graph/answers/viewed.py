"""A picture as the answer `View`, once what it names has its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from lineage_graph.answers.cards import SAMPLES, Named
from lineage_graph.answers.choosing import Choice, Found
from lineage_graph.answers.picture import Card, Drawn, Picture, drawn
from lineage_graph.answers.shape import NO_LOOP, Role, Shape
from lineage_graph.answers.view import Asked, CardKind, Facets, Hidden, More, Omitted, Scope, View, ViewCard, ViewEdge
from lineage_graph.models import Truncated, made, made_all

GROUP = "g:"  # what the id of a group begins with
Degrees = Mapping[int, tuple[int, int]]


def to_be_named(picture: Picture) -> list[int]:
    """The nodes whose names the answer gives."""
    wanted = {node for card in picture.cards for node in card.nodes[:SAMPLES]}
    wanted.update(run for card in picture.cards for run in _makers(picture.shape, card))
    wanted.update(node for nodes in picture.hidden for node in nodes[:1])
    return sorted(wanted)


def alone(picture: Picture) -> list[int]:
    """The nodes that are cards of their own."""
    return [card.nodes[0] for card in picture.cards if card.rule is None]


def view_of(
    picture: Picture,
    found: Found,
    choice: Choice,
    named: Mapping[int, Named],
    degrees: Degrees,
    *,
    name: str,
    scope: Scope,
    as_of: datetime | None,
    known_at: datetime | None,
    hide: Sequence[str],
    truncated: Truncated | None,
    queries: Sequence[Asked],
) -> View:
    """The answer. named: every node of `to_be_named`. degrees: how many neighbours each of `alone` has, before and after it.
    hide: what was asked to be hidden, as it was written, in the order of `picture.hidden`."""
    shape = picture.shape
    where = drawn(picture)
    counter = _Counter(picture, found, degrees)
    cards = [_card(picture, i, card, named, where, counter) for i, card in enumerate(picture.cards)]
    ids = [card.id for card in cards]
    shown = [node for card in picture.cards for node in card.nodes]
    runs = sum(shape.roles[shape.role[node]].kind == "run" for node in shown)
    grouped = sum(len(card.nodes) for card in picture.cards if card.rule is not None)
    return made(
        View,
        home=ids[picture.card[picture.home]],
        name=name,
        as_of=as_of,
        known_at=known_at,
        scope=scope,
        up=choice.up,
        down=choice.down,
        nodes=len(shown),
        runs=runs,
        versions=len(shown) - runs,
        cards=tuple(sorted(cards, key=lambda card: card.level)),
        edges=tuple(
            made_all(
                ViewEdge,
                [
                    {"source": ids[one.source], "target": ids[one.target], "count": one.count, "back": one.back, "via": one.via}
                    for one in where.links
                ],
            )
        ),
        facets=_facets(picture),
        hidden=tuple(_hidden(picture, asked, nodes, named) for asked, nodes in zip(hide, picture.hidden, strict=True)),
        omitted=tuple(_omitted(picture, found, grouped)),
        coarsened=picture.given_up,
        truncated=truncated,
        queries=tuple(queries),
    )


def _makers(shape: Shape, card: Card) -> list[int]:
    return shape.before[card.nodes[0]] if card.rule == "made" else []


def _role(shape: Shape, node: int) -> Role:
    return shape.roles[shape.role[node]]


class _Counter:
    """How many neighbours a card has that are not on the picture."""

    def __init__(self, picture: Picture, found: Found, degrees: Degrees) -> None:
        self.picture, self.degrees = picture, degrees
        self.found = found
        self.beyond = set(found.shape.numbers).difference(picture.shape.numbers)

    def more(self, card: Card) -> More:
        shape = self.picture.shape
        if card.rule is None:
            node = card.nodes[0]
            up, down = self.degrees.get(node, (0, 0))
            return made(More, up=max(0, up - len(shape.before[node])), down=max(0, down - len(shape.after[node])))
        nodes = [self.found.shape.index.get(shape.numbers[node], -1) for node in card.nodes]
        found = self.found
        return made(
            More,
            up=self._beyond(nodes, found.up, found.shape.before, found.bounds[0]),
            down=self._beyond(nodes, found.down, found.shape.after, found.bounds[1]),
        )

    def _beyond(
        self, nodes: Sequence[int], walked: Mapping[int, int], way: Sequence[list[int]], bound: int | None
    ) -> int | None:
        """What the walk saw further on; None unless it went on from all of them."""
        if not all(node in walked and (bound is None or walked[node] < bound) for node in nodes):
            return None
        if not self.beyond:
            return 0
        numbers = self.found.shape.numbers
        return len({other for node in nodes for other in way[node] if numbers[other] in self.beyond})


def _card(picture: Picture, number: int, card: Card, named: Mapping[int, Named], where: Drawn, counter: _Counter) -> ViewCard:
    shape, first = picture.shape, card.nodes[0]
    one = named[first]
    loop = None if where.loop[number] == NO_LOOP else where.loop[number]
    common = {"level": where.level[number], "loop": loop, "more": counter.more(card), "hidden_by": None, "rule": card.rule}
    if card.rule is None:
        role = _role(shape, first)
        return made(
            ViewCard,
            id=one.uid,
            kind=role.kind,
            name=one.name,
            label=one.label,
            type=role.type,
            artifact=None,
            made_by=(),
            project=project_of(one.name),
            state=role.state,
            states={},
            aliases=one.aliases,
            count=1,
            group=None,
            samples=(),
            **common,
        )
    sorts = Counter(map(shape.role.__getitem__, card.nodes))
    roles = [shape.roles[i] for i in sorts]
    states: Counter[str] = Counter()
    for i, count in sorts.items():
        if shape.roles[i].kind == "run":
            states[shape.roles[i].state or ""] += count
    kind = _kind(roles)
    artifacts = {role.artifact for role in roles}
    projects = {project_of(artifact) if artifact else None for artifact in artifacts}
    key = GROUP + one.uid
    return made(
        ViewCard,
        id=key,
        kind=kind,
        name=None,
        label=None,
        type=_same(role.type for role in roles) if kind != "mixed" else None,
        artifact=_same(artifacts),
        made_by=tuple(named[run].name for run in _makers(shape, card)),
        project=_same(projects),
        state=None,
        states=dict(sorted(states.items())),
        aliases=(),
        count=len(card.nodes),
        group=key,
        samples=tuple(named[node].label for node in card.nodes[:SAMPLES]),
        **common,
    )


def project_of(full_name: str) -> str:
    """The project in the full name of a run, a version or an artifact."""
    project, runs, _ = full_name.rpartition("/runs/")
    return project if runs else full_name.rpartition("/")[0]


def _same(values: Iterable[str | None]) -> str | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None


def _kind(roles: Iterable[Role]) -> CardKind:
    kinds = {role.kind for role in roles}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _facets(picture: Picture) -> Facets:
    shape = picture.shape
    counted = Counter(shape.role)
    for node in picture.all_hidden:
        counted[shape.role[node]] -= 1
    types: Counter[str] = Counter()
    job_types: Counter[str] = Counter()
    for i, count in counted.items():
        if count:
            (job_types if shape.roles[i].kind == "run" else types)[shape.roles[i].type or ""] += count
    return Facets(types=dict(sorted(types.items())), job_types=dict(sorted(job_types.items())))


def _hidden(picture: Picture, asked: str, nodes: Sequence[int], named: Mapping[int, Named]) -> Hidden:
    is_group = asked.startswith(GROUP)
    roles = [_role(picture.shape, node) for node in nodes]
    if len(nodes) == 1:
        label = named[nodes[0]].label
    elif nodes:
        label = f"{len(nodes)} {_same(role.type for role in roles) or _kind(roles)}"
    else:
        label = asked.rpartition("/")[2]
    return Hidden(
        name=None if is_group else asked,
        group=asked if is_group else None,
        label=label,
        kind=_kind(roles) if roles else None,
        count=len(nodes),
    )


def _omitted(picture: Picture, found: Found, grouped: int) -> Iterable[Omitted]:
    beyond = len(set(found.shape.numbers).difference(picture.shape.numbers))
    unseen = not (found.whole_up and found.whole_down)
    for reason, count in (("hidden", len(picture.all_hidden)), ("filtered", len(picture.filtered)), ("grouped", grouped)):
        if count:
            yield Omitted.model_validate({"reason": reason, "count": count})
    if beyond or unseen:
        yield Omitted(reason="beyond", count=beyond, at_least=unseen)
