"""Why two versions (or two runs) are not the same: the differences upstream that explain it, the first one first.

The two lineages are followed side by side. A pair of versions with different digests leads to the pair of runs that made
them; a pair of runs leads to those of their inputs that differ, paired by artifact and role. Where there is nothing further to
follow, or a run was told something else, there is a cause. Each pair is visited once, so loops and many ways do no harm, and
nothing that is the same is followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from lineage_graph.answers.changes import (
    Change,
    Told,
    changes,
    code_changes,
    command_changes,
    environment_changes,
)
from lineage_graph.answers.diff import GivenChange, given_changes, matched
from lineage_graph.answers.origins import Origins, Thing, Use
from lineage_graph.models import Frozen, Truncated

CauseKind = Literal["input", "code", "config", "command", "environment", "not deterministic", "no producer", "same run", "loop"]
KINDS: tuple[CauseKind, ...] = (
    "input", "code", "config", "command", "environment", "no producer", "same run", "not deterministic", "loop",
)  # fmt: skip


class Link(Frozen):
    """A pair on the way up: two versions or two runs, in full; digests and role of versions."""

    kind: Literal["version", "run"]
    a: str
    b: str
    a_digest: str | None = None
    b_digest: str | None = None
    used_as: str | None = None


class Cause(Frozen):
    """A difference that explains others nearer to home.

    kind:    'input': data from outside differ, or only one of two runs had an input; 'code', 'config', 'command',
             'environment': two runs were told to work differently; 'no producer': nothing is recorded of how one of two
             versions was made; 'same run': one run logged both (or is itself at another time); 'not deterministic':
             everything recorded is the same, and the result is not; 'loop': two lineages lead back to themselves with no
             other difference.
    chain:   the pairs from the two things asked about (first) to where the difference is (last).
    changes: what differs in code, config, command or environment. inputs: those that only one of the runs had.
    """

    kind: CauseKind
    chain: tuple[Link, ...]
    changes: tuple[Change, ...] = ()
    inputs: tuple[GivenChange, ...] = ()


class Why(Frozen):
    """What explains that `a` and `b` are not the same.

    same:   nothing is to be explained: one digest (of runs: nothing differs, and they logged the same).
    causes: what explains it, the furthest upstream first; the first one of all is the answer.
    pairs:  how many pairs were compared.
    """

    a: str
    b: str
    a_as_of: datetime | None
    b_as_of: datetime | None
    known_at: datetime | None
    same: bool
    causes: tuple[Cause, ...]
    pairs: int
    truncated: Truncated | None = None


@dataclass(frozen=True)
class Pair:
    """Two things that differ, and the pair nearer to home that led here."""

    a: Thing
    b: Thing
    role: str | None
    below: Pair | None
    depth: int

    def link(self) -> Link:
        if self.a.digest is None:
            return Link(kind="run", a=self.a.name, b=self.b.name)
        return Link(
            kind="version", a=self.a.name, b=self.b.name, a_digest=self.a.digest, b_digest=self.b.digest, used_as=self.role
        )

    def chain(self) -> tuple[Link, ...]:
        links, pair = [], self
        while True:
            links.append(pair.link())
            if pair.below is None:
                return tuple(reversed(links))
            pair = pair.below


@dataclass
class Followed:
    """The pairs that were met, the nearest first. ends: what can be said without knowing what runs were told.

    alone: of a pair of runs, inputs that only one had. led: of a pair of runs, whether inputs that differ led on.
    """

    runs: list[Pair] = field(default_factory=list)
    pairs: int = 0
    ends: list[tuple[Pair, CauseKind]] = field(default_factory=list)
    alone: dict[int, tuple[GivenChange, ...]] = field(default_factory=dict)
    led: set[int] = field(default_factory=set)
    last: Pair | None = None

    def of(self, side: Literal["a", "b"]) -> list[str]:
        """uids of the runs of one side, each once."""
        return list(dict.fromkeys(getattr(pair, side).uid for pair in self.runs))


def follow(a: Origins, b: Origins) -> Followed:
    """Follows two lineages side by side, breadth first."""
    found = Followed()
    queue = [Pair(a.home, b.home, None, None, 0)]
    met = {(a.home.uid, b.home.uid)}
    for pair in queue:
        found.last = pair
        for old, new, role in _above(pair, a, b, found):
            if (old.uid, new.uid) not in met:
                met.add((old.uid, new.uid))
                queue.append(Pair(old, new, role, pair, pair.depth + 1))
    found.pairs = len(queue)
    return found


def _above(pair: Pair, a: Origins, b: Origins, found: Followed) -> Iterator[tuple[Thing, Thing, str | None]]:
    """The pairs one step up."""
    if pair.a.digest is not None:
        made_a, made_b = a.maker.get(pair.a.uid), b.maker.get(pair.b.uid)
        if made_a is not None and made_b is not None and made_a.uid != made_b.uid:
            yield made_a, made_b, None
        elif made_a is None and made_b is None:
            found.ends.append((pair, "input"))
        else:
            found.ends.append((pair, "same run" if made_a is not None and made_b is not None else "no producer"))
        return
    found.runs.append(pair)
    alone: list[tuple[Use | None, Use | None]] = []
    for old, new in matched(a.used.get(pair.a.uid, ()), b.used.get(pair.b.uid, ())):
        if old is None or new is None:
            alone.append((old, new))
        elif old.thing.digest != new.thing.digest:
            found.led.add(id(pair))
            yield old.thing, new.thing, new.role
    if alone:
        found.alone[id(pair)] = given_changes((o for o, _ in alone if o), (n for _, n in alone if n))


def explain(found: Followed, a: Mapping[str, Told], b: Mapping[str, Told], *, results_differ: bool) -> list[Cause]:
    """The causes, the furthest upstream first, then by kind and name.

    results_differ: whether what is asked about is known to differ; of two runs that logged the same it is not, and then
    nothing has to be found.
    """
    causes = [(pair, Cause(kind=kind, chain=pair.chain())) for pair, kind in found.ends]
    for pair in found.runs:
        own = list(_own(pair, found, a.get(pair.a.uid), b.get(pair.b.uid)))
        if not own and id(pair) not in found.led and (results_differ or pair.below is not None):
            own = [Cause(kind="same run" if pair.a.uid == pair.b.uid else "not deterministic", chain=pair.chain())]
        causes += [(pair, cause) for cause in own]
    if not causes and results_differ and found.last is not None:
        causes = [(found.last, Cause(kind="loop", chain=found.last.chain()))]
    causes.sort(key=lambda c: (-c[0].depth, KINDS.index(c[1].kind), c[0].a.name, c[0].b.name))
    return [cause for _, cause in causes]


def _own(pair: Pair, found: Followed, a: Told | None, b: Told | None) -> Iterator[Cause]:
    """What two runs were told differently."""
    if id(pair) in found.alone:
        yield Cause(kind="input", chain=pair.chain(), inputs=found.alone[id(pair)])
    if a is None or b is None:
        return
    told: Iterable[tuple[CauseKind, Sequence[Change]]] = (
        ("code", code_changes(a, b)),
        ("config", changes(a.config, b.config)),
        ("command", command_changes(a, b)),
        ("environment", environment_changes(a, b)),
    )
    for kind, differences in told:
        if differences:
            yield Cause(kind=kind, chain=pair.chain(), changes=tuple(differences))
