"""Around every request: limits, slow callers, ids, problems; served by uvicorn as the service is, around a small app."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
import requests
import uvicorn
from fastapi import FastAPI, Request
from starlette.types import ASGIApp

from lineage_graph.errors import NotRecorded, TimeRanOut
from lineage_graph.service import problems, run, streams, working
from lineage_graph.service.health import Metrics
from lineage_graph.service.shell import HEADERS, Limits, Shell


def small() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def now() -> str:
        return "here"

    @app.get("/slow")
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "at last"

    @app.get("/broken")
    async def broken() -> str:
        raise RuntimeError("a secret of ours")

    @app.get("/none")
    async def none() -> str:
        raise NotRecorded("run", "zoo/runs/x")

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def parsed(given: dict[str, Any]) -> int:
        return len(given)

    return app


@contextmanager
def up(limits: Limits, app: ASGIApp | None = None) -> Iterator[str]:
    """The small app as the service would be served: (its address)."""
    shell = Shell(app or small(), Metrics(), limits)
    config = uvicorn.Config(shell, port=0, http=run._impatient(), ws="none", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with up(Limits(body=1000, query=100, at_once=3, patience=1, pace=1000)) as address:
        yield address


def problem(answer: requests.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status and said["request_id"] == answer.headers["x-request-id"]
    return str(said["detail"])


def raw(url: str, *pieces: bytes, pause: float = 0) -> bytes:
    """What comes back on a connection until it ends, for what is sent piece by piece."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        got = b""
        try:
            while more := connection.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got


# ── every answer ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/none", 404), ("/nowhere", 404), ("/slow", 422), ("/broken", 500)])
def test_every_answer_has_its_headers(url: str, path: str, status: int) -> None:
    answer = requests.get(url + path, timeout=20)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in HEADERS["Content-Security-Policy"] and "default-src 'self'" in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("given", "kept"), [("job-7.a_B", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)]
)
def test_a_request_id_is_taken_over_when_it_is_one(url: str, given: str, kept: bool) -> None:
    assert (requests.get(url, headers={"X-Request-ID": given}, timeout=20).headers["x-request-id"] == given) is kept


def test_what_should_not_happen_is_in_the_log_and_nowhere_else(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    answer = requests.get(f"{url}/broken", headers={"X-Request-ID": "look-for-me"}, timeout=20)
    sentence = problem(answer, 500)
    assert "secret" not in answer.text and "Traceback" not in answer.text and "log" in sentence
    time.sleep(0.5)  # the line comes after the answer
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    [why, line] = [one for one in told if one["request_id"] == "look-for-me"]
    assert "a secret of ours" in why["traceback"]
    assert (line["status"], line["route"], line["method"]) == (500, "/broken", "GET") and line["ms"] >= 0


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b'{"a": 1}' + b" " * 92


@pytest.mark.parametrize("path", ["/body", "/json"])
def test_a_body_is_too_large_however_it_comes(url: str, path: str) -> None:
    json_ = {"Content-Type": "application/json"}
    assert requests.post(url + path, data=b"".join(pieces(1)), headers=json_, timeout=20).status_code == 200
    assert "at most 1000 bytes" in problem(requests.post(url + path, data=b"x" * 1001, timeout=20), 413)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answer = raw(url, head, *(b"64\r\n" + piece + b"\r\n" for piece in pieces(11)))
    assert answer.startswith(b"HTTP/1.1 413 ") and b"at most 1000 bytes" in answer


def test_no_json_is_said_to_be_none(url: str) -> None:
    sentence = problem(
        requests.post(f"{url}/json", data=b'{"a":', headers={"Content-Type": "application/json"}, timeout=20), 422
    )
    assert sentence == "the body is no JSON: Expecting value at character 5"


def test_a_long_query_string(url: str) -> None:
    assert "at most 100 bytes" in problem(requests.get(f"{url}/?{'x' * 101}", timeout=20), 414)


def test_more_at_once_than_can_be_worked_on(url: str) -> None:
    slow = [threading.Thread(target=requests.get, args=(f"{url}/slow?seconds=3",), kwargs={"timeout": 20}) for _ in range(3)]
    for thread in slow:
        thread.start()
    time.sleep(0.7)
    answer = requests.get(url, timeout=20)
    assert "3 requests are being worked on" in problem(answer, 503) and int(answer.headers["retry-after"]) > 0
    for thread in slow:
        thread.join()
    assert requests.get(url, timeout=20).status_code == 200


# ── slow callers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/body", "/json"])
def test_a_body_that_does_not_come(url: str, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n".encode()
    began = time.monotonic()
    answer = raw(url, head + b"{")
    assert answer.startswith(b"HTTP/1.1 408 ") and b"too slowly" in answer and time.monotonic() - began < 10


def test_a_body_that_comes_drop_by_drop(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    assert raw(url, head, *[b"x"] * 20, pause=0.3).startswith(b"HTTP/1.1 408 ")
    line = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert line["status"] == 408 and line["ms"] < 5000, "each drop came in time, and all of it would not"


def test_a_request_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "HEADERS_WITHIN", 1.0)
    with up(Limits()) as url:
        began = time.monotonic()
        assert raw(url) == b"" and raw(url, b"GET / HT", b"TP/1.1\r\nHost:", pause=0.1) == b""
        first = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = raw(url, first, b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 6, pause=0.4)
        assert answer.count(b"HTTP/1.1 200 OK") == 1, "the second request of a connection has to come, too"
        assert time.monotonic() - began < 20
        # Who takes long over an answer, or a body, is not who does not ask.
        assert requests.get(f"{url}/slow?seconds=1.5", timeout=20).status_code == 200
        body = raw(
            url, b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", *[b"x"] * 5, pause=0.4
        )
        assert body.startswith(b"HTTP/1.1 200 OK") and body.endswith(b"5")


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_question_that_is_silent_is_given_up_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "OVER", 0.1)
    monkeypatch.setattr(working, "THREADS", 1)
    over = threading.Event()

    async def both() -> str:
        with pytest.raises(TimeRanOut, match=r"not done within 0\.2 s"):
            await working.work(over.wait, 0.2)
        return await working.work(lambda: "the thread's place is free", 5)

    try:
        assert asyncio.run(both()) == "the thread's place is free"
    finally:
        over.set()
    with pytest.raises(TimeRanOut, match="lineage/upstream"):
        asyncio.run(working.work(cast(Callable[[], None], _late), 5))


def _late() -> None:
    raise TimeRanOut("lineage/upstream", 5)


def events_of(ask: Callable[..., Any], take: int = 1000) -> list[tuple[str, Any]]:
    async def some() -> list[tuple[str, Any]]:
        request = Request({"type": "http", "headers": [], "method": "GET", "path": "/"})
        stream = cast(AsyncIterator[bytes], streams.stream(request, ask, progress=True).body_iterator)
        found = []
        async for piece in stream:
            name, data = piece.decode().rstrip("\n").split("\ndata: ")
            found.append((name.removeprefix("event: "), json.loads(data)))
            if len(found) == take:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(some())


def test_long_work_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEAT", 0.05)

    def ask(progress: Callable[[int, int], object]) -> dict[str, int]:
        progress(1, 2)
        time.sleep(0.3)
        return {"found": 7}

    names = events_of(ask)
    assert names[0] == ("progress", {"done": 1, "of": 2}) and names[-1] == ("result", {"found": 7})
    assert {name for name, _ in names[1:-1]} == {"working"}

    def fails(progress: object) -> None:
        raise NotRecorded("run", "zoo/runs/x")

    assert [(name, data["status"]) for name, data in events_of(fails)] == [("problem", 404)]


def test_long_work_ends_with_its_caller() -> None:
    ended = threading.Event()

    def ask(progress: Callable[[int, int], object]) -> None:
        try:
            for i in range(3000):
                progress(i, 3000)
                time.sleep(0.01)
        except BaseException:
            ended.set()
            raise

    assert events_of(ask, take=2)[0][0] == "progress"
    assert ended.wait(10), "it goes on with nobody waiting"
