"""Facade tests: a fresh process-wide recorder for each, closed at its end."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lineage_graph.recording import recorder


@pytest.fixture(autouse=True)
def fresh_recorder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    yield
    recorder.close_all()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def python(tmp_path: Path) -> Start:
    """Starts another Python on a piece of code, in this test's environment."""

    def start(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """Its output, once it has ended as it should."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    return out
