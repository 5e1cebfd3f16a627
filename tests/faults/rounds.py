"""Rounds of trouble, each with a seed: writers on one artifact, faults between them and the server, then peace, and a look.

What is random follows from the seed; when a fault meets which byte does not, as processes are as fast as they are.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from lineage_graph import local
from lineage_graph.graph import Graph
from tests.conftest import Address
from tests.faults import pipeline, proxy
from tests.faults.invariants import Verdict, check
from tests.faults.proxy import Fault, Proxy, Side

TOP = Path(__file__).parents[2]
HEAP = "512m"
LEAST = 8  # faults a round, however slow the machine is
PATIENCE = 600.0  # seconds in which everything ends once all is well
STRIKE = 1.0  # seconds that a fault waits for somebody whom it strikes
CALM = 5.0  # seconds, at most
HOUR = 3600.0
SILENT: list[tuple[Side, ...]] = [("client",), ("server",), ("client", "server")]


@dataclass
class Report:
    """What some rounds came to."""

    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    events: int = 0
    lost: int = 0
    doubled: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        self.acknowledged += verdict.acknowledged
        self.events += verdict.events
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.errors += verdict.problems

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        return (
            f"rounds {self.rounds} · faults injected {self.faults.total()} ({kinds}) · events acknowledged {self.acknowledged}"
            f" · in the graph {self.events} · lost {self.lost} · doubled {self.doubled} · errors {len(self.errors)}"
        )


class Server:
    """The Neo4j that is troubled; it can be killed only where it is our own."""

    def __init__(self, address: Address, folder: Path | None = None) -> None:
        self.address, self.folder = address, folder

    @property
    def port(self) -> int:
        return urlsplit(self.address.uri).port or 7687

    def kill(self) -> None:
        """kill -9, as a machine that goes down does it."""
        assert self.folder is not None
        running = local.running(self.folder)
        if running is None:
            return
        process = psutil.Process(running.pid)
        os.kill(running.pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)

    def start(self) -> None:
        assert self.folder is not None
        up = local.up(self.folder, heap=HEAP, wait=PATIENCE)
        self.address = Address(up.uri, up.user, up.password)


@contextmanager
def own_server(folder: Path) -> Iterator[Server]:
    server = Server(Address("", "", ""), folder)
    try:
        server.start()
        yield server
    finally:
        local.down(folder)


class SmallDisk:
    """A small file system, to be LINEAGE_GRAPH_HOME: it is full now and then, and large in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.filler = folder, folder / "filler"

    def fill_or_free(self, chance: random.Random) -> str:
        if self.filler.exists():
            self.filler.unlink()
            return "disk freed"
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        return "disk full"

    def grow(self) -> None:
        self.filler.unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,size=64m", str(self.folder)], check=True)


class Round:
    """One round: processes x threads writers write for some seconds.

    room: a folder for what the round notes; home: LINEAGE_GRAPH_HOME, in the room by default. more: a kind of trouble besides,
    called now and then; it says its name. tell: hears of each phase.
    """

    def __init__(
        self,
        server: Server,
        room: Path,
        seed: int,
        *,
        processes: int,
        threads: int,
        seconds: float,
        home: Path | None = None,
        more: Callable[[random.Random], str] | None = None,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.tell = tell
        self.server, self.home, self.seed, self.more = server, home or room / "home", seed, more
        self.processes, self.threads, self.seconds = processes, threads, seconds
        self.project = f"f{uuid.uuid4().hex[:12]}"
        self.chance = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.errors: list[str] = []
        self.side, self.said, self.stop = room / "acknowledged", room / "said", room / "stop"
        self.side.mkdir(parents=True)
        self.said.mkdir()
        self.started = 0
        self.proxy = Proxy(server.port, seed)
        self._all: list[subprocess.Popen[bytes]] = []
        self._killed: set[int] = set()

    # ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        address = self.server.address
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))} | {
            "LINEAGE_GRAPH_HOME": str(self.home),
            "LINEAGE_GRAPH_URI": self.proxy.uri,
            "LINEAGE_GRAPH_USER": address.user,
            "LINEAGE_GRAPH_PASSWORD": address.password,
            "LINEAGE_GRAPH_TIMEOUT": "2",
            "PYTHONPATH": str(TOP),
            "PYTHONFAULTHANDLER": "1",
        }
        with (self.said / name).open("wb") as out:
            process = subprocess.Popen([sys.executable, *command], cwd=TOP, env=environment, stdout=out, stderr=out)
        self._all.append(process)
        return process

    def writer(self) -> subprocess.Popen[bytes]:
        self.started += 1
        name = f"w{self.started}"
        # One writer of four lives an hour before or after the others.
        skew = self.chance.choice([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, HOUR, -HOUR])
        self.faults["clock skew"] += bool(skew)
        return self._start(
            name,
            "-m",
            pipeline.__name__,
            pipeline.arguments(
                project=self.project,
                name=name,
                seed=self.seed,
                threads=self.threads,
                side=str(self.side / name),
                stop=str(self.stop),
                skew=skew,
            ),
        )

    def sync(self) -> subprocess.Popen[bytes]:
        self.started += 1
        return self._start(f"sync{self.started}", "-m", "lineage_graph", "sync")

    def kill(self, process: subprocess.Popen[bytes], what: str) -> None:
        if process.poll() is None:
            process.kill()
            process.wait()
            self._killed.add(process.pid)
            self.faults[what] += 1

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.errors.append(f"a process did not end in {PATIENCE:g} s after all was well: {process.args!r}")
            process.send_signal(signal.SIGABRT)  # it says where it is
            time.sleep(2)
            process.kill()
            process.wait()
            self._killed.add(process.pid)

    # ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fault(self) -> Fault:
        chance = self.chance
        makers: list[Callable[[], Fault]] = [
            lambda: proxy.delay(chance.uniform(5, 150), chance.uniform(0, 100)),
            proxy.refuse,
            lambda: proxy.drop_after(int(10 ** chance.uniform(1, 4.5))),
            lambda: proxy.cut_at_commit("before"),
            lambda: proxy.cut_at_commit("after"),
            lambda: proxy.half_open(*chance.choice(SILENT)),
        ]
        return chance.choices(makers, [2, 2, 3, 4, 6, 1])[0]()

    def _kill_server(self, during_sync: bool) -> None:
        syncing = self.sync() if during_sync else None
        time.sleep(self.chance.uniform(0.2, 1.5))
        self.server.kill()
        self.faults["server killed during sync" if syncing is not None and syncing.poll() is None else "server killed"] += 1
        self.server.start()
        self.proxy.target = self.server.port

    def trouble(self, writers: list[subprocess.Popen[bytes]], until: float, kill_server: bool) -> None:
        chance = self.chance
        kill_server_at = until - self.seconds * chance.uniform(0.3, 0.8) if kill_server else None
        syncing: subprocess.Popen[bytes] | None = None
        while (now := time.monotonic()) < until or (self.count < LEAST and now < until + PATIENCE):
            if kill_server_at is not None and time.monotonic() > kill_server_at:
                kill_server_at = None
                self._kill_server(during_sync=chance.random() < 0.5)
            what = chance.random()
            if what < 0.03:
                victim = chance.randrange(len(writers))
                self.kill(writers[victim], "writer killed")
                writers[victim] = self.writer()
            elif what < 0.06:
                if syncing is not None:
                    self.kill(syncing, "sync killed")
                syncing = self.sync()
            elif what < 0.3 and self.more is not None:
                self.faults[self.more(chance)] += 1
                time.sleep(chance.uniform(0.1, 0.5))
            else:
                struck = self.proxy.counts.total()
                self.proxy.set(self._fault())
                time.sleep(chance.uniform(0.05, 0.3))
                while self.proxy.counts.total() == struck and time.monotonic() < now + STRIKE:
                    time.sleep(0.02)
                self.proxy.heal()
                time.sleep(chance.uniform(0.02, 0.2))
                if chance.random() < 0.1:
                    self._calm()

    def _calm(self) -> None:
        """Nothing for a while, so that something commits, and there is something to repeat after the next faults."""
        enough, until = self.proxy.commits + self.processes // 2, time.monotonic() + CALM
        while self.proxy.commits < enough and time.monotonic() < until:
            time.sleep(0.05)

    @property
    def count(self) -> int:
        """Faults so far."""
        return self.faults.total() + self.proxy.counts.total()

    def run(self, report: Report, *, kill_server: bool = False, peace: Callable[[], object] | None = None) -> Verdict:
        """Trouble, peace (which `peace` makes), `sync`, and whether all holds."""
        try:
            writers = [self.writer() for _ in range(self.processes)]
            self._until_they_write()
            self.trouble(writers, time.monotonic() + self.seconds, kill_server)
            self.tell(f"{self.count} faults, now peace")
            self.stop.touch()
            self.proxy.heal()
            if peace is not None:
                peace()
            for process in list(self._all):
                self.finish(process)
            self.tell("last sync")
            last = self.sync()
            self.finish(last)
            self.tell("looking")
            if last.returncode:
                self.errors.append(f"the last sync ended with {last.returncode}")
            self._look_at_what_was_said()
            graph = Graph(self.server.address.uri, self.server.address.user, self.server.address.password)
            with contextlib.closing(graph):
                cut_short = bool(self.faults["disk full"])
                verdict = check(graph, self.project, self.home / "journals", self.acknowledged(), cut_short=cut_short)
        finally:
            for process in self._all:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            self.proxy.close()
        verdict.problems += self.errors
        report.rounds += 1
        report.faults += self.faults + self.proxy.counts
        report.add(verdict)
        return verdict

    def _until_they_write(self) -> None:
        """Python takes a while to start; faults on a line that nobody uses would be none."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.proxy.links < self.processes:
            assert all(process.poll() is None for process in self._all), "a writer ended before it wrote"
            time.sleep(0.05)

    def acknowledged(self) -> list[str]:
        """The uids that were noted; a line that was not finished was not."""
        return [line for path in self.side.iterdir() for line in path.read_text().split("\n")[:-1]]

    def _look_at_what_was_said(self) -> None:
        """No traceback anywhere, and no writer that failed: trouble with the graph is no matter of a training's."""
        for path in sorted(self.said.iterdir()):
            text = path.read_text(errors="replace")
            if "Traceback" in text:
                self.errors.append(f"{path.name} raised: …{text[-800:]}")
        for process in self._all:
            is_sync = "sync" in process.args  # type: ignore[operator]
            if process.returncode and not is_sync and process.pid not in self._killed:
                self.errors.append(f"a writer ended with {process.returncode}")
