"""This process's way into the record: its journal, and the thread that takes it to the graph.

`record` is all that a caller pays for: one line in a file. A background thread applies what has gathered, many entries in one
transaction. Nothing about Neo4j or the disk raises from here: it warns once and the journal keeps the events.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lineage_graph.errors import GraphProblem, GraphRefusedLogin, LineageError
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used
from lineage_graph.journal import Entry
from lineage_graph.recording import content
from lineage_graph.recording.backlog import Backlog
from lineage_graph.recording.bounded import Silence
from lineage_graph.recording.known import Known
from lineage_graph.recording.ticket import Ticket

# The driver takes a third of a second to import; only the background thread and readers need it.
if TYPE_CHECKING:
    from lineage_graph.graph import Graph, Rows
    from lineage_graph.ledger import Ledger, Receipt
    from lineage_graph.lineage import Reader
    from lineage_graph.queries import Query
    from lineage_graph.recording.drain import Drained
    from lineage_graph.settings import Settings

GATHER = 0.05  # seconds that events gather before they are applied together, unless somebody waits for them
IMPATIENT = 1.0  # seconds after which a server that fails is not waited for again at once
WARNINGS = 100  # of different things, in one process
FIRST_RETRY, LONGEST_RETRY = 1.0, 30.0
T = TypeVar("T")


class LineageWarning(UserWarning):
    """Something about recording is not as it should be; the work goes on."""


class Recorder:
    """One process's journal and its way to one graph."""

    def __init__(self, settings: Settings, target: str | None = None) -> None:
        self.settings = settings
        self.target = target
        self.pid = os.getpid()
        # Events for a graph that was named in a call never mix with those for the configured one.
        key = f"to-{hashlib.sha256(target.encode()).hexdigest()[:12]}" if target else ""
        self.folder = settings.journals / key
        self.known = Known(settings)
        self._brought: set[str] = set()  # artifacts of which a sync brought versions
        self._lock = threading.Lock()
        self._backlog = Backlog(settings, self.folder, self.warn, self._lock)
        self._tickets: weakref.WeakValueDictionary[int, Ticket] = weakref.WeakValueDictionary()
        self._graph: Graph | None = None
        self._ledger: Ledger | None = None
        self._wanted = threading.Event()
        self._urgent = threading.Event()
        self._progress = threading.Condition()
        self._attempts = 0
        self._silence = Silence()
        self._trouble: str | None = None
        self._warned: set[str] = set()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._apply_lock = threading.Lock()

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def current(self) -> Recorder:
        """Itself, or its successor: in a forked child, and after it was closed."""
        return recorder_for(self.settings, self.target) if self.closed or self.pid != os.getpid() else self

    def record(self, *events: Event, what: str = "the event", via: str | None = None) -> Ticket:
        """Writes events as one entry of the journal. Never raises for a disk or a server. via: the token they came by."""
        if (current := self.current()) is not self:
            return current.record(*events, what=what, via=via)
        if self.settings.mode == "disabled":
            return Ticket(self, 0, 0, what)
        with self._lock:
            ticket = None if self._closing else self._add(events, what, via)
        self._wanted.set()
        return ticket or self.current().record(*events, what=what, via=via)

    def secure(self) -> None:
        """Returns when all that was recorded outlives this process and its computer. Raises JournalProblem."""
        self.current()._backlog.secure()

    def _add(self, events: tuple[Event, ...], what: str, via: str | None) -> Ticket:
        number = self._backlog.add(events, via) or 0
        ticket = Ticket(self, number, len(events) - 1, what)
        if number:
            self._tickets[number] = ticket
        if self._thread is None and self.settings.mode == "online":
            self._thread = threading.Thread(target=self._run, name="lineage-graph", daemon=True)
            self._thread.start()
        return ticket

    def warn(self, about: str, sentence: str) -> None:
        """Says a thing once a process, and no more things than anybody reads."""
        if about not in self._warned and len(self._warned) < WARNINGS:
            self._warned.add(about)
            with contextlib.suppress(LineageWarning):  # where warnings are errors, this one still never stops the work
                warnings.warn(LineageWarning(f"lineage-graph: {sentence}"), stacklevel=3)

    # ── the way to the graph ──────────────────────────────────────────────────────────────────────────────────────────

    def graph(self) -> Graph:
        """The graph, opened once. Raises GraphProblem."""
        return self.current()._open()

    def _open(self) -> Graph:
        with self._progress:
            if self._graph is None:
                from lineage_graph.ledger import Ledger
                from lineage_graph.recording.connect import open_graph

                self._graph = open_graph(self.settings)
                self._ledger = Ledger(self._graph)
            return self._graph

    def reader(self, project: str | None = None) -> Reader:
        """Questions to the graph, each asked when it has what this process wrote. Raises GraphProblem."""
        from lineage_graph.lineage import Reader

        return Reader(self.own_writes_first(), project)

    def own_writes_first(self) -> Graph:
        """The graph, as one who writes to it reads it."""
        return cast("Graph", _OwnWritesFirst(self))

    def _run(self) -> None:
        """The background thread: applies what has gathered; waits longer after each failure."""
        pause = FIRST_RETRY
        while not self._closing:
            self._wanted.wait()
            self._urgent.wait(GATHER)
            self._wanted.clear()
            self._urgent.clear()
            try:
                self._apply_own()
                pause = FIRST_RETRY
            except Exception as error:
                self._note(error)
                # A server that refused a password counts tries, and locks out who tries often.
                self._wait_to_retry(LONGEST_RETRY if isinstance(error, GraphRefusedLogin) else pause)
                pause = min(pause * 2, LONGEST_RETRY)
                self._wanted.set()

    def _wait_to_retry(self, pause: float) -> None:
        until = time.monotonic() + pause
        with self._progress:
            asked = self._attempts
            while not self._closing and self._attempts == asked and time.monotonic() < until:
                self._progress.wait(until - time.monotonic())

    def _note(self, error: Exception) -> None:
        sentence = str(error) if isinstance(error, LineageError) else f"{type(error).__name__}: {error}"
        if isinstance(error, GraphProblem):
            self.warn("graph", f"{sentence}; events are kept in {self.folder} and `lineage-graph sync` applies them")
        else:
            self.warn("apply", f"{sentence}; events are kept in {self.folder}")
        with self._progress:
            self._trouble = sentence
            self._progress.notify_all()

    def _apply_own(self) -> None:
        """Applies all of this process's journal that is not applied. Raises GraphProblem, JournalProblem."""
        with self._apply_lock:
            self._open()
            assert self._ledger is not None
            self._backlog.apply(self._ledger, self._deliver, self._settle)

    def _settle(self, before: int, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            ticket = self._tickets.get(before + receipt.seq)
            if ticket is not None:
                ticket.settle(receipt)
            for outcome in receipt.outcomes:
                if outcome["result"] == "rejected":
                    self.warn(f"rejected {outcome['reason']}", f"an event was rejected: {outcome['reason']}")
        with self._progress:
            self._trouble = None
            self._progress.notify_all()
        self.known.settle(receipts)

    def _deliver(self, entry: Entry) -> None:
        """Uploads content that was staged, before the events that speak of it are applied."""
        for event in entry.events:
            if isinstance(event, Logged | Used):
                content.deliver(self.settings, event)
                self.known.hear(event)
            elif isinstance(event, RunStarted) and event.patch is not None:
                content.deliver_patch(self.settings, event.patch)

    # ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def drain(self, timeout: float | None = None, upto: int | None = None) -> str | None:
        """Waits until this journal is applied (up to entry `upto`), at most `timeout` seconds or until the graph fails.

        Returns None when it is, else why it is not.
        """
        if self.settings.mode == "disabled":
            return "recording is disabled"
        if self.settings.mode == "offline":
            return "recording is offline"
        if (current := self.current()) is not self:
            return current.drain(timeout)
        patient = timeout is not None or upto is not None  # somebody wants this answer
        started = time.monotonic()
        until = started + (self.settings.timeout if timeout is None else timeout)
        with self._lock:
            target = upto if upto is not None else self._backlog.last
        if upto == 0:
            return "there was no room for it"
        with self._progress:
            if self._backlog.applied >= target:
                return None
            if not patient and self.silent():
                return "the server did not answer a moment ago"
            self._trouble = None
            self._attempts += 1
            self._progress.notify_all()
        self._urgent.set()
        self._wanted.set()
        with self._progress:
            left = until - time.monotonic()
            answered = self._progress.wait_for(lambda: self._backlog.applied >= target or self._trouble is not None, left)
            if self._backlog.applied >= target:
                return None
            if time.monotonic() - started > min(IMPATIENT, self.settings.timeout):
                self.falls_silent()
            return self._trouble if answered else "it takes longer than the timeout"

    def falls_silent(self) -> None:
        """The server let a caller wait for nothing."""
        self._silence.begins(self._backlog.applied)

    def silent(self) -> bool:
        """Whether the server did so lately, and has given no sign since."""
        return self._silence.lasts(self._backlog.applied)

    def drain_host(
        self, progress: Callable[[int], None] | None = None, *, live: bool = True, timeout: float | None = None
    ) -> Drained:
        """Applies the journals of this host that wait, but this process's own. Raises GraphProblem.

        live: those of processes that still run, too. timeout: seconds after which the rest is left for the next time.
        """
        from lineage_graph.recording import drain as draining

        own = self._backlog.journal
        skip = own.uid if own is not None else None
        if not any(one.uid != skip and (live or not one.live) for one in draining.waiting(self.folder)):
            return draining.Drained()
        self._open()
        assert self._ledger is not None
        return draining.drain(
            self.folder,
            self._ledger,
            skip=skip,
            live=live,
            until=None if timeout is None else time.monotonic() + timeout,
            deliver=self._deliver,
            crashed=self._crashed,
            settled=partial(self._drained, progress),
        )

    def drain_copies(self, place: Path, progress: Callable[[int], None] | None = None) -> Drained:
        """Applies journals copied from another computer: a file, a folder of them, or its whole home, whose content is then
        taken into this store. Raises JournalProblem when there are none, GraphProblem.
        """
        from lineage_graph.recording import drain as draining

        def deliver(entry: Entry) -> None:
            for event in entry.events:
                if isinstance(event, Logged | Used):
                    content.bring(self.settings, place, event)
            self._deliver(entry)

        self._open()
        assert self._ledger is not None
        return draining.drain_copies(place, self._ledger, deliver=deliver, settled=partial(self._drained, progress))

    def sync(self, copied: Path | None = None, progress: Callable[[int], None] | None = None) -> tuple[Drained, str | None]:
        """What `drain_host` or `drain_copies` did, refused uses asked again, and why own events wait, if they do."""
        from lineage_graph.recording import again

        self.drain()
        self._brought.clear()
        done = self.drain_host(progress) if copied is None else self.drain_copies(copied, progress)
        if self._brought:
            assert self._ledger is not None
            done.resolved = again.settle(self.reader(), self._ledger, self._brought)
        return done, self.drain()

    def _drained(self, progress: Callable[[int], None] | None, receipts: list[Receipt]) -> None:
        self.known.settle(receipts)
        outcomes = [outcome for receipt in receipts for outcome in receipt.outcomes]
        self._brought |= {outcome["version"].rpartition(":")[0] for outcome in outcomes if "version" in outcome}
        if progress is not None:
            progress(len(outcomes))

    def _crashed(self, run: str, at: datetime) -> None:
        self.record(RunFinished(run=run, state="crashed", at=at))

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Applies what waits (bounded by the timeout) and closes journal and graph."""
        if self._closing:
            return
        if self._backlog.last:
            self.drain()
        with self._lock:
            self._closing = True
        with self._progress:
            self._progress.notify_all()
        self._urgent.set()
        self._wanted.set()
        self._backlog.close()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._graph is not None:
            self._graph.close()

    @property
    def closed(self) -> bool:
        return self._closing

    def abandon(self) -> None:
        """In a forked child: leaves the parent's journal and connections alone."""
        self._closing = True
        if self._backlog.journal is not None:
            self._backlog.journal.abandon()


class _OwnWritesFirst:
    """A graph's `read` and `fold`, after this process's journal is applied."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def read(self, query: Query, timeout: float | None = None, **parameters: Any) -> Rows:
        return self.fold(query, list, timeout, **parameters)

    def fold(
        self, query: Query, take: Callable[[Iterator[dict[str, Any]]], T], timeout: float | None = None, **parameters: Any
    ) -> T:
        recorder = self._recorder.current()
        recorder.drain()
        return recorder.graph().fold(query, take, timeout, **parameters)


_recorders: dict[tuple[Settings, str | None], Recorder] = {}
before_close: list[Callable[[], None]] = []  # what is still to be recorded when the process ends
_registry = threading.Lock()


def recorder_for(settings: Settings, target: str | None = None) -> Recorder:
    """The process's recorder for these settings; a forked child gets its own."""
    key = (settings, target)
    with _registry:
        found = _recorders.get(key)
        if found is None or found.closed:
            found = _recorders[key] = Recorder(settings, target)
        return found


def _in_child() -> None:
    global _registry
    _registry = threading.Lock()
    for recorder in list(_recorders.values()):
        recorder.abandon()
    _recorders.clear()


def close_all() -> None:
    """Ends the runs that are open and closes every recorder of this process."""
    for end in before_close:
        end()
    for recorder in list(_recorders.values()):
        recorder.close()
    _recorders.clear()


os.register_at_fork(after_in_child=_in_child)
atexit.register(close_all)
