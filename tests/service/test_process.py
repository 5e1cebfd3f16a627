"""The service as a process: how it ends, what it does while Neo4j is away or silent, and what a huge body takes."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.service.working import OVER, THREADS
from tests.conftest import Address
from tests.faults.proxy import Proxy, half_open, refuse
from tests.service.conftest import Service, eventually, serving, started
from tests.service.test_access import problem


@pytest.fixture
def proxy(address: Address) -> Iterator[Proxy]:
    opened = Proxy(urlsplit(address.uri).port or 7687)
    yield opened
    opened.close()


@pytest.fixture
def behind(proxy: Proxy, address: Address, tmp_path: Path) -> Iterator[Service]:
    """A service whose Neo4j can go away."""
    with serving(tmp_path / "home", Address(proxy.uri, address.user, address.password)) as running:
        yield running


# ── how it begins and ends ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_answers_what_it_is_at(address: Address, tmp_path: Path, number: signal.Signals) -> None:
    slow = {"statement": "UNWIND range(1, 8000000) AS i WITH i WHERE i % 7 = 3 RETURN count(i) AS n", "timeout": 60}
    with serving(tmp_path / "home", address) as one, ThreadPoolExecutor(1) as other:
        assert one.ask("/readyz").status_code == 200
        answer = other.submit(one.ask, "/api/cypher", None, "POST", json=slow)
        eventually(lambda: "in_flight 2.0" in one.ask("/metrics").text or answer.done(), 20)
        assert not answer.done(), "the statement is too fast to test this with"
        one.process.send_signal(number)
        assert answer.result(60).json()["rows"] == [{"n": 1142857}]
        assert one.process.wait(30) == 0
        with pytest.raises(requests.ConnectionError):
            one.ask("/healthz")
    assert "Traceback" not in Path(f"{one.home}.log").read_text()


def test_what_it_took_in_is_in_the_graph_when_it_has_ended(
    address: Address, graph: Graph, project: str, tmp_path: Path
) -> None:
    with serving(tmp_path / "home", address) as one:
        runs = [started(f"{project}/runs/r{i}") for i in range(200)]
        assert len(one.post(runs, params={"wait": 0}).json()["accepted"]) == 200
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(60) == 0
    assert len(Reader(graph).runs(project, limit=1000)) == 200


def test_an_address_that_is_taken(service: Service, address: Address, tmp_path: Path) -> None:
    port = service.url.rpartition(":")[2]
    says = rf"nothing can listen at 127\.0\.0\.1:{port} .*give another --port"
    with pytest.raises(AssertionError, match=says), serving(tmp_path / "home", address, "--port", port):
        pass


# ── Neo4j away ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_without_neo4j_it_says_so_and_is_back_by_itself(behind: Service, proxy: Proxy, project: str) -> None:
    assert behind.ask("/readyz").status_code == 200
    proxy.set(refuse())
    eventually(lambda: behind.ask("/readyz").status_code == 503, 20)
    for path, says in (
        ("/readyz", "Neo4j"),
        ("/api/projects", "no Neo4j answers"),
        ("/api/card?name=zoo/x:v0", "no Neo4j answers"),
    ):
        answer = behind.ask(path)
        if path != "/readyz" and answer.status_code == 504:  # the driver tried again until the question's time was over
            continue
        assert says in problem(answer, 503) and int(answer.headers["retry-after"]) > 0
    assert behind.ask("/healthz").json() == {"status": "ok"}
    assert "lineage_graph_neo4j_up 0.0" in behind.ask("/metrics").text
    assert not behind.ask("/api/status").json()["server"]["reachable"]
    assert behind.ask("/").status_code == 200 and behind.ask("/api/queries").status_code == 200
    taken = behind.post([started(f"{project}/runs/r")], params={"wait": 0.5})
    assert taken.status_code == 202 and len(taken.json()["accepted"]) == 1
    proxy.heal()
    eventually(lambda: behind.ask("/readyz").status_code == 200, 20)
    eventually(lambda: len(behind.ask("/api/runs", params={"project": project}).json()) == 1)


def test_a_silent_neo4j_holds_nobody(behind: Service, proxy: Proxy, project: str) -> None:
    assert behind.ask("/readyz").status_code == 200
    proxy.set(half_open("client", "server"))
    asked = {"name": f"{project}/x:v0", "timeout": 3}
    with ThreadPoolExecutor(2 * THREADS) as many:
        began = time.monotonic()
        waiting = [many.submit(behind.ask, "/api/upstream", params=asked) for _ in range(THREADS + 6)]
        time.sleep(1)
        for path, status in (("/readyz", 503), ("/healthz", 200), ("/metrics", 200), ("/", 200)):
            at = time.monotonic()
            assert behind.ask(path).status_code == status and time.monotonic() - at < 3 + OVER, path
        assert not all(one.done() for one in waiting)
        assert {one.result(60).status_code for one in waiting} <= {503, 504}
        assert time.monotonic() - began < 30
    proxy.heal()
    eventually(lambda: behind.ask("/readyz").status_code == 200, 60)
    assert "is recorded" in problem(behind.ask("/api/upstream", params=asked), 404)


# ── a huge body ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/api/cypher", "/api/events"])
def test_a_body_of_a_gigabyte_takes_no_memory(service: Service, path: str) -> None:
    process = psutil.Process(service.process.pid)
    before = most = process.memory_info().rss
    host, _, port = service.url.removeprefix("http://").partition(":")
    kind = "application/jsonl" if path == "/api/events" else "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in service.token("admin").items())
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(f"{head}\r\n".encode())
        for _ in range(1000):
            connection.sendall(piece)
            most = max(most, process.memory_info().rss)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 "), "whoever sends on is told all the same"
    assert most - before < 150e6
    assert service.ask("/healthz").status_code == 200
