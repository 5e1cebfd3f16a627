"""What is out of date: versions whose step would take another input now, and why.

What counts, and what does not:

1. An input has *moved* when the alias that the run asked by points to another version now (`because` 'alias'). Where the run
   asked by number, by digest or in a way that nobody recorded, it has moved when the artifact has a newer version: the one that
   `latest` points to, first seen after the run took its own (`because` 'artifact', the weaker cause: the step may want exactly
   what it took). What was there already when another was taken was passed over on purpose. An alias that was removed has not
   moved: the step would find nothing newer.
2. A version is stale when *no* run that logged it took what would be taken now: a rerun that came to the same bytes from the
   newer input makes it fresh, and a replay of the old ones does not make it stale again. Runs in a loop with the version
   (that used it, or what was made from it) do not count as its producers, unless it has no other.
3. Staleness is handed on: a run that took a stale version is stale, as it would take another once that one is made again.
   `path` is the shortest way from a stale version to an input that moved.
4. A version is *current* while an alias points to it. Only those are stale, and only they hand it on; others are superseded,
   and a run that took one has a moved input of its own. Where `all` is asked for, the newest version of each artifact by each
   step is looked at as well: one that its step has made anew, and that nothing points to, is nobody's concern.
5. An input whose newer version was made, in the end, from the run's own result is a feedback and has not moved: a training that
   goes on from `model:latest` would never be fresh. Loops are found together, with what each step would take now among the
   edges.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lineage_graph.answers.order import loops
from lineage_graph.models import Frozen, Truncated

Because = Literal["alias", "artifact"]


class MovedInput(Frozen):
    """An input that a run would not take now.

    run:   who took it. took: the version it took; now: what it would take.
    asked: how it asked, such as 'latest', 'v3' or a digest; null where that is not known. used_as: the role.
    """

    run: str
    took: str
    now: str
    asked: str | None
    used_as: str | None
    because: Because


class StaleVersion(Frozen):
    """A version that is out of date. step: of the run on the path; source_id: as in every version.

    moved: the inputs that its own runs took and that have moved; empty where it is stale only as something upstream is.
    cause: the input at the end of `path`.
    path:  names from this version to that input: a version, the run that logged it, the version this took, …
    """

    uid: str
    name: str
    type: str
    aliases: tuple[str, ...]
    created_at: datetime
    source_id: str | None
    step: str | None
    because: Because
    moved: tuple[MovedInput, ...]
    cause: MovedInput
    path: tuple[str, ...]


class Stale(Frozen):
    """What is out of date in a project, or of one version and what it was made from.

    scope:   the project, or the version in full.
    because: only causes of this kind were looked for; null is both.
    all:     whether versions without an alias were looked at.
    checked: how many versions were looked at. count: how many of them are stale.
    versions: the page that was asked for, those with the shortest path first.
    truncated: null when the page ends with the last one.
    """

    scope: str
    as_of: datetime | None
    known_at: datetime | None
    all: bool
    because: Because | None
    checked: int
    count: int
    versions: tuple[StaleVersion, ...]
    truncated: Truncated | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A run took a version. at: seconds since 1970."""

    version: int
    asked: str | None
    used_as: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name means: the version with this number and name, first seen at that time."""

    version: int
    name: str
    seen: float


@dataclass(frozen=True, slots=True)
class Move:
    """An input that moved, by numbers."""

    run: int
    use: Use
    now: Meaning
    because: Because


@dataclass(slots=True)
class Taken:
    """What the steps took, as far as it is known: rows of lineage/taken_in and lineage/taken_upstream, put together.

    names:    of versions and runs. steps: of runs. producers: of versions. uses: of runs.
    meanings: of (artifact, alias); alias None: the newest version, where there is no `latest`; value None: it was removed.
    """

    names: dict[int, str] = field(default_factory=dict)
    steps: dict[int, str | None] = field(default_factory=dict)
    producers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    uses: dict[int, set[Use]] = field(default_factory=lambda: defaultdict(set))
    meanings: dict[tuple[str, str | None], Meaning | None] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes in one answer of the graph; what is in it twice is in it once."""
        self.names.update(zip(*row["versions"], strict=True))
        numbers, names, steps = row["runs"]
        self.names.update(zip(numbers, names, strict=True))
        self.steps.update(zip(numbers, steps, strict=True))
        for version, run in zip(*row["made"], strict=True):
            self.producers[version].add(run)
        for run, version, asked, used_as, at in zip(*row["used"], strict=True):
            self.uses[run].add(Use(version, asked or None, used_as or None, at))
        for artifact, alias, version, name, seen in row["names"]:
            self.meanings[artifact, alias] = None if version is None else Meaning(version, name, seen)

    def aliases(self) -> dict[int, list[str]]:
        """The aliases of each version that has any."""
        found: dict[int, list[str]] = defaultdict(list)
        for (_, alias), meaning in self.meanings.items():
            if alias is not None and meaning is not None:
                found[meaning.version].append(alias)
        return {version: sorted(names) for version, names in found.items()}

    def moves(self, because: Because | None = None) -> Iterator[Move]:
        """The inputs that moved; feedbacks among them."""
        for run, uses in self.uses.items():
            for use in uses:
                artifact = artifact_of(self.names[use.version])
                named = use.asked is not None and (artifact, use.asked) in self.meanings
                if named:
                    now = self.meanings[artifact, use.asked]
                else:
                    now = self.meanings.get((artifact, "latest")) or self.meanings.get((artifact, None))
                why: Because = "alias" if named else "artifact"
                if now is None or now.version == use.version or because not in (None, why):
                    continue
                if named or now.seen > use.at:
                    yield Move(run, use, now, why)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is stale. moves: of each run that has any, without feedbacks.

    next: one step on the shortest way to an input that moved: from a stale version its run; from a stale run the version that
          it took, or the Move that is the end.
    distance: how many relationships that way has.
    """

    versions: tuple[int, ...]
    moves: Mapping[int, Sequence[Move]]
    next: Mapping[int, int | Move]
    distance: Mapping[int, int]

    def way(self, version: int) -> tuple[list[int], Move]:
        """The numbers on the way from a stale version, and the move at its end."""
        steps, here = [version], self.next[version]
        while not isinstance(here, Move):
            steps.append(here)
            here = self.next[here]
        return [*steps, here.use.version], here


def artifact_of(version: str) -> str:
    """'project/name' of 'project/name:vN'."""
    return version.rpartition(":")[0]


def number_of(version: str) -> int:
    """N of 'project/name:vN'."""
    return int(version.rpartition(":v")[2])


def newest_of_steps(taken: Taken, versions: Iterable[int]) -> set[int]:
    """Of each artifact the newest version by each step; versions that no step made are nobody's."""
    newest: dict[tuple[str, str | None], int] = {}
    for version in versions:
        name = taken.names[version]
        for step in {taken.steps[run] for run in taken.producers.get(version, ())}:
            key = (artifact_of(name), step)
            if key not in newest or number_of(taken.names[newest[key]]) < number_of(name):
                newest[key] = version
    return set(newest.values())


def judge(taken: Taken, current: Set[int], because: Because | None = None) -> Verdict:
    """Which of the versions `current` are stale, and the shortest way to a cause; linear in what was taken."""
    real = [(use.version, run) for run, uses in taken.uses.items() for use in uses]
    real += [(run, version) for version, runs in taken.producers.items() for run in runs]
    moves = _without_feedback(taken, list(taken.moves(because)), real)
    producers = _outside_loops(taken, real)
    outputs: dict[int, list[int]] = defaultdict(list)
    for version, runs in producers.items():
        for run in runs:
            outputs[run].append(version)
    consumers: dict[int, set[int]] = defaultdict(set)
    for run, uses in taken.uses.items():
        for use in uses:
            consumers[use.version].add(run)

    fresh = {version: len(runs) for version, runs in producers.items()}
    stale = set(moves)
    queue = deque(moves)
    while queue:
        for version in outputs[queue.popleft()]:
            fresh[version] -= 1
            if fresh[version] == 0 and version in current:
                stale.add(version)
                new = consumers[version] - stale
                stale |= new
                queue.extend(new)
    return _ways(taken, moves, stale, outputs, consumers)


def _without_feedback(taken: Taken, moves: list[Move], real: list[tuple[int, int]]) -> dict[int, list[Move]]:
    """The moves of each run but those whose newer version comes from the run itself, in the end."""
    loop_of = _loop_of([*real, *((move.now.version, move.run) for move in moves)]) if moves else {}
    found: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        if move.run not in loop_of or loop_of[move.run] != loop_of.get(move.now.version):
            found[move.run].append(move)
    for of_run in found.values():
        of_run.sort(key=lambda m: (m.because, taken.names[m.use.version], m.use.asked or "", m.use.used_as or ""))
    return found


def _outside_loops(taken: Taken, real: list[tuple[int, int]]) -> dict[int, set[int]]:
    """The producers of each version, without those in a loop with it unless there are no others."""
    if all(len(runs) == 1 for runs in taken.producers.values()):
        return taken.producers
    loop_of = _loop_of(real)
    found = {}
    for version, runs in taken.producers.items():
        outside = {run for run in runs if run not in loop_of or loop_of[run] != loop_of.get(version)}
        found[version] = outside or runs
    return found


def _loop_of(edges: list[tuple[int, int]]) -> dict[int, int]:
    """The number of the loop that a node is in."""
    return {node: i for i, loop in enumerate(loops({n for edge in edges for n in edge}, edges)) for node in loop}


def _ways(
    taken: Taken,
    moves: Mapping[int, list[Move]],
    stale: Set[int],
    outputs: Mapping[int, list[int]],
    consumers: Mapping[int, Set[int]],
) -> Verdict:
    """The shortest way from each stale node to an input that moved: one breadth-first search from all of these at once.

    Of ways that are equally long it is the one by an alias, then the first by name.
    """
    names = taken.names
    runs = sorted(moves, key=lambda run: (moves[run][0].because, names[run]))
    after: dict[int, int | Move] = {run: moves[run][0] for run in runs}
    distance = dict.fromkeys(runs, 1)
    level = runs
    found: list[int] = []
    while level:
        reached = []
        for here in level:
            is_run = here in taken.steps
            for node in sorted(outputs.get(here, ()) if is_run else consumers.get(here, ()), key=names.__getitem__):
                if node in stale and node not in after:
                    after[node], distance[node] = here, distance[here] + 1
                    reached.append(node)
                    if is_run:
                        found.append(node)
        level = reached
    found.sort(key=lambda version: (distance[version], artifact_of(names[version]), number_of(names[version])))
    return Verdict(tuple(found), moves, after, distance)
