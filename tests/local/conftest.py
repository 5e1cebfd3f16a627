"""One server for the whole room, started by six processes at once; every test finds it running again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from neo4j import Driver, GraphDatabase

from lineage_graph import local

HEAP = "512m"
ASK = """
import json, sys
from pathlib import Path
from lineage_graph import local
server = local.up(Path(sys.argv[1]), heap="512m")
print(json.dumps([server.pid, server.uri]))
"""


def asker(folder: Path) -> subprocess.Popen[str]:
    """Another process that asks for the server of that folder."""
    return subprocess.Popen([sys.executable, "-c", ASK, str(folder)], stdout=subprocess.PIPE, text=True)


def driver(server: local.Server, password: str | None = None) -> Driver:
    return GraphDatabase.driver(server.uri, auth=(server.user, password or server.password))


@dataclass
class Room:
    folder: Path
    answers: list[tuple[int, str]]

    def server(self) -> local.Server:
        """The server as it is now, started if a test before left none."""
        return local.running(self.folder) or local.up(self.folder, heap=HEAP)


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    local.install(local.DEFAULT_VERSION)
    folder = tmp_path_factory.mktemp("local") / "neo4j"
    askers = [asker(folder) for _ in range(6)]
    try:
        outputs = [one.communicate(timeout=120)[0] for one in askers]
        yield Room(folder, [tuple(json.loads(output)) for output in outputs])
    finally:
        local.down(folder)
