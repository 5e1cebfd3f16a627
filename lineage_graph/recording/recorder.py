"""This process's way into the record: its journal, and the thread that takes it to the graph.

`record` is all that a caller pays for: one line in a file. A background thread applies what has gathered, many entries in one
transaction. Nothing about Neo4j or the disk raises from here: it warns once and the journal keeps the events.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import tempfile
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lineage_graph.errors import GraphProblem, GraphRefusedLogin, JournalProblem, LineageError
from lineage_graph.events import Event, Logged, RunFinished, Used
from lineage_graph.journal import Entry, Journal
from lineage_graph.recording import content
from lineage_graph.recording.ticket import Ticket

# The driver takes a third of a second to import; only the background thread and readers need it.
if TYPE_CHECKING:
    from lineage_graph.graph import Graph, Rows
    from lineage_graph.ledger import Ledger, Receipt
    from lineage_graph.lineage import Reader
    from lineage_graph.queries import Query
    from lineage_graph.recording.drain import Drained
    from lineage_graph.settings import Settings

IN_MEMORY = 5_000  # entries kept beside the file; beyond that the thread reads them back
GATHER = 0.05  # seconds that events gather before they are applied together, unless somebody waits for them
MARK = 0.5  # seconds between notes, for other processes, of how far this journal is applied
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
        self._journal: Journal | None = None
        self._lock = threading.Lock()
        self._pending: deque[Entry] = deque()
        self._read_back = False
        self._applied_seq = 0
        self._tickets: weakref.WeakValueDictionary[int, Ticket] = weakref.WeakValueDictionary()
        self._graph: Graph | None = None
        self._ledger: Ledger | None = None
        self._wanted = threading.Event()
        self._urgent = threading.Event()
        self._progress = threading.Condition()
        self._attempts = 0
        self._marked = 0.0
        self._trouble: str | None = None
        self._warned: set[str] = set()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._apply_lock = threading.Lock()

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def current(self) -> Recorder:
        """Itself, or its successor: in a forked child, and after it was closed."""
        return recorder_for(self.settings, self.target) if self.closed or self.pid != os.getpid() else self

    def record(self, *events: Event, what: str = "the event") -> Ticket:
        """Writes events as one entry of the journal. Never raises for a disk or a server."""
        if (current := self.current()) is not self:
            return current.record(*events, what=what)
        with self._lock:
            if self.settings.mode == "disabled":
                return Ticket(self, 0, 0, what)
            entry = self._append(events)
            assert self._journal is not None
            ticket = Ticket(self, self._journal.seq, len(events) - 1, what)
            self._tickets[self._journal.seq] = ticket
            if entry is None or self._read_back or len(self._pending) >= IN_MEMORY:
                self._read_back = True
                self._pending.clear()
            else:
                self._pending.append(entry)
            if self._thread is None and self.settings.mode == "online":
                self._thread = threading.Thread(target=self._run, name="lineage-graph", daemon=True)
                self._thread.start()
        self._wanted.set()
        return ticket

    def _append(self, events: tuple[Event, ...]) -> Entry | None:
        """The entry written; None when the disk did not take it yet."""
        if self._journal is None:
            self._journal = self._new_journal()
        try:
            return self._journal.append(events)
        except JournalProblem as problem:
            # The journal keeps the entry and writes it before its next one.
            self.warn("journal", f"{problem}; until then events are kept in memory only")
            return None

    def _new_journal(self) -> Journal:
        try:
            return Journal(self.folder, self.settings.fsync, self.settings.fsync_interval)
        except JournalProblem as problem:
            spare = Path(tempfile.mkdtemp(prefix="lineage-graph-"))
            self.warn("journal", f"{problem}; until then events go to {spare}")
            return Journal(spare, self.settings.fsync, self.settings.fsync_interval)

    def warn(self, about: str, sentence: str) -> None:
        """Says a thing once a process."""
        if about not in self._warned:
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
        from lineage_graph.recording import drain as draining

        with self._apply_lock:
            self._open()
            assert self._ledger is not None
            while True:
                with self._lock:
                    own, read_back, batch = self._journal, self._read_back, list(self._pending)
                    written = own.position if own is not None else None
                if own is None or written is None or self._applied_seq >= written.seq:
                    return
                if read_back:
                    draining.apply_file(own.path, self._ledger, self._deliver, self._settle)
                else:
                    for entry in batch:
                        self._deliver(entry)
                    try:
                        self._ledger.apply(batch, self._settle)
                    except JournalProblem:  # an interrupt can leave a gap here that is not in the file
                        with self._lock:
                            self._read_back = True
                        raise
                    if time.monotonic() - self._marked > MARK:
                        self._marked = time.monotonic()
                        draining.note_applied(own.path, written)
                with self._lock:
                    while self._pending and self._pending[0].seq <= self._applied_seq:
                        self._pending.popleft()
                    if read_back and self._applied_seq >= own.seq:
                        self._read_back = False

    def _settle(self, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            ticket = self._tickets.get(receipt.seq)
            if ticket is not None:
                ticket.settle(receipt)
            for outcome in receipt.outcomes:
                if outcome["result"] == "rejected":
                    self.warn(f"rejected {outcome['reason']}", f"an event was rejected: {outcome['reason']}")
        with self._progress:
            self._applied_seq = receipts[-1].seq
            self._trouble = None
            self._progress.notify_all()

    def _deliver(self, entry: Entry) -> None:
        """Uploads content that was staged, before the events that speak of it are applied."""
        for event in entry.events:
            if isinstance(event, Logged | Used):
                content.deliver(self.settings, event)

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
        until = time.monotonic() + (self.settings.timeout if timeout is None else timeout)
        with self._lock:
            written = self._journal.position.seq if self._journal is not None else 0
            target = upto if upto is not None else self._journal.seq if self._journal is not None else 0
        if target > written:
            return "the disk does not take it"
        with self._progress:
            if self._applied_seq >= target:
                return None
            self._trouble = None
            self._attempts += 1
            self._progress.notify_all()
        self._urgent.set()
        self._wanted.set()
        with self._progress:
            left = until - time.monotonic()
            answered = self._progress.wait_for(lambda: self._applied_seq >= target or self._trouble is not None, left)
            if self._applied_seq >= target:
                return None
            return self._trouble if answered else "it takes longer than the timeout"

    def drain_host(
        self, progress: Callable[[int], None] | None = None, *, live: bool = True, timeout: float | None = None
    ) -> Drained:
        """Applies the journals of this host that wait, but this process's own. Raises GraphProblem.

        live: those of processes that still run, too. timeout: seconds after which the rest is left for the next time.
        """
        from lineage_graph.recording import drain as draining

        skip = self._journal.uid if self._journal is not None else None
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
            progress=progress,
        )

    def _crashed(self, run: str, at: datetime) -> None:
        self.record(RunFinished(run=run, state="crashed", at=at))

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Applies what waits (bounded by the timeout) and closes journal and graph."""
        if self._closing:
            return
        applied = self._journal is not None and self._journal.seq > 0 and self.drain() is None
        self._closing = True
        with self._progress:
            self._progress.notify_all()
        self._urgent.set()
        self._wanted.set()
        if self._journal is not None:
            with contextlib.suppress(JournalProblem):
                self._journal.close()
            if applied and self._applied_seq == self._journal.seq and self._journal.path.parent == self.folder:
                from lineage_graph.recording import drain as draining

                draining.retire(self._journal.path)
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
        if self._journal is not None:
            self._journal.abandon()


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
