"""Entries → graph.

The graph remembers how far each journal is applied and refuses a gap, so an entry counts once, however often and by
whomever it is delivered, whatever became of the commit before.

A batch is decided on what is known without a lock, and written in one round trip that checks whether it still holds. A race
that is lost is run again on fresh knowledge, and after that under locks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from lineage_graph import queries
from lineage_graph.errors import JournalProblem
from lineage_graph.graph import Again, Clash, Graph
from lineage_graph.graph import Run as RunQuery
from lineage_graph.journal import Entry, genesis
from lineage_graph.ledger.ask import Wanted
from lineage_graph.ledger.decide import decide
from lineage_graph.ledger.erasing import Spoken, where_said
from lineage_graph.ledger.receipt import Given, Receipt
from lineage_graph.ledger.state import Clock, State, micro
from lineage_graph.limits import BATCH_BYTES, BATCH_EVENTS
from lineage_graph.queries import Query

OVERLAP_EVENTS = 500  # from here on, a batch is written while the next one is decided
CONTENDED = 8  # batches that begin under locks after one that had to
LOOK = queries.get("record/look")
LOCK = queries.get("record/lock")
WRITE = queries.get("record/write")
AMEND = queries.get("record/amend")
ERASE = queries.get("record/erase")
SAID_OF = queries.get("lineage/said_of")
RECEIPTS = queries.get("record/receipts")
APPLIED = queries.get("record/applied")
ENTRIES = queries.get("lineage/entries")


def batches(entries: Iterable[Entry], most: int = BATCH_EVENTS) -> Iterator[list[Entry]]:
    """Entries in order, in lists of about `most` events and no more than a transaction should hold; an entry that erases is
    alone, and those that come with their receipts are together as they were recorded together."""
    batch: list[Entry] = []
    events = size = 0
    alone = False
    for entry in entries:
        before, alone = alone, _erases(entry)
        full = events + len(entry.events) > most or size + entry.size > BATCH_BYTES
        if batch and (alone or before or full or _together(entry) != _together(batch[0])):
            yield batch
            batch, events, size = [], 0, 0
        batch.append(entry)
        events += len(entry.events)
        size += entry.size
    if batch:
        yield batch


def _together(entry: Entry) -> tuple[str, str] | None:
    return (entry.journal, entry.receipt.recorded_at) if isinstance(entry, Given) else None


def _erases(entry: Entry) -> bool:
    return any(event.kind == "erased" for event in entry.events)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A batch that is decided: the queries that write it (none, when it was applied before), and its receipts."""

    batch: list[Entry]
    queries: list[tuple[Query, Mapping[str, Any]]]
    receipts: list[Receipt]


Landed = Callable[[list[Entry], list[Receipt]], None]
_Flight = tuple[_Plan, Future[bool]]


class Ledger:
    """Applies entries to one graph. Safe from several threads; one of them applies at a time."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._state = State()
        self._clock = Clock()
        self._assume = True
        self._contended = 0
        self._lock = threading.RLock()

    def apply(self, entries: Iterable[Entry], done: Callable[[list[Receipt]], None] | None = None) -> int:
        """Applies entries (each journal's in order) and returns how many were new.

        done: called with the receipts of each batch once it is committed, a journal at a time, also of entries applied before
              by others.
        Raises JournalProblem for a gap or a second history, GraphProblem when the server does not take them.
        """
        new = 0

        def landed(batch: list[Entry], applied: list[Receipt]) -> None:
            nonlocal new
            new += len(applied)
            if done is not None:
                for journal, entries in _by_journal(batch).items():
                    now = [receipt for receipt in applied if receipt.journal == journal]
                    if before := entries[: len(entries) - len(now)]:
                        done(self.receipts(journal, before[0].seq - 1, before[-1].seq))
                    if now:
                        done(now)

        with self._lock, ExitStack() as stack:
            thread: ThreadPoolExecutor | None = None
            flight: _Flight | None = None
            for batch in batches(entries):
                alone = _erases(batch[0])
                if alone and flight is not None:
                    self._land(flight, landed)
                    flight = None
                if alone or (sum(len(e.events) for e in batch) < OVERLAP_EVENTS and flight is None):
                    landed(batch, self._apply(batch))
                    continue
                if thread is None:
                    thread = stack.enter_context(ThreadPoolExecutor(1, "lineage-ledger"))
                flight = self._fly(batch, flight, thread, landed)
            if flight is not None:
                self._land(flight, landed)
        return new

    def _fly(self, batch: list[Entry], before: _Flight | None, thread: ThreadPoolExecutor, landed: Landed) -> _Flight:
        """Decides a batch while the one before it is being written, waits for that one, and has this one written."""
        wanted = Wanted(batch)
        try:
            plan = None if before is not None and self._must_look(wanted) else self._plan(batch, wanted)
        finally:
            if before is not None and not self._land(before, landed):
                plan = None  # it was decided on what did not come to be
        if plan is None:
            plan = self._plan(batch, wanted)
        try:
            return plan, thread.submit(self._write, plan)
        except RuntimeError:  # the interpreter is ending, and starts no thread any more
            written: Future[bool] = Future()
            written.set_result(self._write(plan))
            return plan, written

    def _land(self, flight: _Flight, landed: Landed) -> bool:
        """Waits until a batch is written, or applies it anew where it was not; False then."""
        plan, future = flight
        try:
            written = future.result()
        except BaseException:
            self._state = State()
            raise
        if not written:
            self._state = State()
        landed(plan.batch, plan.receipts if written else self._apply(plan.batch))
        return written

    def _apply(self, batch: list[Entry]) -> list[Receipt]:
        wanted = Wanted(batch)
        try:
            if wanted.erasures:
                pass  # what is to be erased is looked for where nobody can add to it meanwhile
            elif self._contended:
                self._contended -= 1
            else:
                for _ in range(2):
                    plan = self._plan(batch, wanted)
                    if self._write(plan):
                        return plan.receipts
                    self._state = State()
                self._contended = CONTENDED
            return self.graph.write(lambda run: self._under_locks(run, batch, wanted), "record/write")
        except BaseException:
            self._state = State()
            raise

    def _must_look(self, wanted: Wanted) -> bool:
        return self._state.full or self._clock.now() is None or not wanted.known(self._state, self._assume)

    def _plan(self, batch: list[Entry], wanted: Wanted) -> _Plan:
        """Decides on what is known, looking where that is not enough."""
        self._state.start_batch()
        if self._must_look(wanted):
            if self._state.full:
                self._state = State()
            asked = wanted.parameters()
            [seen] = self.graph.read(LOOK, **asked)
            self._take(asked, seen)
            self._assume = wanted.new(self._state)
        new = _unapplied(batch, self._state)
        if not new:
            return _Plan(batch, [], [])
        decision = decide(new, self._state, self._now())
        plan: list[tuple[Query, Mapping[str, Any]]] = [(WRITE, decision.write)]
        if decision.begins or decision.new:
            plan.insert(0, (LOCK, _locks(wanted.journals, decision.new, ())))
        if decision.amend:
            plan.append((AMEND, decision.amend))
        if decision.erase:
            plan.append((ERASE, decision.erase))
        return _Plan(batch, plan, decision.receipts)

    def _write(self, plan: _Plan) -> bool:
        """False when what the plan was decided on does not hold any more, or nobody knows what became of it."""
        if not plan.queries:
            return True
        try:
            rows = self.graph.write_once(plan.queries, "record/write")
        except Clash:
            return False
        if rows is None:
            return False
        self._clock.heard(next(row["now"] for row in rows if "now" in row))
        return True

    def _take(self, asked: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        self._clock.heard(seen["now"])
        self._state.take(asked, seen)

    def _now(self) -> str:
        now = self._clock.now()
        if now is None:
            raise AssertionError("the clock was heard just now")
        return now

    def _under_locks(self, run: RunQuery, batch: list[Entry], wanted: Wanted) -> list[Receipt]:
        self._state = State()
        run(LOCK, **_locks(wanted.journals, sorted(wanted.changing), sorted(wanted.runs)))
        said = [Spoken.of(row) for row in run(SAID_OF, **where_said(wanted.erasures))] if wanted.erasures else []
        if more := wanted.reach(said):
            run(LOCK, **_locks(wanted.journals, (), more))
        asked = wanted.parameters()
        [seen] = run(LOOK, **asked)
        self._take(asked, seen)
        new = _unapplied(batch, self._state)
        if not new:
            return []
        decision = decide(new, self._state, self._now(), said)
        if not run(WRITE, **decision.write):
            raise Again("something was erased meanwhile")  # all else is locked
        if decision.amend:
            run(AMEND, **decision.amend)
        if decision.erase:
            run(ERASE, **decision.erase)
        return decision.receipts

    def rehearse(self, entries: Iterable[Entry]) -> list[Receipt]:
        """The receipts that journals' next entries would get now; nothing is written.

        entries: each journal's in order; gone through twice or more, so no iterator.
        Raises JournalProblem for a gap or a second history, Misfit, GraphProblem.
        """
        while True:
            state = State()
            now = ""
            for part in batches(entries):
                asked = Wanted(part).parameters()
                [seen] = self.graph.read(LOOK, **asked)
                if state.moved(seen):
                    break  # others write at this moment: look again
                state.take(asked, seen)
                now = micro(seen["now"])
            else:
                receipts = []
                for part in batches(entries):
                    new = _unapplied(part, state)
                    receipts += decide(new, state, now).receipts if new else []
                return receipts

    def receipts(self, journal: str, after: int, upto: int) -> list[Receipt]:
        """The receipts of a journal's entries after < seq <= upto that are applied. Raises GraphProblem."""
        [row] = self.graph.read(RECEIPTS, journal=journal, after=after, upto=upto)
        return [Receipt.read(body, digest) for body, digest in row["receipts"]]

    def applied(self, journals: Sequence[str]) -> dict[str, tuple[int, str]]:
        """How far the graph is with each of these journals: uid → (seq, head). Raises GraphProblem."""
        [row] = self.graph.read(APPLIED, journals=list(journals))
        return {uid: (seq, head) for uid, seq, head in row["journals"]}

    def hash_of(self, journal: str, seq: int) -> str | None:
        """The hash of one entry, as the graph has it. Raises GraphProblem."""
        rows = self.graph.read(ENTRIES, journal=journal, after=seq - 1, limit=1)
        return next((row["hash"] for row in rows if row["seq"] == seq), None)


def _unapplied(entries: Sequence[Entry], state: State) -> list[Entry]:
    """The entries that come next in their journals. Raises JournalProblem for a gap or a second history."""
    known = {uid: state.journals[uid] or (0, genesis(uid), "") for uid in {entry.journal for entry in entries}}
    new = [entry for entry in entries if entry.seq > known[entry.journal][0]]
    for journal, (first, *_) in _by_journal(new).items():
        applied, head, _ = known[journal]
        if first.seq != applied + 1:
            raise JournalProblem(journal, f"entry {first.seq} came after entry {applied}; give the entries between them first")
        if first.prev != head:
            raise JournalProblem(journal, f"entry {first.seq} follows another history than the graph's; it was not applied")
    return new


def _by_journal(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.journal, []).append(entry)
    return found


def _locks(journals: Iterable[str], artifacts: Sequence[str], runs: Sequence[str]) -> dict[str, Any]:
    return {"journals": [[uid, genesis(uid)] for uid in sorted(journals)], "artifacts": list(artifacts), "runs": list(runs)}
