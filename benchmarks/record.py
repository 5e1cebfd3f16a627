"""How fast are runs recorded? One after another, each waited for, and in bulk.

    python -m benchmarks.record --uri bolt://127.0.0.1:7687 --password …

A run is 7 events: started, 3 used, 2 logged, finished. It goes all the way: journal file, decision, one transaction with
numbers, receipts and chain, committed. In bulk, entries are journaled, decided and written side by side. Prints figures;
there are no timed tests.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.options import parser_for
from lineage_graph.events import Event, Logged, RunFinished, RunStarted, Used, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import Journal
from lineage_graph.ledger import Ledger, writer

ARTIFACTS = 20
RUNS_AN_ENTRY = 100


def run_events(project: str, i: int) -> list[Event]:
    """Run i, which uses three outputs of the runs before it."""
    run, n = f"{project}/runs/r{i}", 2 * i

    def of(k: int) -> dict[str, Any]:
        digest = "sha256:" + sha256(f"{project}{k}".encode()).hexdigest()
        return {"run": run, "artifact": f"{project}/out{k % ARTIFACTS}", "digest": digest, "type": "dataset", "actor": "me"}

    return [
        RunStarted(
            run=run, name="brave-otter", config={"lr": 0.1, "n": i}, job_type="train", step="train.py", author="me", actor="me",
            host="h", command="python train.py",
        ),
        *(Used(**of(max(0, n - back)), alias="latest") for back in (2, 4, 6)),
        *(Logged(**of(k), size=100, file_count=1, metadata={"rows": 3}) for k in (n, n + 1)),
        RunFinished(run=run, actor="me", summary={"acc": 0.5}),
    ]  # fmt: skip


class Phases:
    """Seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds.setdefault(name, []).append(time.perf_counter() - start)

    def watch(self, owner: Any, function: str, name: str) -> None:
        inner: Callable[..., Any] = getattr(owner, function)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.of(name):
                return inner(*args, **kwargs)

        setattr(owner, function, watched)

    def clear(self) -> None:
        self.seconds.clear()

    def print(self, runs: int) -> None:
        for name, seconds in self.seconds.items():
            print(f"    {name:<10}{1e3 * sum(seconds) / runs:9.3f} ms a run{len(seconds):8} times")


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--warm", type=int, default=1_000, help="runs before anything is counted")
    parser.add_argument("--single", type=int, default=1_000, help="runs recorded one after another")
    parser.add_argument("--bulk", type=int, default=5_000, help="runs recorded at once")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()

    graph = Graph(given.uri, given.user, given.password)
    phases = Phases()
    phases.watch(graph, "read", "look")
    phases.watch(graph, "write_once", "write")
    phases.watch(writer, "decide", "decide")
    project, first = f"bench{new_uid()[-8:]}", 0
    singles: list[float] = []
    bulks: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        journal, ledger = Journal(Path(folder)), Ledger(graph)

        def one_by_one(runs: int) -> float:
            nonlocal first
            start = time.perf_counter()
            for i in range(first, first + runs):
                with phases.of("events"):
                    events = run_events(project, i)
                entries = [journal.append([event]) for event in events]
                ledger.apply(entries)
            first += runs
            return runs / (time.perf_counter() - start)

        def in_bulk(runs: int) -> float:
            nonlocal first
            told = [
                [event for i in range(k, min(k + RUNS_AN_ENTRY, first + runs)) for event in run_events(project, i)]
                for k in range(first, first + runs, RUNS_AN_ENTRY)
            ]
            first += runs
            start = time.perf_counter()
            with phases.of("all"):
                ledger.apply(journal.append(events) for events in told)
            return runs / (time.perf_counter() - start)

        phases.watch(journal, "append", "journal")
        one_by_one(given.warm)
        in_bulk(given.warm)
        print(f"{graph.version()} at {given.uri}, {given.rounds} rounds")
        for found, what, runs in ((singles, one_by_one, given.single), (bulks, in_bulk, given.bulk)):
            phases.clear()
            found.extend(what(runs) for _ in range(given.rounds))
            name = "one by one" if found is singles else "in bulk"
            print(f"{name}: median {statistics.median(found):.0f} runs/s, best {max(found):.0f} ({runs} runs a round)")
            phases.print(runs * given.rounds)
        journal.close()
    graph.close()


if __name__ == "__main__":
    main()
