"""How does the service answer fifty readers at once, and does its memory stay where it is?

    python -m benchmarks.service --uri bolt://127.0.0.1:7687 --password …

The service is a process of its own. Each reader asks again as soon as it has its answer, which no person does; those who look
at it in between have a line of their own.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from benchmarks.options import parser_for
from lineage_graph.events import new_uid
from lineage_graph.graph import Graph
from tests import worlds
from tests.conftest import Address
from tests.service.conftest import Service, serving

READERS = 50
LOOK = 20  # seconds
LAYERS = 1200  # of four nodes each
WARM = 1000  # requests


@dataclass(frozen=True)
class Line:
    """One line of the table; milliseconds."""

    what: str
    median: float
    p95: float
    a_second: float


def readers(service: Service, what: str, path: str, at_once: int, each: int, pause: float = 0) -> Line:
    """What so many readers wait who ask so often each. pause: seconds that each looks at an answer."""
    took: list[float] = []
    failed: list[str] = []

    def read(number: int) -> None:
        with requests.Session() as session:
            time.sleep(pause * number / at_once)
            for _ in range(each):
                start = time.perf_counter()
                answer = session.get(service.url + path, timeout=300)
                took.append((time.perf_counter() - start) * 1e3)
                if answer.status_code != 200:
                    failed.append(answer.text)
                time.sleep(pause)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(at_once)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    assert not failed, failed[:3]
    took.sort()
    line = Line(what, statistics.median(took), took[math.ceil(len(took) * 0.95) - 1], len(took) / seconds)
    print(f"{line.what}: median {line.median:.0f} ms, p95 {line.p95:.0f} ms, {line.a_second:.1f} a second")
    return line


def memory(service: Service, path: str, requests_: int) -> tuple[float, float]:
    """The process's resident memory in MB, when it is warm and after so many requests."""
    process = psutil.Process(service.process.pid)

    def ask(times: int) -> float:
        readers(service, f"{times:,} requests", path, 4, times // 4)
        return float(process.memory_info().rss) / 1e6

    return ask(WARM), ask(requests_)


def measure(uri: str, user: str, password: str, each: int = 6, requests_: int = 10_000) -> str:
    """The tables."""
    project = f"bench{new_uid()[-8:]}"
    with closing(Graph(uri, user, password)) as graph:
        worlds.record(graph, project, worlds.ladder(LAYERS))
    home = f"{project}/a@{worlds.digest_of(f'a#{LAYERS - 1}')}"
    folder = Path(tempfile.mkdtemp())
    with serving(folder / "home", Address(uri, user, password)) as service:
        walk, view = f"/api/upstream?name={home}", f"/api/lineage?home={home}"
        nodes = len(service.ask(walk).json()["runs"]) + len(service.ask(walk).json()["versions"])
        size = f"of {nodes:,} nodes"
        lines = [
            readers(service, f"a whole lineage {size}, one reader", walk, 1, each),
            readers(service, f"a whole lineage {size}, {READERS} readers", walk, READERS, each),
            readers(service, f"a whole lineage {size}, {READERS} readers, each every {LOOK} s", walk, READERS, 1, LOOK),
            readers(service, f"its view, as the explorer asks, {READERS} readers", view, READERS, each),
            readers(service, f"a card, {READERS} readers", f"/api/card?name={home}", READERS, 4 * each),
        ]
        warm, after = memory(service, f"/api/card?name={home}", requests_)
    return (
        f"{table(lines)}\n\nIts memory was {warm:,.0f} MB after {WARM:,} requests and {after:,.0f} MB after {requests_:,} more."
    )


def table(lines: Sequence[Line]) -> str:
    rows = [f"| {line.what} | {line.median:,.0f} ms | {line.p95:,.0f} ms | {line.a_second:,.1f} |" for line in lines]
    return "\n".join(["| The service answers | Median | 95 % within | Requests a second |", "|---|---|---|---|", *rows])


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--each", type=int, default=6, help="requests of each reader")
    parser.add_argument("--requests", type=int, default=10_000, help="for the memory")
    given = parser.parse_args()
    print(measure(given.uri, given.user, given.password, given.each, given.requests))


if __name__ == "__main__":
    main()
