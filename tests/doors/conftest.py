"""Doors are tested as people meet them: a line in, exit code, stdout and stderr out."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lineage_graph.cli.app import cli as door
from lineage_graph.recording import recorder
from tests.conftest import Address


@dataclass(frozen=True)
class Said:
    """What a command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Cli = Callable[..., Said]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(work: Path) -> None:
    """Every line is given in `work`."""


@pytest.fixture
def lineage_graph() -> Cli:
    """Runs a command line in this process; it must end with exit code `code`."""

    def call(*arguments: object, code: int = 0, stdin: str | bytes | None = None) -> Said:
        result = CliRunner().invoke(door, [str(a) for a in arguments], input=stdin)
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return Said(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def refuses(lineage_graph: Cli) -> Callable[..., str]:
    """Runs a command line that fails as failures should: exit code 2, nothing on stdout, one sentence on stderr (returned)."""

    def call(*arguments: object, stdin: str | bytes | None = None) -> str:
        said = lineage_graph(*arguments, code=2, stdin=stdin)
        return sentence(said)

    return call


def sentence(said: Said) -> str:
    assert said.out == ""
    assert said.err.startswith("lineage-graph: ") and said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err and "should not happen" not in said.err, said.err
    return said.err.removeprefix("lineage-graph: ").strip()


def start(*arguments: object, **pipes: Any) -> subprocess.Popen[bytes]:
    """`lineage-graph …` as a process of its own."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | pipes
    command = [sys.executable, "-W", "error", "-m", "lineage_graph", *map(str, arguments)]
    return subprocess.Popen(command, env=os.environ.copy(), **given)


def ended(process: subprocess.Popen[bytes], seconds: float = 60) -> Said:
    out, err = process.communicate(timeout=seconds)
    return Said(process.returncode, (out or b"").decode(), (err or b"").decode())


@dataclass(frozen=True)
class World:
    """raw → split → train and test → model, recorded through the facade."""

    project: str
    raw: str
    train: str
    test: str
    model: str


@pytest.fixture
def world(online: Address, project: str, work: Path) -> World:
    import lineage_graph as lg

    def artifact(name: str, text: str, kind: str = "dataset") -> lg.Artifact:
        made = lg.Artifact(name, kind)
        with made.new_file(f"{name}.txt") as file:
            file.write(text)
        return made

    with lg.init(project=project, id="ingest", job_type="ingest") as run:
        run.log_artifact(artifact("raw", "raw"))
    with lg.init(project=project, id="split", job_type="split") as run:
        run.use_artifact("raw")
        run.log_artifact(artifact("train", "train"))
        run.log_artifact(artifact("test", "test"))
    with lg.init(project=project, id="fit", job_type="train", config={"C": 1.0}) as run:
        run.use_artifact("train", use_as="train")
        run.use_artifact("test")
        run.log_artifact(artifact("model", "model", "model"), aliases=["best"])
    recorder.close_all()
    return World(project, *(f"{project}/{name}:v0" for name in ("raw", "train", "test", "model")))


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address where nothing answers, set."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"bolt://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("LINEAGE_GRAPH_URI", uri)
    monkeypatch.setenv("LINEAGE_GRAPH_PASSWORD", "x")
    return uri
