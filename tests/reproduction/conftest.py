"""Pipelines of real processes in a Git work tree, recorded once and then made again."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import lineage_graph as lg
from lineage_graph.recording import recorder
from tests.conftest import Address
from tests.demo.demonstration import settings
from tests.doors.conftest import lineage_graph, refuses

__all__ = ["lineage_graph", "refuses"]

INGEST = """
    import os, sys
    import lineage_graph as lg

    with lg.init(project=sys.argv[1], id="ingest", job_type="ingest") as run:
        raw = lg.Artifact("raw", "dataset")
        with raw.new_file("raw.txt") as file:
            file.write(os.environ.get("RAW", "raw"))
        run.log_artifact(raw)
"""
TRAIN = """
    import os, sys, time
    from pathlib import Path
    import lineage_graph as lg
    from words import WORD

    with lg.init(project=sys.argv[1], id="train", job_type="train") as run:
        text = (run.use_artifact("raw", use_as="data").download() / "raw.txt").read_text()
        if "BREAK" in os.environ:
            sys.exit("it is broken")
        if "HANG" in os.environ:
            Path(os.environ["HANG"]).write_text(str(os.getpid()))
            time.sleep(60)
        model = lg.Artifact("model", "model", metadata={"word": WORD})
        with model.new_file("model.txt") as file:
            file.write(f"{text} {WORD}")
        run.log_artifact(model, aliases=["best"]).alias("good")
        run.summary["length"] = len(text)
"""
REPORT = """
    import sys
    import lineage_graph as lg

    with lg.init(project=sys.argv[1], id="report") as run:
        text = (run.use_artifact("model:best").download() / "model.txt").read_text()
        report = lg.Artifact("report", "report")
        with report.new_file("report.txt") as file:
            file.write(text.upper())
        run.log_artifact(report)
"""


@dataclass(frozen=True)
class Repository:
    """A Git work tree with the pipeline's scripts in `steps`."""

    top: Path

    @property
    def steps(self) -> Path:
        return self.top / "steps"

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.top), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, name: str, code: str) -> None:
        (self.steps / name).write_text(textwrap.dedent(code))

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "a step")
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str, **environment: str) -> None:
        """Python with these words, in the folder of the scripts."""
        done = subprocess.run(
            [sys.executable, *words], cwd=self.steps, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def new_repository(top: Path) -> Repository:
    found = Repository(top)
    found.steps.mkdir(parents=True)
    found.git("init", "-q")
    found.write("words.py", "WORD = 'first'")
    for name, code in (("ingest.py", INGEST), ("train.py", TRAIN), ("report.py", REPORT)):
        found.write(name, code)
    found.commit()
    return found


@pytest.fixture(autouse=True)
def surroundings(online: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python finds this package wherever a step is run, and leaves nothing beside the scripts."""
    monkeypatch.setenv("PYTHONPATH", str(Path(lg.__file__).parents[1]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.chdir(tmp_path)
    yield
    recorder.close_all()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def pipeline(repository: Repository, project: str) -> Repository:
    """raw → model → report, recorded at the first commit."""
    for name in ("ingest.py", "train.py", "report.py"):
        repository.run(name, project)
    return repository


@pytest.fixture(scope="module")
def shared(address: Address, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The project of such a pipeline that is recorded once, for tests that leave it as it is."""
    folder, project = tmp_path_factory.mktemp("shared"), f"t{uuid.uuid4().hex[:12]}"
    found = new_repository(folder / "repository")
    package = {"PYTHONPATH": str(Path(lg.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("ingest.py", "train.py", "report.py"):
        found.run(name, project, **settings(address, folder / "home"), **package)
    return project
