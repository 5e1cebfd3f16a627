"""ML Metadata (ml-metadata 1.17.1) beside us, where it installs: in an environment that is made for it and taken away."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.worlds import World

PACKAGE = "ml-metadata==1.17.1"
CHILD = Path(__file__).with_name("mlmd_child.py")


class Mlmd:
    """A process that holds worlds in ML Metadata's SQLite store and walks them."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python, self.folder = python, folder
        self.process: subprocess.Popen[str] | None = None

    def load(self, world: World) -> None:
        """A world into a store of its own."""
        self.close()
        database = self.folder / f"{id(world)}.db"
        self.process = subprocess.Popen(
            [str(self.python), str(CHILD), str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._ask({"load": [[step.id, step.used, step.logged] for step in world.steps]})

    def upstream(self, thing: str) -> dict[str, Any]:
        """{'artifacts', 'executions', 'events', 'seconds'} of what it answers."""
        return self._ask({"upstream": thing})

    def _ask(self, value: dict[str, Any]) -> dict[str, Any]:
        assert self.process is not None and self.process.stdin is not None and self.process.stdout is not None
        print(json.dumps(value), file=self.process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        if self.process is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(30)
            self.process = None


@contextmanager
def mlmd() -> Iterator[Mlmd | None]:
    """ML Metadata, or None where it cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        python = home / "env" / "bin" / "python"
        commands = (
            [sys.executable, "-m", "venv", str(home / "env")],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(f"left out: {PACKAGE} does not install here ({(done.stderr.strip() or '?').splitlines()[-1]})")
                yield None
                return
        there = Mlmd(python, home)
        try:
            yield there
        finally:
            there.close()
