"""How fast is a record verified? Events a second, and the memory it takes.

    python -m benchmarks.verify --uri bolt://127.0.0.1:7687 --password … --runs 5000

Everything in the graph is verified: use one of its own. Runs of 7 events (see benchmarks/record.py) are recorded first.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.options import parser_for
from benchmarks.record import RUNS_AN_ENTRY, run_events
from lineage_graph.answers.verification import Verification
from lineage_graph.events import new_uid
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.journal import Journal
from lineage_graph.ledger import Ledger

EVENTS_A_RUN = 7


def record(graph: Graph, runs: int) -> str:
    """Records runs in a project of their own, and names it."""
    project = f"bench{new_uid()[-8:]}"
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        told = (
            journal.append([e for i in range(k, min(k + RUNS_AN_ENTRY, runs)) for e in run_events(project, i)])
            for k in range(0, runs, RUNS_AN_ENTRY)
        )
        Ledger(graph).apply(told)
        journal.close()
    return project


def verified(graph: Graph, project: str | None) -> tuple[Verification, float, float]:
    """The answer, its seconds, and those of this process's CPU. Raises AssertionError where it is no."""
    start, busy = time.perf_counter(), time.process_time()
    found = Evidence(graph).verify(project=project)
    seconds, worked = time.perf_counter() - start, time.process_time() - busy
    assert found.ok, [finding.sentence for finding in found.findings[:5]]
    return found, seconds, worked


def measure(uri: str, user: str, password: str, runs: int = 5_000, rounds: int = 3) -> str:
    """The table of what verifying a project of so many runs takes."""
    graph = Graph(uri, user, password)
    try:
        project = record(graph, runs)
        done = [verified(graph, project) for _ in range(rounds)]
    finally:
        graph.close()
    rate = statistics.median(found.events / seconds for found, seconds, _ in done)
    own = statistics.median(found.events / worked for found, _, worked in done)
    found = done[-1][0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return "\n".join(
        [
            "| Verified | Events | Nodes | Relationships | Events a second | and a second of the client's CPU | Peak memory |",
            "|---|---|---|---|---|---|---|",
            f"| a project, chains, receipts and every property | {found.events:,} | {found.nodes:,} | {found.relationships:,}"
            f" | {rate:,.0f} | {own:,.0f} | {peak:,.0f} MB |",
        ]
    )


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(measure(given.uri, given.user, given.password, given.runs, given.rounds))


if __name__ == "__main__":
    main()
