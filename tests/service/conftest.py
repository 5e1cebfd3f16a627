"""The service as it is: a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from lineage_graph.events import new_uid
from lineage_graph.settings import Settings
from lineage_graph.tokens import Tokens
from tests.conftest import Address

JSONL = {"Content-Type": "application/jsonl"}


@dataclass
class Service:
    """A service that runs. url: its root, without the last slash. home: its data folder."""

    url: str
    home: Path
    process: subprocess.Popen[str]

    @property
    def tokens(self) -> Tokens:
        return Tokens(Settings(home=self.home))

    def token(self, role: Any = "admin", **more: Any) -> dict[str, str]:
        """The header of a new token."""
        return {"Authorization": f"Bearer {self.tokens.create(role, **more)[1]}"}

    def ask(self, path: str, who: dict[str, str] | None = None, method: str = "GET", **more: Any) -> requests.Response:
        headers = {**(who or {}), **more.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=60, allow_redirects=False, **more)

    def post(self, lines: bytes | list[dict[str, Any]], who: dict[str, str] | None = None, **more: Any) -> requests.Response:
        """Sends events."""
        body = lines if isinstance(lines, bytes) else "".join(json.dumps(line) + "\n" for line in lines).encode()
        return self.ask("/api/events", {**JSONL, **(who or {})}, "POST", data=body, **more)


@contextmanager
def serving(home: Path, address: Address | None, *options: str, **environment: str) -> Iterator[Service]:
    """`lineage-graph serve` on a free port, over the session's Neo4j or (None) over one that is not there."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_", "XDG_"))}
    where = address or Address("bolt://127.0.0.1:9", "neo4j", "none")
    kept |= {"LINEAGE_GRAPH_URI": where.uri, "LINEAGE_GRAPH_USER": where.user, "LINEAGE_GRAPH_PASSWORD": where.password}
    kept |= {"LINEAGE_GRAPH_HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), **environment}
    command = [sys.executable, "-m", "lineage_graph", "serve", "--port", "0", *options]
    log = (home.parent / f"{home.name}.log").open("a")
    with log, subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = next((word for word in line.split() if word.startswith("http")), None)
            assert url, f"no address in {line!r}: {Path(log.name).read_text()[-2000:]}"
            yield Service(url.rstrip("/."), home, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0, Path(log.name).read_text()[-2000:]


@pytest.fixture(scope="module")
def service(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with tokens, for the tests of a module."""
    with serving(tmp_path_factory.mktemp("service") / "home", address) as running:
        running.tokens.create("admin", name="so that there is one")
        yield running


def started(run: str, **more: Any) -> dict[str, Any]:
    return {"kind": "run_started", "uid": new_uid(), "run": run, **more}


def logged(run: str, artifact: str, i: int, **more: Any) -> dict[str, Any]:
    thing = {"artifact": artifact, "digest": f"sha256:{i:064x}", "type": "dataset"}
    return {"kind": "logged", "uid": new_uid(), "run": run, **thing, **more}
