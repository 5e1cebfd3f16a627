"""Small named worlds, and readers of the acceptance data: who used and logged what, turned into events and into a graph.

A world is runs in order, each with what it used and logged. A thing is written 'artifact' or 'artifact#content': same
artifact and same content are one version. Time goes by in a world: run i happens i minutes after START.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import Entry, genesis, seal
from lineage_graph.ledger import Ledger
from lineage_graph.names import ArtifactName, RunName

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
RUNS_AN_ENTRY = 200
JOB = "work"


@dataclass(frozen=True)
class Step:
    """One run: its id, and the things it used and logged."""

    id: str
    used: tuple[str, ...]
    logged: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """Runs in the order they happened."""

    steps: tuple[Step, ...]

    @cached_property
    def above(self) -> dict[str, list[str]]:
        """What each thing and each run ('run ID') came from, one step back."""
        edges: dict[str, list[str]] = {}
        for step in self.steps:
            edges.setdefault(f"run {step.id}", []).extend(step.used)
            for thing in step.logged:
                edges.setdefault(thing, []).append(f"run {step.id}")
        return edges

    def upstream(self, start: str) -> dict[str, int]:
        """Everything `start` was made from with its distance, by a plain breadth-first search: the tests' oracle."""
        found, queue = {start: 0}, [start]
        for node in queue:
            for above in self.above.get(node, ()):
                if above not in found:
                    found[above] = found[node] + 1
                    queue.append(above)
        return found


def artifact_of(project: str, thing: str) -> ArtifactName:
    return ArtifactName(project, thing.partition("#")[0])


def digest_of(thing: str) -> str:
    return f"sha256:{sha256(thing.encode()).hexdigest()}"


def uid_of(project: str, node: str) -> str:
    """The uid of a thing, or of 'run ID'."""
    if node.startswith("run "):
        return RunName(project, node.removeprefix("run ")).uid
    return artifact_of(project, node).version_uid(digest_of(node))


def events_of(project: str, step: Step, at: datetime) -> Iterator[Event]:
    """What a recorder would have said of that run: 1 s to start, 1 s to use, 1 s to log."""
    run = f"{project}/runs/{step.id}"
    yield RunStarted(run=run, at=at, job_type=JOB, step="work.py")
    for thing in step.used:
        artifact, digest = str(artifact_of(project, thing)), digest_of(thing)
        yield Used(run=run, at=at + timedelta(seconds=1), artifact=artifact, digest=digest, type="dataset", source_id=thing)
    for thing in step.logged:
        artifact, digest = str(artifact_of(project, thing)), digest_of(thing)
        yield Logged(
            run=run, at=at + timedelta(seconds=2), artifact=artifact, digest=digest, type="dataset", size=1, source_id=thing
        )
    yield RunFinished(run=run, at=at + timedelta(seconds=3))


def entries_of(project: str, world: World) -> Iterator[Entry]:
    """The world as a journal's entries, many runs in each."""
    journal, seq = new_uid(), 0
    head = genesis(journal)
    events: list[Event] = []
    for number, step in enumerate(world.steps, 1):
        events += events_of(project, step, START + timedelta(minutes=number - 1))
        if number % RUNS_AN_ENTRY == 0 or number == len(world.steps):
            seq += 1
            entry = seal(journal, seq, head, events)
            head, events = entry.hash, []
            yield entry


def record(graph: Graph, project: str, world: World) -> None:
    """Puts a world into the graph, the one way there is."""
    Ledger(graph).apply(entries_of(project, world))


def steps(lines: Iterable[tuple[str, str, str]]) -> World:
    """A world from (id, 'what it used', 'what it logged') lines."""
    return World(tuple(Step(run, tuple(used.split()), tuple(logged.split())) for run, used, logged in lines))


# ── named worlds ──────────────────────────────────────────────────────────────────────────────────────────────────────


def one_model() -> World:
    """raw → split → model."""
    return steps([("ingest", "", "raw"), ("split", "raw", "train test"), ("fit", "train", "model")])


def diamond() -> World:
    """Two ways from raw to report."""
    return steps([("ingest", "", "raw"), ("left", "raw", "a"), ("right", "raw", "b"), ("join", "a b", "report")])


def two_heads() -> World:
    """One run logs two models, which different runs use; one result was reached twice."""
    return steps(
        [
            ("ingest", "", "raw"),
            ("fit", "raw", "small large"),
            ("try-small", "small", "score"),
            ("try-large", "large", "score"),
        ]
    )


def loop() -> World:
    """A run that logs the bytes it used, and one that goes on from them."""
    return steps([("ingest", "", "raw"), ("tidy", "raw", "raw clean"), ("fit", "clean", "model")])


def cycle() -> World:
    """Two runs that make each other's input."""
    return steps([("there", "a", "b"), ("back", "b", "a"), ("on", "b", "c")])


def long_chain(length: int) -> World:
    """Run after run, each with the version of the one before."""
    return World(tuple(Step(f"r{i}", (f"v#{i - 1}",) if i else (), (f"v#{i}",)) for i in range(length)))


def wide_sweep(width: int) -> World:
    """`width` trainings on one data set, and a report on all of them."""
    fits = [Step(f"fit{i}", ("raw",), (f"model#{i}",)) for i in range(width)]
    report = Step("report", tuple(f"model#{i}" for i in range(width)), ("report",))
    return World((Step("ingest", (), ("raw",)), *fits, report))


def ladder(layers: int) -> World:
    """Layers of two runs, each using both versions of the layer before: 2^layers ways to the bottom."""
    made = []
    for i in range(layers):
        used = (f"a#{i - 1}", f"b#{i - 1}") if i else ()
        made += [Step(f"a{i}", used, (f"a#{i}",)), Step(f"b{i}", used, (f"b#{i}",))]
    return World(tuple(made))


def woods(runs: int, seed: int = 7, window: int = 1000) -> World:
    """A project as projects grow: each run uses three of the last `window` versions and logs two."""
    chance = random.Random(seed)
    made: list[str] = []
    grown = []
    for i in range(runs):
        recent = made[-window:]
        used = tuple(chance.sample(recent, min(3, len(recent))))
        logged = (f"out{chance.randrange(20)}#{2 * i}", f"out{chance.randrange(20)}#{2 * i + 1}")
        made += logged
        grown.append(Step(f"r{i}", used, logged))
    return World(tuple(grown))


# ── acceptance data ───────────────────────────────────────────────────────────────────────────────────────────────────


def wfformat(path: Path) -> World:
    """A WfFormat 1.5 workflow: task = run, file = version; parents before children."""
    tasks = json.loads(path.read_bytes())["workflow"]["specification"]["tasks"]
    by_id = {task["id"]: task for task in tasks}
    waits = {task["id"]: set(task["parents"]) for task in tasks}
    ready = [task for task, parents in waits.items() if not parents]
    order = []
    for task in ready:
        order.append(task)
        for child in by_id[task]["children"]:
            waits[child].discard(task)
            if not waits[child]:
                ready.append(child)
    assert len(order) == len(tasks)
    return World(tuple(Step(t, tuple(by_id[t]["inputFiles"]), tuple(by_id[t]["outputFiles"])) for t in order))
