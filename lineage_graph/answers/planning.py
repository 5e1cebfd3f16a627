"""Which runs to do again, chosen backwards from home. Pure.

A version is wanted from one run only: the one that made it first (its creator), or the earliest that is left where a time
cuts that one away. An input that is there is fetched rather than made, and then nothing before it is looked at; so a plan
is the least there is, and a run waits for another only where bytes are really missing. Home's own bytes do not count: who
asks for a plan wants to make it again. What `lineage-graph log` brought in came from outside: to do that again would ask for
the files that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from lineage_graph.answers.plan import Where

Row = Mapping[str, Any]
THERE = ("stored", "on disk")


class Version(NamedTuple):
    """A version as far as planning needs it. content: what the graph says of its bytes."""

    uid: str
    name: str
    type: str
    digest: str
    size: int | None
    content: str | None


class Found(NamedTuple):
    """Where a version's bytes are. at: the folder on disk that holds its files as they were logged, if there is one."""

    where: Where
    at: str | None = None


NOWHERE = Found("missing")
SAID = {"stored": Found("stored"), "elsewhere": Found("elsewhere")}


class AtHand(Protocol):
    """What is there outside the graph."""

    def find(self, version: Version) -> Found:
        """Where its bytes are: 'stored', 'on disk', 'elsewhere' or 'missing'."""

    def has_blob(self, digest: str) -> bool:
        """Whether bytes of that digest are in the content store."""


class ByRecord:
    """What the graph itself says, for where no content store is at hand. It does not know of patches."""

    def find(self, version: Version) -> Found:
        return SAID.get(version.content or "", NOWHERE)

    def has_blob(self, digest: str) -> bool:
        return False


@dataclass(frozen=True)
class Ways:
    """What lies upstream of home, by the server's numbers. uses: (version, used_as, asked) of each run; logs: the versions
    that each run logged; maker: the run that made a version first."""

    home: int
    runs: dict[int, tuple[str, str]]  # uid, full name
    versions: dict[int, Version]
    uses: dict[int, list[tuple[int, str | None, str | None]]]
    logs: dict[int, list[int]]
    maker: dict[int, int]


def ways_of(row: Row) -> Ways:
    """The row of reproduce/plan → Ways."""
    uses: dict[int, list[tuple[int, str | None, str | None]]] = {}
    for run, version, used_as, asked in zip(*row["used"], strict=True):
        uses.setdefault(run, []).append((version, used_as or None, asked or None))
    numbers, uids, names, brought_in = row["runs"]
    uid_of = dict(zip(numbers, uids, strict=True))
    bringers = {run for run, brought in zip(numbers, brought_in, strict=True) if brought and run not in uses}
    logs: dict[int, list[int]] = {}
    first: dict[int, tuple[bool, float, str, int]] = {}
    for run, version, created, at in zip(*row["logged"], strict=True):
        logs.setdefault(run, []).append(version)
        if run in bringers:
            continue
        candidate = (not created, at, uid_of.get(run, ""), run)
        if version not in first or candidate < first[version]:
            first[version] = candidate
    return Ways(
        home=row["home"],
        runs={number: (uid, name) for number, uid, name in zip(numbers, uids, names, strict=True)},
        versions={number: Version(*rest) for number, *rest in zip(*row["versions"], strict=True)},
        uses=uses,
        logs=logs,
        maker={version: best[3] for version, best in first.items()},
    )


@dataclass(frozen=True)
class Choice:
    """The runs to do again. made: versions that they need of one another, with the run that makes each; waits: (run, run that
    waits for it)."""

    runs: list[int]
    made: dict[int, int]
    fetch: dict[int, Found]
    skipped: list[int]
    waits: set[tuple[int, int]]


def choose(ways: Ways, find: Callable[[Version], Found], from_scratch: bool = False) -> Choice:
    """The least that has to be done again to make home.

    find: asked once about each version that a chosen run reads and that could be fetched. from_scratch: everything that a
    run made is made again, and only what came from outside is fetched.
    """
    made: dict[int, int] = {}
    fetch: dict[int, Found] = {}
    first = ways.home if ways.home in ways.runs else ways.maker.get(ways.home)
    if first is None:
        fetch[ways.home] = find(ways.versions[ways.home])
        return Choice([], made, fetch, [], set())
    chosen = {first: None}
    queue = [first]
    for run in queue:
        for version, _, _ in ways.uses.get(run, ()):
            if version in made or version in fetch:
                continue
            maker = ways.maker.get(version)
            if maker is None or not from_scratch:
                found = find(ways.versions[version])
                if maker is None or found.where in THERE:
                    fetch[version] = found
                    continue
            made[version] = maker
            if maker not in chosen:
                chosen[maker] = None
                queue.append(maker)
    waits = {(made[v], run) for run in queue for v, _, _ in ways.uses.get(run, ()) if v in made}
    return Choice(queue, made, fetch, _skipped(ways, first, chosen), waits)


def _skipped(ways: Ways, first: int, chosen: Mapping[int, None]) -> list[int]:
    """The runs that a plan from scratch would have besides."""
    seen = {first}
    queue = [first]
    for run in queue:
        for version, _, _ in ways.uses.get(run, ()):
            maker = ways.maker.get(version)
            if maker is not None and maker not in seen:
                seen.add(maker)
                queue.append(maker)
    return [run for run in queue if run not in chosen]
