"""A large lineage as a few cards: groups of runs and versions, what is left single, and how many edges run between them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from lineage_graph.models import Frozen, RunNode, Truncated, VersionNode

Kind = Literal["run", "version"]
Rule = Literal["made", "neighbours", "level"]
Toward = Literal["upstream", "downstream", "both", "project"]
GivenUp = Literal["neighbours", "made", "type", "kind", "levels"]
Sort = Literal["name", "created", "started", "size", "state"]


class LevelCount(Frozen):
    """How many runs or versions of one sort are on a level.

    level: by the longest path, 0 where nothing comes before; the first of several levels where levels were taken together.
    type:  the versions' type. job_type and state: the runs'; null where none was said.
    """

    level: int
    kind: Kind
    type: str | None
    job_type: str | None
    state: str | None
    count: int


class Group(Frozen):
    """Several runs or versions as one card.

    id:       give it to `members`. It says how to find them again, in a later process too.
    rule:     'made', versions of one artifact that the same run made; 'neighbours', what used and was used by exactly the same;
              'level', what is of one sort on one level.
    level:    the level of all of them. last_level: the same, unless levels were taken together.
    kind, type, job_type, artifact: what they have in common; null where it differs, or is not of such things.
    made_by:  the runs that logged the versions, each of them all of them: one, unless a run came to the same again.
    states:   how many of the runs are in which state.
    count:    how many runs and versions there are. inner: edges between them.
    samples:  names of a few, the first that were recorded.
    loop:     the number of the loop that they are part of. Edges between cards of one loop may run both ways; all others climb.
    """

    id: str
    rule: Rule
    level: int
    last_level: int
    kind: Kind | None
    type: str | None
    job_type: str | None
    artifact: str | None
    made_by: tuple[str, ...]
    states: dict[str, int]
    count: int
    inner: int
    samples: tuple[str, ...]
    loop: int | None


class Single(Frozen):
    """A run or version that is a card of its own. name: in full; label: a run's name to show, a version's without project."""

    uid: str
    kind: Kind
    name: str
    label: str
    level: int
    type: str | None
    job_type: str | None
    state: str | None
    aliases: tuple[str, ...]
    loop: int | None


class Bundle(Frozen):
    """Edges from one card to another, in the direction of data. source, target: a group's id or a single's uid."""

    source: str
    target: str
    count: int


class Clusters(Frozen):
    """A lineage, grouped for drawing: each run and version is in exactly one group, or single.

    home:      the name the walk began at, in full; it is always single. For a whole project its name, without a home_uid.
    nodes:     how many runs and versions there are; edges between them are counted in `bundles` and in the groups' `inner`.
    levels:    how many levels there are. loops: how many loops.
    counts:    by level, kind, type, job type and state.
    coarsened: what was given up, in this order, to have no more cards than were asked for: groups by identical neighbours,
               groups by run, the type in the key of a level's groups, the kind, and single levels.
    truncated: null when everything was looked at; else `cursor` is the depth up to which it is whole, for `members` too.
    """

    home: str
    home_uid: str | None
    direction: Toward
    at_least: int
    as_of: datetime | None
    known_at: datetime | None
    nodes: int
    levels: int
    loops: int
    counts: tuple[LevelCount, ...]
    groups: tuple[Group, ...]
    singles: tuple[Single, ...]
    bundles: tuple[Bundle, ...]
    coarsened: tuple[GivenUp, ...]
    truncated: Truncated | None = None


class Members(Frozen):
    """A page of a group's members: runs before versions, each in the order that was asked for.

    home:      the name the walk began at, in full; a project's name for a whole project. group: the id of the group.
    count:     how many there are. found: how many of them match the search.
    truncated: where to go on, when there are more.
    The runs' and versions' depth is 0 in a whole project.
    """

    home: str
    group: str
    as_of: datetime | None
    known_at: datetime | None
    count: int
    found: int
    runs: tuple[RunNode, ...]
    versions: tuple[VersionNode, ...]
    truncated: Truncated | None = None
