"""How long does a walk take? Ours beside SQLite's recursive query, ML Metadata and a naive Cypher pattern, on the same graphs.

    python -m benchmarks.walks --uri bolt://127.0.0.1:7687 --password …

All ways of one line are timed in turn in one run, so that a busy machine is busy for all of them; the figures are medians.
SQLite holds the edges in memory and in this process, with an index that covers the query; it answers with uids in one table
and with small integers in another, which no lineage is asked for by but which is its best. It finds what is reached; the
least depth of each as well takes it a second column and every depth at which a node can be reached.
Worlds are recorded by the ledger, through events, entries and receipts. There are no timed tests.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neo4j

from benchmarks.mlmd import Mlmd, mlmd
from benchmarks.options import parser_for
from lineage_graph import queries
from lineage_graph.errors import GraphProblem
from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from tests import worlds
from tests.conftest import SHARED_DATA
from tests.worlds import World, uid_of

REACHED = """WITH RECURSIVE reached(uid) AS (SELECT ? UNION SELECT above FROM edge JOIN reached ON edge.below = reached.uid)
SELECT uid FROM reached"""
WITH_DEPTH = """WITH RECURSIVE reached(uid, depth) AS
  (SELECT ?, 0 UNION SELECT above, depth + 1 FROM edge JOIN reached ON edge.below = reached.uid)
SELECT uid, min(depth) FROM reached GROUP BY uid"""
# What one writes before having read about it: follow the arrows either way round, as long as they go.
NAIVE = """MATCH (home:ArtifactVersion {uid: $uid})
MATCH (home) ((v)<-[:LOGGED]-(run)-[:USED]->(input))* (n)
RETURN collect(DISTINCT n.uid) AS uids"""
NAIVE_SECONDS = 5.0


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    milliseconds: float
    beside: str
    ratio: float | None


def ms(seconds: float) -> str:
    return f"{seconds:.1f} ms" if seconds < 10 else f"{seconds:.0f} ms"


def in_turn(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each way, after a fifth of the rounds to get warm."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + max(3, rounds // 5)):
        for name, way in ways.items():
            start = time.perf_counter()
            answer = way()
            taken[name].append((time.perf_counter() - start) * 1e3)
            del answer
    return {name: statistics.median(times[-rounds:]) for name, times in taken.items()}


class InProcess:
    """A world's edges in SQLite, once by uid and once by small integers."""

    def __init__(self, project: str, world: World) -> None:
        numbers: dict[str, int] = {}
        self.numbers = numbers
        edges = [(below, above) for below, all_above in world.above.items() for above in all_above]
        self.by_uid, self.by_number = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
        for database, kind in ((self.by_uid, "TEXT"), (self.by_number, "INTEGER")):
            database.execute(f"CREATE TABLE edge (below {kind}, above {kind}, PRIMARY KEY (below, above)) WITHOUT ROWID")
        insert = "INSERT OR IGNORE INTO edge VALUES (?, ?)"
        self.by_uid.executemany(insert, ((uid_of(project, a), uid_of(project, b)) for a, b in edges))
        number = {node: numbers.setdefault(node, len(numbers)) for edge in edges for node in edge}
        self.by_number.executemany(insert, ((number[a], number[b]) for a, b in edges))

    def close(self) -> None:
        self.by_uid.close()
        self.by_number.close()


def compare(
    graph: Graph, title: str, world: World, start: str, rounds: int, depths: bool, other: Mlmd | None = None
) -> list[Line]:
    """Ours and SQLite's on one world, upstream of `start`. depths: also SQLite with the least depth of each node.
    other: ML Metadata; its answer has every run, version and edge with all that it knows of them, and its time no wire."""
    project = f"bench{new_uid()[-8:]}"
    worlds.record(graph, project, world)
    reader = Reader(graph, project)
    beside = InProcess(project, world)
    uid = uid_of(project, start)
    name = f"{worlds.artifact_of(project, start)}@{worlds.digest_of(start)}"
    ways: dict[str, Callable[[], Any]] = {
        "lineage": lambda: reader.upstream(name),
        "closure": lambda: reader.closure(name),
        "uids": lambda: beside.by_uid.execute(REACHED, (uid,)).fetchall(),
        "numbers": lambda: beside.by_number.execute(REACHED, (beside.numbers[start],)).fetchall(),
    }
    if depths:
        ways["depths"] = lambda: beside.by_uid.execute(WITH_DEPTH, (uid,)).fetchall()
    if other is not None:
        other.load(world)
        ways["mlmd"] = lambda: other.upstream(start)
    nodes, lineage = reader.closure(name), reader.upstream(name)
    assert nodes.keys() == {row[0] for row in ways["uids"]()} and len(nodes) == len(ways["numbers"]())
    assert not depths or nodes == dict(ways["depths"]())
    print(f"{title}: {len(nodes):,} nodes, {len(lineage.edges):,} edges; rounds: {rounds}")
    took = in_turn(ways, rounds)
    beside.close()
    sqlite = f"SQLite: {ms(took['uids'])} by uid, {ms(took['numbers'])} by integer"
    if depths:
        sqlite += f", {ms(took['depths'])} by uid with depths"
    size = f"{title}, {len(nodes):,} nodes"
    whole = f"{size}: a whole `Lineage`, {len(lineage.edges):,} edges"
    lines = [
        Line(f"{size}: uids and depths", took["closure"], sqlite, took["closure"] / took["uids"]),
        Line(whole, took["lineage"], sqlite, took["lineage"] / took["uids"]),
    ]
    if other is not None:
        answer = other.upstream(start)
        found = answer["artifacts"] + answer["executions"]
        cut = "" if found == len(nodes) else f", but {found:,} nodes only: cut without a word"
        ratio = took["lineage"] / took["mlmd"] if not cut else None
        lines.append(Line(whole, took["lineage"], f"ML Metadata: {ms(took['mlmd'])}{cut}", ratio))
    return lines


def naive(graph: Graph, uri: str, user: str, password: str, layers: Sequence[int] = (4, 8, 12, 16)) -> list[Line]:
    """Ours and the pattern that lists ways, on ladders so small that it may come to an end."""
    lines = []
    closure = queries.get("lineage/closure")
    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver, driver.session(database=graph.database) as session:
        for count in layers:
            world = worlds.ladder(count)
            project = f"bench{new_uid()[-8:]}"
            worlds.record(graph, project, world)
            uid = uid_of(project, f"a#{count - 1}")
            ours = {"uid": uid, "depth": None, "as_of": None, "known_at": None}
            ways: dict[str, Callable[[], Any]] = {
                "ours": lambda ours=ours: graph.read(closure, **ours),  # type: ignore[misc]
                "naive": lambda uid=uid: list(session.run(neo4j.Query(NAIVE, timeout=NAIVE_SECONDS), uid=uid)),  # type: ignore[misc]
            }
            title = f"ladder of {2 * count} runs, {2**count:,} ways: uids and depths"
            try:
                took = in_turn(ways, 5)
            except (neo4j.exceptions.Neo4jError, GraphProblem):
                took = in_turn({"ours": ways["ours"]}, 5)
                lines.append(Line(title, took["ours"], f"a path pattern: given up after {NAIVE_SECONDS:g} s", None))
                break
            lines.append(Line(title, took["ours"], f"a path pattern: {ms(took['naive'])}", took["ours"] / took["naive"]))
            print(f"{title}: {ms(took['ours'])}, {lines[-1].beside}")
    return lines


def measure(uri: str, user: str, password: str, rounds: int = 15) -> list[Line]:
    """Every line of the table."""
    graph = Graph(uri, user, password)
    lines: list[Line] = []
    with mlmd() as other, closing(graph):
        montage = SHARED_DATA / "wfformat" / "montage-2mass-05d.json"
        if montage.exists():
            world = worlds.wfformat(montage)
            title = "Montage (astronomy workflow)"
            lines += compare(graph, title, world, "mosaic-color.jpg", 2 * rounds, depths=True, other=other)
        else:
            print(f"left out: Montage, as {Path(montage).name} is not here")
        # Without depths: SQLite would keep every depth at which a node can be reached, and on a chain go on for minutes.
        chain = worlds.long_chain(10_000)
        lines += compare(graph, "chain of 10,000 runs", chain, "v#9999", rounds, depths=False, other=other)
        lines += compare(graph, "ladder of 10,000 runs", worlds.ladder(5000), "a#4999", rounds, depths=True)
        woods = worlds.woods(17_651)
        lines += compare(graph, "project of 17,651 runs", woods, woods.steps[17_600].logged[0], rounds, depths=False)
        lines += naive(graph, uri, user, password)
    return lines


def table(lines: Sequence[Line]) -> str:
    """The lines in Markdown. The ratio is ours to what stands beside it (SQLite's by uid); above 1 we lose."""
    rows = [
        f"| {line.what} | {ms(line.milliseconds)} | {line.beside} | {'–' if line.ratio is None else f'{line.ratio:.2f}'} |"
        for line in lines
    ]
    return "\n".join(["| Upstream walk | Ours | Beside it | Ratio |", "|---|---|---|---|", *rows])


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    print(table(measure(given.uri, given.user, given.password, given.rounds)))


if __name__ == "__main__":
    main()
