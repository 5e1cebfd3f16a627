"""What is seen of a lineage around one thing, for drawing: cards, what leads from one to another, and what is left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from lineage_graph.answers.cluster import GivenUp, Rule
from lineage_graph.models import Frozen, Truncated

Scope = Literal["direct", "full"]
CardKind = Literal["run", "version", "mixed"]
Reason = Literal["hidden", "filtered", "beyond", "grouped"]


class More(Frozen):
    """How many neighbours of a card are recorded and not on the picture, before it and after it.

    Hidden and filtered ones do not count. null: not counted, as may be of a group."""

    up: int | None
    down: int | None


class ViewCard(Frozen):
    """A run, a version, or a group of them.

    id:       a uid; of a group 'g:' and the uid of its first member, also after others have joined it or left.
    kind:     'mixed' where a group has runs and versions.
    name:     in full; null for a group. label: a run's name, a version's without its project; null for a group.
    type:     the version's type or the run's job type; null where it differs or none was said.
    artifact: what all versions of a group are of. made_by: the runs that each logged all of them.
    project:  null where it differs or is not known of all.
    state:    of a run. states: how many runs of a group are in which state.
    count:    how many runs and versions it stands for. group: its id once more, to ask for its members; null for a single one.
    rule:     what made the group: see `Group`. samples: labels of a few.
    level:    by the longest path among the cards; 0 has nothing before it. What runs in a circle shares a level.
    loop:     the number of the circle it is in; null for most.
    """

    id: str
    kind: CardKind
    name: str | None
    label: str | None
    type: str | None
    artifact: str | None
    made_by: tuple[str, ...]
    project: str | None
    state: str | None
    states: dict[str, int]
    aliases: tuple[str, ...]
    count: int
    group: str | None
    rule: Rule | None
    samples: tuple[str, ...]
    level: int
    loop: int | None
    more: More
    hidden_by: None = None


class ViewEdge(Frozen):
    """What leads from one card to another, in the direction of data. source, target: ids of cards.

    count: how many edges; where `via`, how many things of the target are reached.
    back:  it closes a circle; all others together make none.
    via:   it stands for ways through what is hidden or filtered.
    """

    source: str
    target: str
    count: int
    back: bool
    via: bool


class Facets(Frozen):
    """What there would be without filters by type and job type, and how much; '' is for none."""

    types: dict[str, int]
    job_types: dict[str, int]


class Hidden(Frozen):
    """Something that was to be hidden. name or group: as it was asked. count: what that left out; 0 when it is not there."""

    name: str | None
    group: str | None
    label: str
    kind: CardKind | None
    count: int


class Omitted(Frozen):
    """How many runs and versions are not cards of their own, and why. Those 'grouped' are on the picture, in groups.

    at_least: whether there may be more of them; only of those 'beyond', when it was not looked how far it goes.
    """

    reason: Reason
    count: int
    at_least: bool = False


class Asked(Frozen):
    """A query that was run."""

    name: str
    parameters: dict[str, Any]


class View(Frozen):
    """A picture of what is before and after one run or version, the home of the picture.

    home:      the id of its card. name: its name in full.
    up, down:  how many relationships were looked; null is all there are.
    nodes:     how many runs and versions are on the picture, those in groups counted; runs and versions: likewise.
    omitted:   single cards, and what this says, are together all that was found.
    coarsened: what was given up to have no more cards than asked for: see `Clusters`.
    truncated: not null when time ran out; its cursor is the depth up to which it is whole.
    """

    home: str
    name: str
    as_of: datetime | None
    known_at: datetime | None
    scope: Scope
    up: int | None
    down: int | None
    nodes: int
    runs: int
    versions: int
    cards: tuple[ViewCard, ...]
    edges: tuple[ViewEdge, ...]
    facets: Facets
    hidden: tuple[Hidden, ...]
    omitted: tuple[Omitted, ...]
    coarsened: tuple[GivenUp, ...]
    truncated: Truncated | None
    queries: tuple[Asked, ...]
