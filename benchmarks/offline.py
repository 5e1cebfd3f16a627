"""What recording costs a training while no graph takes it: milliseconds an event in the caller's path, and memory.

    python -m benchmarks.offline

Three ways, each in a process of its own: offline on purpose, a server that is not there, and one that takes the connection and
never answers. An event is what `use_artifact` and `log_artifact` record: made, chained, in the journal's file. A logged version
is the whole call for one reference, manifest in the store included. Prints figures; there are no timed tests.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

TOP = Path(__file__).parents[1]
EVENTS = 90_000
WARM = 10_000  # events after which caches are full
VERSIONS = 1_000
WAYS = {
    "offline": "offline on purpose",
    "unreachable": "nothing listens at the address",
    "frozen": "a server takes the connection and never answers",
}


@contextmanager
def address(way: str) -> Iterator[str]:
    """Where the graph is said to be."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if way == "frozen":
            server.listen(128)
        yield f"bolt://127.0.0.1:{server.getsockname()[1]}"


def child(events: int) -> dict[str, Any]:
    """The figures of this process, which records as its environment says."""
    import psutil

    import lineage_graph as lg
    from lineage_graph.events import Logged, Used
    from lineage_graph.recording.recorder import recorder_for
    from lineage_graph.settings import load

    warnings.simplefilter("ignore")
    memory = psutil.Process()
    run = lg.init(project="bench")
    recorder = recorder_for(load())

    def one(i: int) -> None:
        of = {"run": run.full_name, "artifact": f"bench/out{i % 20}", "digest": f"sha256:{i:064x}", "type": "dataset"}
        event = Used(**of, used_as="train", actor="me") if i % 2 else Logged(**of, size=i, metadata={"i": i}, actor="me")  # type: ignore[arg-type]
        recorder.record(event)

    def version(i: int) -> None:
        made = lg.Artifact("refs", type="dataset")
        made.add_reference(f"warehouse://table/{i}", name="table")
        run.log_artifact(made)

    def timed(work: Callable[[int], None], numbers: range) -> list[float]:
        spent = []
        for i in numbers:
            start = time.perf_counter()
            work(i)
            spent.append(1e3 * (time.perf_counter() - start))
        return spent

    timed(one, range(WARM))
    before = memory.memory_info().rss
    each = timed(one, range(WARM, WARM + events))
    after = memory.memory_info().rss
    logged = timed(version, range(VERSIONS))
    kept = sum(path.stat().st_size for path in recorder.folder.glob("*.jsonl"))
    return {"events": _spread(each), "versions": _spread(logged), "before": before, "after": after, "journal": kept,
            "recorded": WARM + events}  # fmt: skip


def _spread(spent: list[float]) -> dict[str, float]:
    cuts = quantiles(spent, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "mean": sum(spent) / len(spent), "worst": max(spent)}


def measure(events: int = EVENTS) -> dict[str, dict[str, Any]]:
    """The figures of each way."""
    found = {}
    for way in WAYS:
        with tempfile.TemporaryDirectory() as home, address(way) as uri:
            environment = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))}
            environment |= {"LINEAGE_GRAPH_HOME": home, "LINEAGE_GRAPH_URI": uri, "LINEAGE_GRAPH_PASSWORD": "x"}
            environment |= {"LINEAGE_GRAPH_MODE": "offline" if way == "offline" else "online", "LINEAGE_GRAPH_TIMEOUT": "1"}
            command = [sys.executable, "-m", "benchmarks.offline", "--child", "--events", str(events)]
            done = subprocess.run(command, cwd=TOP, env=environment, check=True, text=True, stdout=subprocess.PIPE)
            found[way] = json.loads(done.stdout)
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The figures for README.md."""
    lines = [
        "| While no graph takes it: ms, mean / p50 / p99 | An event | A logged version | Memory after events |",
        "|---|---|---|---|",
    ]
    for way, said in found.items():
        spent = [" / ".join(f"{said[what][one]:.3f}" for one in ("mean", "p50", "p99")) for what in ("events", "versions")]
        memory = f"{said['before'] / 1e6:.0f} MB ({WARM:,}), {said['after'] / 1e6:.0f} MB ({said['recorded']:,})"
        lines.append(f"| {WAYS[way]} | {spent[0]} | {spent[1]} | {memory} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.events)))
        return
    found = measure(given.events)
    print(table(found))
    for way, said in found.items():
        print(f"{way}: worst {said['events']['worst']:.1f} ms an event; journal {said['journal'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
