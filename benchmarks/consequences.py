"""How long do `impact` and `stale` take on a graph of a million relationships?

    python -m benchmarks.consequences --uri bolt://127.0.0.1:7687 --password …

200,000 runs that each use three versions of the last thousand and log two: 400,000 versions, 600,000 USED, 400,000 LOGGED and
as many mirrors, recorded by the ledger. Impact is asked of versions near the end, whose answers have fewer than 20,000 nodes.
There are no timed tests.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from lineage_graph.errors import NotRecorded
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds

RUNS = 200_000
NODES = 20_000
PROJECT = "benchmillion"


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def measure(graph: Graph, runs: int, rounds: int) -> None:
    """Records the world where it is not there yet, then asks."""
    project = f"{PROJECT}{runs}"
    world = worlds.woods(runs)
    reader = Reader(graph, project)
    try:
        reader.version(
            f"{worlds.artifact_of(project, world.steps[-1].logged[1])}@{worlds.digest_of(world.steps[-1].logged[1])}"
        )
    except NotRecorded:
        start = time.perf_counter()
        worlds.record(graph, project, world)
        print(f"recorded {runs:,} runs in {time.perf_counter() - start:.0f} s")
    chance = random.Random(1)
    taken: list[tuple[int, float]] = []
    for i in range(rounds + 5):
        step = world.steps[runs - chance.randrange(1, min(7_000, runs))]
        thing = step.logged[0]
        name = f"{worlds.artifact_of(project, thing)}@{worlds.digest_of(thing)}"
        start = time.perf_counter()
        answer = reader.impact(name)
        seconds = time.perf_counter() - start
        if i >= 5 and (size := answer.run_count + answer.version_count) < NODES:
            taken.append((size, seconds * 1e3))
    times = [t for _, t in taken]
    print(f"impact, {len(taken)} answers of {min(taken)[0]:,} to {max(taken)[0]:,} nodes")
    print(f"  all: median {statistics.median(times):.0f} ms, p95 {percentile(times, 0.95):.0f} ms")
    for low in range(0, NODES, 4_000):
        part = [t for size, t in taken if low <= size < low + 4_000]
        if part:
            print(f"  {low:,} to {low + 4_000:,} nodes: median {statistics.median(part):.0f} ms")
    start = time.perf_counter()
    stale = reader.stale(project)
    print(f"stale of the project: {stale.checked:,} checked, {stale.count:,} stale, {time.perf_counter() - start:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", required=True)
    parser.add_argument("--user", default="neo4j")
    parser.add_argument("--password", default="")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    graph = Graph(given.uri, given.user, given.password)
    try:
        measure(graph, given.runs, given.rounds)
    finally:
        graph.close()


if __name__ == "__main__":
    main()
