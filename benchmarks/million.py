"""A graph of a million relationships: what does a question cost, and does the size of the graph matter?

    python -m benchmarks.million --uri bolt://127.0.0.1:7687 --password …

200,000 runs, 400,000 versions, 600,000 USED, 400,000 LOGGED (and their mirrors), in groves of 5,000 runs that grow as projects
do: each run uses three of its grove's last versions and logs two. All of it is recorded by the ledger, through events, entries
and receipts. Questions are asked of versions at random places, whose answers have less than 20,000 nodes; SQLite's recursive
query over the same edges answers the walks beside them. Before the graph is whole, when it has 20,000 runs, the questions are
asked as well: of the same versions, with the same answers.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.options import parser_for
from benchmarks.walks import REACHED, in_turn, ms
from lineage_graph.answers.diff import Diff
from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.worlds import Step, World, uid_of

RUNS, FEW = 200_000, 20_000
GROVE, WINDOW = 5_000, 1_000
STARTS, ROUNDS = 20, 3
LARGEST = 20_000
DOWN = """WITH RECURSIVE reached(uid) AS (SELECT ? UNION SELECT below FROM edge JOIN reached ON edge.above = reached.uid)
SELECT uid FROM reached"""


def groves(runs: int, seed: int = 11) -> Iterator[Step]:
    """The runs, grove by grove; the first ones are the same however many there are."""
    for grove, start in enumerate(range(0, runs, GROVE)):
        chance = random.Random(f"{seed}-{grove}")
        made: list[str] = []
        for i in range(min(GROVE, runs - start)):
            used = tuple(chance.sample(made[-WINDOW:], min(3, len(made))))
            logged = tuple(f"g{grove}-out{chance.randrange(20)}#{2 * i + k}" for k in (0, 1))
            made += logged
            yield Step(f"g{grove}-r{i}", used, logged)


@dataclass(frozen=True)
class Figures:
    """What a question took: milliseconds, and how many nodes its answers have."""

    p50: float
    p95: float
    nodes: tuple[int, int]


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


class Beside:
    """The edges in SQLite, in memory and in this process, indexed both ways."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("CREATE TABLE edge (below TEXT, above TEXT, PRIMARY KEY (below, above)) WITHOUT ROWID")
        self.db.execute("CREATE INDEX up ON edge (above, below)")

    def take(self, project: str, steps: list[Step]) -> None:
        world = World(tuple(steps))
        uid = {node: uid_of(project, node) for node in {*world.above, *(a for above in world.above.values() for a in above)}}
        pairs = ((uid[below], uid[a]) for below, above in world.above.items() for a in above)
        self.db.executemany("INSERT OR IGNORE INTO edge VALUES (?, ?)", pairs)

    def up(self, uid: str) -> int:
        return len(self.db.execute(REACHED, (uid,)).fetchall())

    def down(self, uid: str) -> int:
        return len(self.db.execute(DOWN, (uid,)).fetchall())


def starts(few: int = FEW) -> list[tuple[str, str]]:
    """Pairs of things (a version, and one of the same grove to compare it with), at random places among the first runs."""
    chance = random.Random(3)
    steps = list(groves(few))
    chosen = chance.sample([i for i, step in enumerate(steps) if step.used], STARTS)
    found = []
    for i in chosen:
        grove = steps[i].id.partition("-")[0]
        near = [s for s in steps[max(0, i - 50) : i + 50] if s.id.startswith(f"{grove}-")]
        found.append((steps[i].logged[0], chance.choice(near).logged[1]))
    return found


def questions(reader: Reader, beside: Beside, project: str) -> dict[str, Callable[[str, str], int]]:
    """Each question of two versions, and how many nodes its answer is about."""

    def size(lineage: Any) -> int:
        return len(lineage.runs) + len(lineage.versions)

    def about(diff: Diff) -> int:
        return sum(one.counts.runs + one.counts.versions for one in (diff.only_a, diff.only_b, diff.both))

    def name(thing: str) -> str:
        return f"{worlds.artifact_of(project, thing)}@{worlds.digest_of(thing)}"

    return {
        "upstream: uids and depths": lambda a, b: len(reader.closure(name(a))),
        "upstream: a whole `Lineage`": lambda a, b: size(reader.upstream(name(a))),
        "downstream: a whole `Lineage`": lambda a, b: size(reader.downstream(name(a))),
        "plan, from scratch": lambda a, b: len(reader.plan(name(a), from_scratch=True).runs),
        "impact": lambda a, b: (lambda i: i.run_count + i.version_count)(reader.impact(name(a))),
        "view, as far as can be read": lambda a, b: reader.view(name(a)).nodes,
        "search": lambda a, b: len(reader.search(a.partition("#")[0]).hits),
        "diff of two versions": lambda a, b: about(reader.diff(name(a), name(b))),
        "level summary, upstream": lambda a, b: reader.clusters(name(a)).nodes,
        "SQLite: upstream, by uid": lambda a, b: beside.up(uid_of(project, a)),
        "SQLite: downstream, by uid": lambda a, b: beside.down(uid_of(project, a)),
    }


def ask(reader: Reader, beside: Beside, project: str, pairs: list[tuple[str, str]]) -> dict[str, Figures]:
    """Every question of every pair, in turn, several times."""
    found: dict[str, list[float]] = {}
    nodes: dict[str, list[int]] = {}
    asked = questions(reader, beside, project)
    for round_ in range(ROUNDS + 1):
        for pair in pairs:
            for what, question in asked.items():
                began = time.perf_counter()
                size = question(*pair)
                took = (time.perf_counter() - began) * 1e3
                if size >= LARGEST:
                    continue
                nodes.setdefault(what, []).append(size)
                if round_:  # the first one warms
                    found.setdefault(what, []).append(took)
    return {
        what: Figures(statistics.median(times), _p95(times), (int(statistics.median(nodes[what])), max(nodes[what])))
        for what, times in found.items()
    }


def measure(uri: str, user: str, password: str) -> str:
    """The table, in Markdown."""
    graph = Graph(uri, user, password)
    project = f"million{new_uid()[-8:]}"
    reader, beside = Reader(graph, project), Beside()
    steps = list(groves(RUNS))
    pairs = starts()
    began = time.perf_counter()
    worlds.record(graph, project, World(tuple(steps[:FEW])))
    beside.take(project, steps[:FEW])
    few = ask(reader, beside, project, pairs)
    for start in range(FEW, RUNS, FEW):
        worlds.record(graph, project, World(tuple(steps[start : start + FEW])))
        beside.take(project, steps[start : start + FEW])
        print(f"{start + FEW:,} runs recorded, {time.perf_counter() - began:.0f} s")
    many = ask(reader, beside, project, pairs)
    sweep = sweep_line(graph)
    graph.close()
    rows = [
        f"| {what} | {f.nodes[0]:,} | {f.nodes[1]:,} | {ms(f.p50)} | {ms(f.p95)} | {f.p50 / few[what].p50:.2f} |"
        for what, f in many.items()
    ]
    head = (
        "| A million relationships (200,000 runs) | Nodes, median | most | p50 | p95 | p50 to that on 20,000 runs |\n"
        "|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows]) + f"\n\n{sweep}"


def sweep_line(graph: Graph, width: int = 10_000) -> str:
    """The cluster summary of a sweep."""
    project = f"sweep{new_uid()[-8:]}"
    worlds.record(graph, project, worlds.wide_sweep(width))
    reader = Reader(graph, project)
    name = f"{project}/report:v0"
    took = in_turn({"summary": lambda: reader.clusters(name)}, 15)["summary"]
    size = len(reader.clusters(name).model_dump_json())
    return f"Cluster summary of a sweep of {width:,} versions: {ms(took)}, {size / 1e3:.1f} kB."


def main() -> None:
    parser = parser_for(__doc__)
    given = parser.parse_args()
    print(measure(given.uri, given.user, given.password))


if __name__ == "__main__":
    main()
