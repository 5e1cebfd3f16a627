"""The folder a reproduction is done in: where things are in it, what is done already, and that nobody else is at it.

reproduction.json    what is done: written anew, whole, after each run
store/ home/         the content store and the journals of the reruns
code/                clones, one a commit
runs/                a folder for each run: its checkout, or an empty one
replays/ logs/       what each command was told, and what it said
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from lineage_graph.answers.plan import Plan
from lineage_graph.answers.reproduction import RepeatedRun
from lineage_graph.canonical import canonical, digest_of
from lineage_graph.errors import CannotReproduce
from lineage_graph.models import Frozen

STATE = "reproduction.json"
LOCK = "reproduction.lock"


class State(Frozen):
    """plan: a digest of what is to be done; runs: what became of each so far, by name."""

    format: Literal["lineage-graph-reproduction-1"] = "lineage-graph-reproduction-1"
    home: str
    plan: str
    runs: dict[str, RepeatedRun] = Field(default_factory=dict)


class Folder:
    """A folder for one plan."""

    def __init__(self, into: str | os.PathLike[str]) -> None:
        self.root = Path(into).absolute()
        self.store, self.home, self.code = (self.root / name for name in ("store", "home", "code"))
        self.runs, self.replays, self.logs = (self.root / name for name in ("runs", "replays", "logs"))
        self._state: State | None = None

    @contextmanager
    def opened(self, plan: Plan) -> Iterator[None]:
        """Makes it, or finds the same plan begun in it; nobody else does so meanwhile. Raises CannotReproduce."""
        before = self._found(plan)
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise CannotReproduce(self.root, "is at work in another process; wait for it, or give another folder") from None
            self._state = self._found(plan) or before or State(home=plan.home, plan=digest(plan))
            for folder in (self.code, self.runs, self.replays, self.logs):
                folder.mkdir(exist_ok=True)
            self._write()
            yield

    def _found(self, plan: Plan) -> State | None:
        """What is begun here; None in an empty folder. Raises CannotReproduce when it is something else."""
        try:
            there = sorted(os.listdir(self.root))  # noqa: PTH208
            state = State.model_validate_json((self.root / STATE).read_bytes()) if STATE in there else None
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise CannotReproduce(self.root, "is a file; give an empty folder") from None
        except OSError as error:
            raise CannotReproduce(self.root, f"cannot be read ({error.strerror}); give another folder") from error
        except ValidationError:
            raise CannotReproduce(self.root / STATE, "is damaged; give an empty folder") from None
        if state is None and set(there) - {LOCK}:
            raise CannotReproduce(
                self.root, f"is not empty (it has {there[0]}); give an empty folder, or one that is not there"
            )
        if state is not None and state.plan != digest(plan):
            is_home = f"{state.home} by other runs" if state.home == plan.home else state.home
            raise CannotReproduce(self.root, f"holds a reproduction of {is_home}; give an empty folder for {plan.home}")
        return state

    @property
    def done(self) -> dict[str, RepeatedRun]:
        """What became of each run so far, by name."""
        assert self._state is not None
        return dict(self._state.runs)

    def keep(self, *runs: RepeatedRun) -> None:
        """Notes what became of runs, on the disk, whole or not at all."""
        assert self._state is not None
        self._state = self._state.model_copy(update={"runs": self._state.runs | {run.name: run for run in runs}})
        self._write()

    def _write(self) -> None:
        assert self._state is not None
        part = self.root / f".{STATE}.part"
        part.write_text(self._state.model_dump_json(indent=1), encoding="utf-8")
        part.replace(self.root / STATE)


def digest(plan: Plan) -> str:
    """What a plan does: its runs and what they read and make, and not where bytes are at the moment."""
    said: list[Any] = [plan.home]
    for run in plan.runs:
        reads = [[v.name, v.digest, v.used_as, v.asked, v.made_by] for v in run.inputs]
        makes = [[v.name, v.digest] for v in run.outputs]
        said.append([run.name, run.command, run.commit, run.patch, reads, makes])
    return digest_of(canonical(said))
