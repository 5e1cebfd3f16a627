"""In what two versions or two runs differ: upstream, in what they were given, and in what came out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Literal

from lineage_graph.answers.changes import Change, Kind
from lineage_graph.answers.origins import Thing, Use
from lineage_graph.models import Frozen, RunNode, Truncated, VersionNode


class Counted(Frozen):
    """How many there are."""

    runs: int
    versions: int


class Side(Frozen):
    """One of the two that are compared.

    name:      in full. digest: of a version. run: the run whose settings are compared, that is itself, or the run that made
               the version; null where none is recorded.
    as_of:     only what had happened by then; null is now.
    ancestors: what it was made from, all the way back, itself not counted.
    """

    name: str
    uid: str
    kind: Literal["version", "run"]
    digest: str | None
    run: str | None
    as_of: datetime | None
    ancestors: Counted


class Nodes(Frozen):
    """Runs and versions upstream, the nearest first; `counts` counts those that a limit leaves out, too."""

    counts: Counted
    runs: tuple[RunNode, ...]
    versions: tuple[VersionNode, ...]


class Replaced(Frozen):
    """An artifact of which different versions lie upstream. a, b: their names, of those that are listed."""

    artifact: str
    a: tuple[str, ...]
    b: tuple[str, ...]


class Given(Frozen):
    """A version that a run used or logged. used_as: its role; null where none was said."""

    name: str
    digest: str
    used_as: str | None


class GivenChange(Frozen):
    """A version that the two runs do not have in common, paired by artifact and role. a, b: null where there is none."""

    artifact: str
    change: Kind
    a: Given | None
    b: Given | None


class FileChange(Frozen):
    """A file that differs. digests and sizes (bytes): null where the file is not there, or the size not known."""

    path: str
    change: Kind
    a_digest: str | None
    b_digest: str | None
    a_size: int | None
    b_size: int | None


class Files(Frozen):
    """The files of two versions compared. problem: why they could not be; null when they were."""

    problem: str | None
    changes: tuple[FileChange, ...]


class Diff(Frozen):
    """In what `b` differs from `a`.

    differ:      whether anything does.
    only_a:      upstream of `a` alone, depths from there; only_b likewise. both: upstream of both, counted; listed when asked
                 for, with depths from `a`.
    replaced:    artifacts with versions in both lists, only_a and only_b.
    inputs:      what the two runs used, by artifact and role. outputs: what they logged, by artifact.
    code:        step, commit, dirty, patch. command: but for the run's own id in it. environment: but for the folder.
    metadata:    of the two versions.
    files:       of the two versions; null for runs, and where no content store was asked.
    truncated:   null when the lists of runs and versions are whole; everything else always is.
    """

    a: Side
    b: Side
    known_at: datetime | None
    differ: bool
    only_a: Nodes
    only_b: Nodes
    both: Nodes
    replaced: tuple[Replaced, ...]
    inputs: tuple[GivenChange, ...]
    outputs: tuple[GivenChange, ...]
    config: tuple[Change, ...]
    code: tuple[Change, ...]
    command: tuple[Change, ...]
    environment: tuple[Change, ...]
    metadata: tuple[Change, ...]
    files: Files | None
    truncated: Truncated | None = None


Pair = tuple[Use | None, Use | None]
# By what two versions are taken for each other, the surest first.
ALIKE: tuple[Callable[[Use], Hashable], ...] = (
    lambda use: (use.thing.artifact, use.role),
    lambda use: use.thing.artifact,
    lambda use: ((use.thing.artifact or "").rpartition("/")[2], use.role),
)


def matched(a: Iterable[Use], b: Iterable[Use]) -> list[Pair]:
    """What two runs do not have in common, in pairs: by artifact and role, then by artifact, then by its name and role in
    another project; what finds no partner stands alone. Several of one artifact pair in the order of their numbers."""
    ours, theirs = set(a), set(b)
    left, right = sorted(ours - theirs, key=_place), sorted(theirs - ours, key=_place)
    pairs: list[Pair] = []
    for alike in ALIKE:
        waiting: dict[Hashable, list[Use]] = {}
        for use in reversed(right):
            waiting.setdefault(alike(use), []).append(use)
        alone = []
        for use in left:
            partners = waiting.get(alike(use))
            if partners:
                pairs.append((use, partners.pop()))
            else:
                alone.append(use)
        taken = {pair[1] for pair in pairs}
        left, right = alone, [use for use in right if use not in taken]
    pairs += [(use, None) for use in left] + [(None, use) for use in right]
    return sorted(pairs, key=lambda pair: _place(pair[0] or pair[1]))  # type: ignore[arg-type]


def _place(use: Use) -> tuple[str, str, int, str]:
    name = use.thing.name
    return (use.thing.artifact or "", use.role or "", len(name), name)


def given_changes(a: Iterable[Use], b: Iterable[Use]) -> tuple[GivenChange, ...]:
    """`matched`, as the answer says it."""
    return tuple(
        GivenChange(
            artifact=str((old or new).thing.artifact),  # type: ignore[union-attr]
            change="added" if old is None else "removed" if new is None else "changed",
            a=_given(old),
            b=_given(new),
        )
        for old, new in matched(a, b)
    )


def _given(use: Use | None) -> Given | None:
    return None if use is None else Given(name=use.thing.name, digest=str(use.thing.digest), used_as=use.role)


def replaced(a: Sequence[VersionNode], b: Sequence[VersionNode]) -> tuple[Replaced, ...]:
    """The artifacts that both lists have versions of."""
    ours, theirs = _by_artifact(a), _by_artifact(b)
    return tuple(
        Replaced(artifact=artifact, a=tuple(ours[artifact]), b=tuple(theirs[artifact]))
        for artifact in sorted(ours.keys() & theirs.keys())
    )


def _by_artifact(versions: Sequence[VersionNode]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted((v.name for v in versions), key=lambda name: (len(name), name)):
        found.setdefault(name.rpartition(":")[0], []).append(name)
    return found


def counted(depths: Iterable[int], home: Thing) -> Counted:
    """How many of what lies at these distances from `home` are runs, how many versions: the two take turns."""
    listed = list(depths)
    odd = sum(depth & 1 for depth in listed)
    even = len(listed) - odd
    return Counted(runs=odd, versions=even) if home.digest is not None else Counted(runs=even, versions=odd)
