"""Fetching jars from a repository that cuts off, lies, is busy or has not got them: a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local import fetch, jars
from lineage_graph.local.jars import Jar

BODY = os.urandom(300_000)
JAR = Jar("org.example", "thing", "1.0", "linux", len(BODY), hashlib.sha256(BODY).hexdigest())


@dataclass
class Repository:
    """What it serves, how it misbehaves, and what it was asked."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    cut: list[int] = field(default_factory=list)  # bytes sent before it hangs up, for the first requests
    status: list[int] = field(default_factory=list)  # what it answers the first requests instead
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)
    sent: int = 0


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    here = Repository(bodies={JAR.path: BODY})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = here.bodies.get(self.path.lstrip("/"))
            wanted = self.headers.get("Range")
            here.asked.append(wanted)
            if body is None or here.status:
                self.send_error(404 if body is None else here.status.pop(0))
                return
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and here.ranges else 0
            self.send_response(206 if wanted and here.ranges else 200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            part = body[begin:][: here.cut.pop(0) if here.cut else None]
            self.wfile.write(part)
            here.sent += len(part)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield here
        server.shutdown()
        thread.join()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_jar_is_laid_out_as_in_a_repository(repository: Repository, tmp_path: Path) -> None:
    fetch.fetch([JAR], tmp_path, repository.url, Console(quiet=True))
    assert (tmp_path / "org/example/thing/1.0/thing-1.0-linux.jar").read_bytes() == BODY
    assert left(tmp_path) == ["thing-1.0-linux.jar"]
    assert jars.wanting([JAR], tmp_path) == []


def test_what_is_cut_off_goes_on_where_it_stopped(repository: Repository, tmp_path: Path) -> None:
    repository.cut = [100_000, 50_000]
    fetch.fetch([JAR], tmp_path, repository.url)
    assert jars.wanting([JAR], tmp_path) == []
    begins = [int((wanted or "bytes=0-")[6:-1]) for wanted in repository.asked]
    assert begins[0] == 0
    assert 90_000 < begins[1] <= 100_000
    assert begins[1] + 40_000 < begins[2] <= 150_000
    assert repository.sent < len(BODY) + 20_000


def test_what_another_process_left_half_fetched_is_resumed(repository: Repository, tmp_path: Path) -> None:
    part = tmp_path / (JAR.path + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY[:123_456])
    fetch.fetch([JAR], tmp_path, repository.url)
    assert repository.asked == ["bytes=123456-"]
    assert left(tmp_path) == ["thing-1.0-linux.jar"]


def test_a_repository_without_ranges_is_read_from_the_start(repository: Repository, tmp_path: Path) -> None:
    repository.ranges, repository.cut = False, [100_000]
    fetch.fetch([JAR], tmp_path, repository.url)
    assert jars.wanting([JAR], tmp_path) == []


@pytest.mark.parametrize("part", [b"", BODY[:1000], BODY + b"too long", b"x" * len(BODY)])
def test_a_wrong_hash_is_refused_and_nothing_is_left(repository: Repository, tmp_path: Path, part: bytes) -> None:
    repository.bodies[JAR.path] = BODY[:-1] + bytes([BODY[-1] ^ 1])
    half = tmp_path / (JAR.path + ".part")
    half.parent.mkdir(parents=True)
    half.write_bytes(part)
    with pytest.raises(LocalServerProblem, match=r"thing:1\.0:linux from .* has SHA-256 .*, so it was thrown away; run"):
        fetch.fetch([JAR], tmp_path, repository.url)
    assert left(tmp_path) == []


def test_a_jar_that_went_bad_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    fetch.fetch([JAR], tmp_path, repository.url)
    (tmp_path / JAR.path).write_bytes(b"x" * len(BODY))
    assert jars.wanting([JAR], tmp_path) == [JAR]
    fetch.fetch(jars.wanting([JAR], tmp_path), tmp_path, repository.url)
    assert (tmp_path / JAR.path).read_bytes() == BODY


def test_a_busy_repository_is_asked_again(repository: Repository, tmp_path: Path) -> None:
    repository.status = [503]
    fetch.fetch([JAR], tmp_path, repository.url)
    assert jars.wanting([JAR], tmp_path) == []


def test_one_that_stays_away_is_one_sentence(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TRIES", 2)
    repository.status = [500] * 9
    with pytest.raises(LocalServerProblem, match=r"could not be fetched from .* \(status 500\); run `lineage-graph up`"):
        fetch.fetch([JAR], tmp_path, repository.url)
    with pytest.raises(LocalServerProblem, match=r"could not be fetched from .* \(ConnectionError\); run"):
        fetch.fetch([JAR], tmp_path, "http://127.0.0.1:9")


def test_a_jar_the_repository_has_not_got_is_one_sentence(repository: Repository, tmp_path: Path) -> None:
    repository.bodies.clear()
    with pytest.raises(LocalServerProblem, match=r"org\.example:thing:1\.0:linux is not at http://127"):
        fetch.fetch([JAR], tmp_path, repository.url)


def test_install_takes_the_mirror_of_the_environment(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_GRAPH_MAVEN", repository.url)
    monkeypatch.setenv("LINEAGE_GRAPH_JARS", str(tmp_path / "jars"))
    monkeypatch.setattr(fetch, "locked", lambda version, browser: [JAR])
    assert fetch.install("any") == tmp_path / "jars"
    assert jars.wanting([JAR], tmp_path / "jars") == []
    assert fetch.install("any") == tmp_path / "jars"
    assert len(repository.asked) == 1


@pytest.mark.parametrize("name", [*jars.versions(), jars.BROWSER])
def test_a_lock_file_is_whole(name: str) -> None:
    found = jars.parse((jars.HERE / f"jars-{name}.lock").read_text("utf-8"))
    assert len({jar.path for jar in found}) == len(found)
    assert all(jar.size > 0 and len(jar.sha256) == 64 and set(jar.sha256) <= set("0123456789abcdef") for jar in found)
    if name != jars.BROWSER:
        assert {f"org.neo4j:neo4j:{name}", f"org.neo4j:neo4j-bolt:{name}"} <= {jar.coordinate for jar in found}
