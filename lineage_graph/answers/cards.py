"""Groups and single nodes as the cards of an answer, once the few that are named have their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from lineage_graph.answers.cluster import Bundle, Clusters, Group, LevelCount, Single, Toward
from lineage_graph.answers.groups import Grouping, Part, group_id
from lineage_graph.answers.shape import NO_LOOP, Role, Shape
from lineage_graph.models import Truncated

SAMPLES = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Named:
    """name: in full; label: a run's name to show, a version's without its project."""

    uid: str
    name: str
    label: str
    aliases: tuple[str, ...] = ()


def to_name(shape: Shape, grouping: Grouping) -> list[int]:
    """The nodes whose names the answer gives: single ones, a few of each group, who made it, and one of each loop."""
    wanted = {node for node, card in enumerate(grouping.card) if card < 0}
    wanted.update(loop[0] for loop in shape.loops)
    for part in grouping.parts:
        wanted.update(part.nodes[:SAMPLES])
        wanted.update(_makers(shape, part))
    return sorted(wanted)


def _makers(shape: Shape, part: Part) -> list[int]:
    return shape.before[part.nodes[0]] if part.rule == "made" else []


def clusters_of(
    shape: Shape,
    grouping: Grouping,
    named: Mapping[int, Named],
    *,
    home: int | None,
    name: str,
    direction: Toward,
    at_least: int,
    as_of: datetime | None,
    known_at: datetime | None,
    truncated: Truncated | None,
) -> Clusters:
    """The answer. name: home's, or the project's. named: every node of `to_name`.

    Cards are in the order of their level, then of their first node.
    """
    card = grouping.card
    ids = [group_id(shape, grouping.how, part, home, lambda node: named[node].uid) for part in grouping.parts]
    ends = [number if number >= 0 else ~node for node, number in enumerate(card)]  # below 0: single nodes, inverted
    sources, targets = zip(*shape.edges, strict=True) if shape.edges else ((), ())
    between = Counter(zip(map(ends.__getitem__, sources), map(ends.__getitem__, targets), strict=True))

    def id_of(end: int) -> str:
        return ids[end] if end >= 0 else named[~end].uid

    groups = [_group(shape, part, ids[i], between[i, i], named) for i, part in enumerate(grouping.parts)]
    order = sorted(range(len(groups)), key=lambda i: (grouping.parts[i].low, grouping.parts[i].nodes[0]))
    singles = [node for node, number in enumerate(card) if number < 0]
    singles.sort(key=lambda node: (shape.level[node], node))
    bundles = [Bundle(source=id_of(a), target=id_of(b), count=n) for (a, b), n in between.items() if a != b or a < 0]
    return Clusters(
        home=name,
        home_uid=None if home is None else named[home].uid,
        direction=direction,
        at_least=at_least,
        as_of=as_of,
        known_at=known_at,
        nodes=len(shape),
        levels=max(shape.level, default=-1) + 1,
        loops=len(shape.loops),
        counts=tuple(_counts(shape, grouping)),
        groups=tuple(groups[i] for i in order),
        singles=tuple(_single(shape, node, named[node]) for node in singles),
        bundles=tuple(sorted(bundles, key=lambda bundle: (bundle.source, bundle.target))),
        coarsened=grouping.given_up,
        truncated=truncated,
    )


def _group(shape: Shape, part: Part, key: str, inner: int, named: Mapping[int, Named]) -> Group:
    count = Counter(map(shape.role.__getitem__, part.nodes))
    roles = [shape.roles[i] for i in count]
    states: Counter[str] = Counter()
    for i, n in count.items():
        if shape.roles[i].kind == "run":
            states[shape.roles[i].state or ""] += n
    kind = _common(role.kind for role in roles)
    type_ = _common(role.type for role in roles)
    loop = _common(map(shape.loop.__getitem__, part.nodes))
    return Group(
        id=key,
        rule=part.rule,
        level=part.low,
        last_level=part.high,
        kind=kind,
        type=type_ if kind == "version" else None,
        job_type=type_ if kind == "run" else None,
        artifact=_common(role.artifact for role in roles),
        made_by=tuple(named[run].name for run in _makers(shape, part)),
        states=dict(sorted(states.items())),
        count=len(part.nodes),
        inner=inner,
        samples=tuple(named[node].name for node in part.nodes[:SAMPLES]),
        loop=None if loop == NO_LOOP else loop,
    )


def _common(values: Iterable[T]) -> T | None:
    """The value that all have; None where they differ."""
    different = set(values)
    return different.pop() if len(different) == 1 else None


def _single(shape: Shape, node: int, named: Named) -> Single:
    role, loop = shape.roles[shape.role[node]], shape.loop[node]
    return Single(
        uid=named.uid,
        kind=role.kind,
        name=named.name,
        label=named.label,
        level=shape.level[node],
        type=role.type if role.kind == "version" else None,
        job_type=role.type if role.kind == "run" else None,
        state=role.state,
        aliases=named.aliases,
        loop=None if loop == NO_LOOP else loop,
    )


def _counts(shape: Shape, grouping: Grouping) -> list[LevelCount]:
    level_of = {level: level for level in shape.level}
    if grouping.how.grain == "levels":
        level_of |= {level: part.low for part in grouping.parts for level in range(part.low, part.high + 1)}
    found: Counter[tuple[int, Role]] = Counter()
    for (level, role), n in Counter(zip(shape.level, shape.role, strict=True)).items():
        sort = shape.roles[role]
        found[level_of[level], Role(sort.kind, sort.type, sort.state)] += n
    rows = sorted(found.items(), key=lambda row: (row[0][0], row[0][1].kind, row[0][1].type or "", row[0][1].state or ""))
    return [
        LevelCount(
            level=level,
            kind=sort.kind,
            type=sort.type if sort.kind == "version" else None,
            job_type=sort.type if sort.kind == "run" else None,
            state=sort.state,
            count=n,
        )
        for (level, sort), n in rows
    ]
