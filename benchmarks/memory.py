"""Does memory grow with what is recorded? Of the process that records, and of a ledger.

    python -m benchmarks memory                                       beside the other benchmarks, on a server of its own
    python -m benchmarks.memory --uri bolt://127.0.0.1:7687 --password …

The process records as a training does, one event after another, faster than the graph takes them; its background thread
applies them meanwhile. The ledger is given entries of 100 events. Each is a process of its own, whose memory in use is read
after a tenth of the events and after all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from benchmarks.record import run_events
from benchmarks.replay import resident
from lineage_graph.events import Event, new_uid

TOP = Path(__file__).parents[1]
RECORDED, APPLIED = 100_000, 1_000_000  # events
AN_ENTRY = 100
WHO = {"record": "a process that records, a graph in reach", "apply": "a ledger, 100 events an entry"}


def told(project: str, events: int) -> Iterator[Event]:
    return islice((event for i in count() for event in run_events(project, i)), events)


def record(events: int, project: str) -> tuple[float, float]:
    """MB after a tenth of the events and after all, of this process, which records as its environment says."""
    import lineage_graph as lg
    from lineage_graph.recording.recorder import recorder_for
    from lineage_graph.settings import load

    early = 0.0
    with lg.init(project=project):
        recorder = recorder_for(load())
        for number, event in enumerate(told(project, events), 1):
            recorder.record(event)
            if number == events // 10:
                early = resident()
        late = resident()
    return early, late


def apply(events: int, project: str) -> tuple[float, float]:
    """The same of this process, which applies them."""
    from lineage_graph.graph import Graph
    from lineage_graph.journal import Journal
    from lineage_graph.ledger import Ledger, Receipt

    graph = Graph(os.environ["LINEAGE_GRAPH_URI"], os.environ["LINEAGE_GRAPH_USER"], os.environ["LINEAGE_GRAPH_PASSWORD"])
    sizes: list[tuple[int, float]] = []
    seen = 0

    def done(receipts: list[Receipt]) -> None:
        nonlocal seen
        seen += sum(len(receipt.outcomes) for receipt in receipts)
        sizes.append((seen, resident()))

    with tempfile.TemporaryDirectory() as folder:
        journal, coming = Journal(Path(folder), fsync="never"), told(project, events)
        Ledger(graph).apply((journal.append(some) for some in iter(lambda: list(islice(coming, AN_ENTRY)), [])), done)
        journal.close()
    graph.close()
    return next(size for at, size in sizes if at >= events // 10), sizes[-1][1]


def measure(uri: str, user: str, password: str, recorded: int = RECORDED, applied: int = 0) -> str:
    """The table. recorded, applied: events of either; none leaves it out."""
    rows = ["| Memory in use | After events | After ten times as many |", "|---|---|---|"]
    for who, events in {"record": recorded, "apply": applied}.items():
        if not events:
            continue
        with tempfile.TemporaryDirectory() as home:
            environment = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))}
            environment |= {"LINEAGE_GRAPH_HOME": home, "LINEAGE_GRAPH_URI": uri, "LINEAGE_GRAPH_USER": user}
            environment |= {"LINEAGE_GRAPH_PASSWORD": password}
            command = [sys.executable, "-m", "benchmarks.memory", "--child", who, "--events", str(events)]
            done = subprocess.run(command, cwd=TOP, env=environment, check=True, text=True, stdout=subprocess.PIPE)
        early, late = json.loads(done.stdout.splitlines()[-1])
        row = f"| {WHO[who]} | {early:.0f} MB ({events // 10:,}) | {late:.0f} MB ({events:,}) |"
        print(row, flush=True)
        rows.append(row)
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", default="")
    parser.add_argument("--user", default="neo4j")
    parser.add_argument("--password", default="")
    parser.add_argument("--recorded", type=int, default=RECORDED)
    parser.add_argument("--applied", type=int, default=APPLIED)
    parser.add_argument("--child", choices=WHO, help=argparse.SUPPRESS)
    parser.add_argument("--events", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        work = record if given.child == "record" else apply
        print(json.dumps(work(given.events, f"bench{new_uid()[-8:]}")))
    else:
        measure(given.uri, given.user, given.password, given.recorded, given.applied)


if __name__ == "__main__":
    main()
