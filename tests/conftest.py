"""One real Neo4j a session, and a home of its own for every test.

The server is `NEO4J_URI` (with `NEO4J_USERNAME`, `NEO4J_PASSWORD`) where set, else a container where a Docker daemon answers,
else the managed local server. Tests share it, each under a project of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from neo4j import GraphDatabase

from lineage_graph.graph import Graph

if TYPE_CHECKING:
    from tests.demo.demonstration import Demonstration

SHARED_DATA = Path(os.environ.get("LINEAGE_GRAPH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
LINE = os.environ.get("LINEAGE_GRAPH_TEST_NEO4J", "2026.09.0")


@dataclass(frozen=True)
class Address:
    uri: str
    user: str
    password: str


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


SERVER = {k: os.environ.get(k) for k in ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD")}


@pytest.fixture(scope="session", autouse=True)
def _signals() -> None:
    """Signals that are ignored around us (in the background, under nohup) would be in the programs that tests start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Where the session's Neo4j is."""
    if SERVER["NEO4J_URI"]:
        yield Address(SERVER["NEO4J_URI"], SERVER["NEO4J_USERNAME"] or "neo4j", SERVER["NEO4J_PASSWORD"] or "")
    elif _docker_answers():
        from testcontainers.community.neo4j import Neo4jContainer

        with Neo4jContainer(f"neo4j:{LINE}", password="a-password") as container:
            yield Address(container.get_connection_url(), "neo4j", "a-password")
    else:
        from lineage_graph import local

        folder = tmp_path_factory.mktemp("neo4j")
        server = local.up(folder, version=LINE)
        try:
            yield Address(server.uri, server.user, server.password)
        finally:
            local.down(folder)


@pytest.fixture(scope="session")
def graph(address: Address) -> Iterator[Graph]:
    """The session's Neo4j, opened."""
    opened = Graph(address.uri, address.user, address.password)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Where another Neo4j is, which tests may empty: a managed local one, started for those that ask."""
    from lineage_graph import local

    folder = tmp_path_factory.mktemp("second")
    server = local.up(folder, version=LINE, heap="512m")
    try:
        yield Address(server.uri, server.user, server.password)
    finally:
        local.down(folder)


@pytest.fixture
def emptied(second: Address) -> Address:
    """Where a Neo4j is in which no node is."""
    wipe(second)
    return second


def wipe(second: Address) -> None:
    """Takes every node away."""
    with GraphDatabase.driver(second.uri, auth=(second.user, second.password)) as driver, driver.session() as session:
        session.run("MATCH (n) DETACH DELETE n").consume()


@pytest.fixture
def nothing(emptied: Address) -> Address:
    """Where a Neo4j is in which nothing is: no node, no constraint, no index."""
    with GraphDatabase.driver(emptied.uri, auth=(emptied.user, emptied.password)) as driver, driver.session() as session:
        for name in session.run("SHOW CONSTRAINTS YIELD name RETURN collect(name)").single(strict=True)[0]:
            session.run(f"DROP CONSTRAINT {name}").consume()
        shown = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN collect(name)"
        for name in session.run(shown).single(strict=True)[0]:
            session.run(f"DROP INDEX {name}").consume()
    return emptied


@pytest.fixture
def empty(emptied: Address) -> Iterator[Graph]:
    """The Neo4j in which no node is, opened."""
    opened = Graph(emptied.uri, emptied.user, emptied.password)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def demonstration(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """What the demonstration left: the first one of the session."""
    from tests.demo.demonstration import demonstrate

    return demonstrate(address, tmp_path_factory.mktemp("demonstration"))


@pytest.fixture
def project() -> str:
    """A project no other test has."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder and a config folder of this test's own, and no setting from outside."""
    for name in [n for n in os.environ if n.startswith(("LINEAGE_GRAPH_", "NEO4J_"))]:
        if name not in {"LINEAGE_GRAPH_JARS", "LINEAGE_GRAPH_TEST_NEO4J", "LINEAGE_GRAPH_SHARED_DATA"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LINEAGE_GRAPH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def online(address: Address, monkeypatch: pytest.MonkeyPatch, home: Path) -> Address:
    """This test's facade and CLI talk to the session's Neo4j."""
    monkeypatch.setenv("LINEAGE_GRAPH_URI", address.uri)
    monkeypatch.setenv("LINEAGE_GRAPH_USER", address.user)
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", address.password)
    return address


@pytest.fixture
def work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder of this test's own."""
    from lineage_graph.recording import recorder

    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    recorder.close_all()


@contextmanager
def small_file_system(folder: Path, size: str) -> Iterator[Path]:
    """`folder` as a file system that holds at most `size`, such as '64k'; skips by name where none can be had."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small tmpfs cannot be mounted here (it takes root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def shared_data(name: str) -> Path:
    """A file of the acceptance data; the test is skipped, by name, where it is absent."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"acceptance data {name} is not on this machine")
    return path
