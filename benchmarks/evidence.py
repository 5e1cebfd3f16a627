"""What does evidence cost? The same runs recorded as they are, and without chain, commitments and receipts.

    python -m benchmarks.evidence --uri bolt://127.0.0.1:7687 --password …

Without it, recording is what it would be if nobody had to prove anything: events still go to a journal's file first, as plain
JSON and every value in the clear, and the graph still knows how far each journal is applied, so that nothing counts twice.
There are no salts and no hashes, no canonical form, no receipts, no entries in the graph. The two take turns, round by round.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.options import parser_for
from benchmarks.record import RUNS_AN_ENTRY, run_events
from lineage_graph import journal
from lineage_graph.events import Event, Json, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import Entry, Journal
from lineage_graph.ledger import Ledger, Receipt, writer
from lineage_graph.ledger.decide import Decision, decide

EVENTS_A_RUN = 7
BULK, SINGLE, ALONE, ROUNDS = 2_000, 200, 2_000, 5  # runs a round


def _plain(journal: str, seq: int, prev: str, events: Sequence[Event], via: str | None = None) -> Entry:
    """An entry that proves nothing."""
    body = b",".join([event.model_dump_json(exclude_none=True).encode() for event in events])
    return Entry(journal, seq, prev, str(seq), b"[" + body + b"]", (), tuple(events), via=via)


def _told(entry: Entry, outcomes: tuple[Json, ...], recorded_at: str, prev: str) -> Receipt:
    """A receipt in memory alone: the recorder wants to know what became of its events."""
    return Receipt(entry.journal, entry.seq, "", str(entry.seq), outcomes, recorded_at)


def _decide(*given: Any) -> Decision:
    decision = decide(*given)
    decision.write["entries"] = []
    return decision


@contextmanager
def without() -> Iterator[None]:
    """Nothing that is recorded meanwhile is evidence."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(journal, "seal", _plain))
        stack.enter_context(patch.object(Receipt, "of", _told))
        stack.enter_context(patch.object(writer, "decide", _decide))
        yield


def in_bulk(graph: Graph, runs: int) -> float:
    """Seconds for runs that are recorded in bulk: 100 of them an entry, journal and graph."""
    project = f"bench{new_uid()[-8:]}"
    told = [
        [event for i in range(k, min(k + RUNS_AN_ENTRY, runs)) for event in run_events(project, i)]
        for k in range(0, runs, RUNS_AN_ENTRY)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Journal(Path(folder))
        start = time.perf_counter()
        Ledger(graph).apply(file.append(events) for events in told)
        spent = time.perf_counter() - start
        file.close()
    return spent


def one_by_one(graph: Graph, runs: int) -> float:
    """Seconds for runs of an event an entry, each waited for until it is committed."""
    project = f"bench{new_uid()[-8:]}"
    with tempfile.TemporaryDirectory() as folder:
        file, ledger = Journal(Path(folder)), Ledger(graph)
        start = time.perf_counter()
        for i in range(runs):
            ledger.apply([file.append([event]) for event in run_events(project, i)])
        spent = time.perf_counter() - start
        file.close()
    return spent


def alone(graph: Graph, runs: int) -> float:
    """Seconds of the caller: events are made and put into the journal, an event an entry."""
    project = f"bench{new_uid()[-8:]}"
    with tempfile.TemporaryDirectory() as folder:
        file = Journal(Path(folder))
        start = time.perf_counter()
        for i in range(runs):
            for event in run_events(project, i):
                file.append([event])
        spent = time.perf_counter() - start
        file.close()
    return spent


WAYS: dict[str, tuple[Callable[[Graph, int], float], int]] = {
    "in bulk, journal included": (in_bulk, BULK),
    "one after another, each waited for until it is committed": (one_by_one, SINGLE),
    "into the journal alone, an event an entry": (alone, ALONE),
}


def measure(uri: str, user: str, password: str, rounds: int = ROUNDS) -> str:
    """The table."""
    rows = [
        "| Recorded | Events a second | without evidence | Evidence costs | and of the client's CPU |",
        "|---|---|---|---|---|",
    ]
    graph = Graph(uri, user, password)
    try:
        for name, (work, runs) in WAYS.items():
            spent: dict[bool, list[float]] = {True: [], False: []}
            worked: dict[bool, list[float]] = {True: [], False: []}
            for number in range(rounds + 1):
                for proven in (True, False):
                    with nullcontext() if proven else without():
                        busy = time.process_time()
                        seconds = work(graph, runs)
                        busy = time.process_time() - busy
                    if number:  # the first round warms up
                        spent[proven].append(seconds)
                        worked[proven].append(busy)
            has, bare = (EVENTS_A_RUN * runs / statistics.median(spent[proven]) for proven in (True, False))
            own = 1 - statistics.median(worked[False]) / statistics.median(worked[True])
            row = f"| {name} | {has:,.0f} | {bare:,.0f} | {1 - has / bare:.0%} of recording speed | {own:.0%} |"
            print(row, flush=True)
            rows.append(row)
    finally:
        graph.close()
    return "\n".join(rows)


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    measure(given.uri, given.user, given.password, given.rounds)


if __name__ == "__main__":
    main()
