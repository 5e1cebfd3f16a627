"""What a change touches: how much is downstream, of what kind, by whom, and which names point into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from lineage_graph.models import Frozen, RunNode, Truncated, VersionNode
from lineage_graph.names import LATEST

RunGroup = tuple[str, str | None, str | None, str, int]  # project, job type, author, state, how many
VersionGroup = tuple[str, str | None, str | None, int]  # project, type, author, how many


class AffectedGroup(Frozen):
    """Runs of one job type or versions of one type, by one author. author: of a version, that of the run that made it."""

    kind: Literal["run", "version"]
    type: str | None
    author: str | None
    count: int


class AffectedProject(Frozen):
    """How much of what is downstream is in one project."""

    project: str
    runs: int
    versions: int


class AffectedState(Frozen):
    """How many of the runs downstream are in one state, such as 'finished' or 'failed'."""

    state: str
    runs: int


class AffectedAlias(Frozen):
    """A name that points to a version downstream. artifact: 'project/name'; depth: of that version."""

    alias: str
    artifact: str
    version: str
    depth: int


class Impact(Frozen):
    """What is downstream of `home`, counted where it is.

    home:      the version or run asked about, in full. It is not counted and not listed, even where it is made from itself.
    looped:    whether it is: a run downstream of it logged it again, or uses what it made.
    depth:     how far was looked; null is all the way.
    run_count, version_count: how many runs and versions are downstream.
    groups:    these by kind, type and author, the largest first. projects, states: by project and by state of the run.
    aliases:   the names that point into it, the nearest first; `latest` apart, which each artifact that was logged has.
    runs, versions: the page that was asked for, the nearest first.
    truncated: null when the page ends with the last one.
    """

    home: str
    looped: bool
    as_of: datetime | None
    known_at: datetime | None
    depth: int | None
    run_count: int
    version_count: int
    groups: tuple[AffectedGroup, ...]
    projects: tuple[AffectedProject, ...]
    states: tuple[AffectedState, ...]
    aliases: tuple[AffectedAlias, ...]
    latest: tuple[AffectedAlias, ...]
    runs: tuple[RunNode, ...]
    versions: tuple[VersionNode, ...]
    truncated: Truncated | None = None


def groups(runs: Iterable[RunGroup], versions: Iterable[VersionGroup]) -> list[AffectedGroup]:
    """The table by kind, type and author; the largest first, then by kind and words."""
    counts: Counter[tuple[Literal["run", "version"], str | None, str | None]] = Counter()
    for _, job_type, author, _, count in runs:
        counts["run", job_type, author] += count
    for _, kind, author, count in versions:
        counts["version", kind, author] += count
    found = [AffectedGroup(kind=k, type=t, author=a, count=n) for (k, t, a), n in counts.items()]
    return sorted(found, key=lambda g: (-g.count, g.kind, g.type or "", g.author or ""))


def projects(runs: Iterable[RunGroup], versions: Iterable[VersionGroup]) -> list[AffectedProject]:
    """How much is in which project; the largest first."""
    of_runs: Counter[str] = Counter()
    of_versions: Counter[str] = Counter()
    for project, *_, count in runs:
        of_runs[project] += count
    for project, *_, count in versions:
        of_versions[project] += count
    found = [AffectedProject(project=p, runs=of_runs[p], versions=of_versions[p]) for p in {**of_runs, **of_versions}]
    return sorted(found, key=lambda p: (-p.runs - p.versions, p.project))


def states(runs: Iterable[RunGroup]) -> list[AffectedState]:
    """How many runs are in which state; the most frequent first."""
    counts: Counter[str] = Counter()
    for *_, state, count in runs:
        counts[state] += count
    return [AffectedState(state=s, runs=n) for s, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def aliases(rows: Iterable[Sequence[object]]) -> tuple[list[AffectedAlias], list[AffectedAlias]]:
    """(names that people gave, `latest` ones) of [alias, artifact, version, depth] rows; the nearest first."""
    fields = ("alias", "artifact", "version", "depth")
    found = [AffectedAlias.model_validate(dict(zip(fields, row, strict=True))) for row in rows]
    found.sort(key=lambda a: (a.depth, a.alias, a.version))
    return [a for a in found if a.alias != LATEST], [a for a in found if a.alias == LATEST]
