"""How fast does a journal that waits get into the graph, and does the ledger stay small?

    python -m benchmarks.replay --uri bolt://127.0.0.1:7687 --password … --events 100000

Runs of 7 events (started, 3 used, 2 logged, finished) are written to a journal's file and wait there, as after a night offline;
then the drain applies them as `lineage-graph sync` does: read, check every hash, decide, write, commit. With an event an entry,
as a run writes them; with 100, as an import does; and in 32 journals at once, where the next event is always another journal's.
Each drain is a process of its own, whose memory is looked at after every batch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from benchmarks.options import parser_for
from benchmarks.record import run_events
from lineage_graph.events import new_uid, now
from lineage_graph.graph import Graph
from lineage_graph.journal import Journal
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.recording.drain import drain

TOP = Path(__file__).parents[1]
EVENTS, ROUNDS = 100_000, 3
WAYS = {  # events an entry, and journals
    (1, 1): "an event an entry, as runs write them",
    (100, 1): "100 events an entry, as imports do",
    (1, 32): "an event an entry, in turn in 32 journals",
}


def resident() -> float:
    """This process's memory in MB, as far as it is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def write(folder: Path, events: int, an_entry: int, journals: int) -> None:
    """Journals with so many events together, of one project of their own; they take turns, an entry each."""
    project, opened = f"bench{new_uid()[-8:]}", [Journal(folder, fsync="never") for _ in range(journals)]
    runs = -(-events // 7)
    told = [chain.from_iterable(run_events(project, i) for i in range(n, runs, journals)) for n in range(journals)]
    left = events
    while left:
        for journal, its in zip(opened, told, strict=True):
            some = [event.model_copy(update={"at": now()}) for event in islice(its, min(an_entry, left))]
            left -= len(some)
            if some:
                journal.append(some)
    for journal in opened:
        journal.close()


@dataclass(frozen=True)
class Replayed:
    """events/s of a drain, and by a second of its process's CPU; the memory in MB of that: before, after a tenth of the way, at
    the end."""

    rate: float
    own: float
    before: float
    early: float
    late: float


def child(folder: Path, uri: str, user: str, password: str, events: int) -> Replayed:
    graph = Graph(uri, user, password)
    graph.version()
    before, seen = resident(), 0
    sizes: list[tuple[int, float]] = []

    def settled(receipts: list[Receipt]) -> None:
        nonlocal seen
        seen += sum(len(receipt.outcomes) for receipt in receipts)
        sizes.append((seen, resident()))

    start, busy = time.perf_counter(), time.process_time()
    done = drain(folder, Ledger(graph), settled=settled)
    took, worked = time.perf_counter() - start, time.process_time() - busy
    graph.close()
    if done.problems or done.events != events or done.rejected:
        raise SystemExit(f"the journal was not applied as it should be: {done}")
    early = next(size for at, size in sizes if at >= events / 10)
    return Replayed(events / took, events / worked, before, early, max(size for _, size in sizes))


def replay(uri: str, user: str, password: str, events: int, an_entry: int, journals: int) -> Replayed:
    """Journals written, and applied by another process."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), events, an_entry, journals)
        command = [sys.executable, "-m", "benchmarks.replay", "--uri", uri, "--user", user, "--password", password]
        command += ["--events", str(events), "--child", folder]
        done = subprocess.run(command, cwd=TOP, check=True, text=True, stdout=subprocess.PIPE)
    said: dict[str, Any] = json.loads(done.stdout)
    return Replayed(**said)


def measure(uri: str, user: str, password: str, events: int = EVENTS, rounds: int = ROUNDS) -> str:
    """The table."""
    rows = [
        "| Events that wait, applied | Events a second | and a second of the client's CPU | Memory after a tenth, and most |",
        "|---|---|---|---|",
    ]
    for way, name in WAYS.items():
        found = sorted((replay(uri, user, password, events, *way) for _ in range(rounds)), key=lambda one: one.rate)
        middle = found[len(found) // 2]
        memory = f"{middle.early:.0f} MB, {middle.late:.0f} MB"
        row = f"| {events:,} events, {name} | {middle.rate:,.0f} | {middle.own:,.0f} | {memory} |"
        print(row, flush=True)
        rows.append(row)
    return "\n".join(rows)


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(vars(child(given.child, given.uri, given.user, given.password, given.events))))
    else:
        measure(given.uri, given.user, given.password, given.events, given.rounds)


if __name__ == "__main__":
    main()
