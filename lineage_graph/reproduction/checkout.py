"""A run's code as it was recorded, and its command as it can be run here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from lineage_graph.answers.plan import PlannedRun, moved
from lineage_graph.errors import CannotReproduce
from lineage_graph.recording.at_hand import AtHand
from lineage_graph.settings import Settings

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
# What a caller that is itself in a Git hook has set, and would lead Git elsewhere.
NOT_FOR_GIT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")


@dataclass(frozen=True)
class Place:
    """Where a command is run, and how. notes: what is not as it was the first time."""

    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]
    top: tuple[str, str] | None
    notes: tuple[str, ...] = field(default=())

    def path(self, recorded: str) -> Path:
        """A path that the run was given, here."""
        return self.folder / _moved(recorded, self.top)


class Code:
    """Clones below one folder, and checkouts of them."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        """settings: those of the store that has the patches."""
        self.folder = folder
        self.settings = settings
        self._lock = Lock()  # Git does not like two worktrees to be made at once

    def bring(self, run: PlannedRun) -> None:
        """Clones what has a run's commit, from the folder it ran in, else from where that came from. Raises CannotReproduce."""
        if run.commit is None:
            return
        if not COMMIT.fullmatch(run.commit):
            raise CannotReproduce(run.name, f"has {run.commit!r} as its commit, which Git does not understand")
        clone = self._clone(run.commit)
        if clone.exists():
            return
        said = []
        for source in _sources(run):
            part = clone.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            done = _git("clone", "--bare", "--quiet", "--", source, str(part))
            if done.returncode == 0 and not _has(part, run.commit):
                done = _git("-C", str(part), "fetch", "--quiet", "origin", run.commit)
            if done.returncode == 0:
                part.rename(clone)
                return
            said.append(f"{source} ({_last_line(done.stderr)})")
        where = " nor in ".join(said) or "any place that is recorded"
        raise CannotReproduce(run.name, f"cannot be done again: its commit {run.commit} is not in {where}; fetch it there")

    def place(self, run: PlannedRun, folder: Path, environment: Mapping[str, str]) -> Place:
        """Puts a run's code into `folder`, made anew. Raises CannotReproduce."""
        shutil.rmtree(folder, ignore_errors=True)
        top: tuple[str, str] | None = None
        here = folder
        if run.commit is None:
            folder.mkdir(parents=True)
        else:
            self._check_out(run, run.commit, folder)
            subfolder = _subfolder(run)
            here = folder / subfolder
            here.mkdir(parents=True, exist_ok=True)
            top = _top(run, subfolder, folder)
        words, notes = _command(run, folder, top)
        return Place(here, tuple(words), _python_path(environment, top), top, tuple(notes))

    def _clone(self, commit: str) -> Path:
        return self.folder / f"{commit}.git"

    def _check_out(self, run: PlannedRun, commit: str, folder: Path) -> None:
        with self._lock:
            clone = str(self._clone(commit))
            _git("-C", clone, "worktree", "prune")
            done = _git("-C", clone, "worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)
        if done.returncode != 0:
            raise CannotReproduce(run.name, f"cannot be checked out at {commit}: {_last_line(done.stderr)}")
        if not run.dirty:
            return
        patch = AtHand(self.settings).blob(run.patch or "")
        if patch is None:
            raise CannotReproduce(run.name, f"ran on changed files, and the change ({run.patch}) is in no content store")
        done = _git("-C", str(folder), "apply", "--whitespace=nowarn", "-", given=patch)
        if done.returncode != 0:
            raise CannotReproduce(run.name, f"ran on changed files, and the change does not apply: {_last_line(done.stderr)}")


def _git(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if k not in NOT_FOR_GIT} | {"GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(["git", *arguments], input=given, capture_output=True, env=environment, check=False)
    except OSError as error:
        raise CannotReproduce("git", f"cannot be run ({error.strerror}); install it, the code is in commits") from error


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "Git does not say why"


def _has(repository: Path | str, commit: str) -> bool:
    return _git("-C", str(repository), "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


def _sources(run: PlannedRun) -> list[str]:
    """Where a commit may be cloned from: the work tree the run was in, where it still has it, then where that came from."""
    folder, remote = run.environment.get("folder"), run.environment.get("remote")
    found: list[str] = []
    there = None
    if isinstance(folder, str) and folder.startswith("/"):
        there = next(str(path) for path in [Path(folder), *Path(folder).parents] if path.is_dir())
    if there is not None and _has(there, run.commit or ""):
        top = _git("-C", there, "rev-parse", "--show-toplevel")
        if top.returncode == 0:
            found.append(os.fsdecode(top.stdout).rstrip("\n"))
    return [*found, *([remote] if isinstance(remote, str) and remote else [])]


def _subfolder(run: PlannedRun) -> str:
    """The working folder in the work tree; what was recorded before it was noted is asked of the folder, if it is there."""
    noted = run.environment.get("subfolder")
    if isinstance(noted, str):
        return noted if ".." not in Path(noted).parts and not Path(noted).is_absolute() else ""
    folder = run.environment.get("folder")
    if isinstance(folder, str) and Path(folder).is_dir():
        prefix = _git("-C", folder, "rev-parse", "--show-prefix")
        if prefix.returncode == 0:
            return os.fsdecode(prefix.stdout).rstrip("\n").rstrip("/")
    return ""


def _top(run: PlannedRun, subfolder: str, checkout: Path) -> tuple[str, str] | None:
    """(the recorded work tree, the checkout)."""
    folder = run.environment.get("folder")
    if not isinstance(folder, str) or not folder.startswith("/"):
        return None
    top = folder.removesuffix(f"/{subfolder}") if subfolder else folder
    return top, str(checkout)


def _moved(word: str, top: tuple[str, str] | None) -> str:
    """A word of a command with the recorded work tree in it (also after a '='), leading into the checkout."""
    if top is None:
        return word
    head, equals, path = word.rpartition("=")
    if path == top[0] or path.startswith(f"{top[0]}/"):
        return f"{head}{equals}{top[1]}{path[len(top[0]) :]}"
    return word


def _command(run: PlannedRun, checkout: Path, top: tuple[str, str] | None) -> tuple[list[str], list[str]]:
    try:
        program, *words = shlex.split(run.command or "")
    except ValueError as error:
        raise CannotReproduce(run.name, f"has a command that cannot be taken apart ({error}): {run.command}") from None
    notes: list[str] = []
    inside = _moved(program, top)
    if Path(inside).exists():
        program = inside
    if run.commit is None:
        program, words, used = _from_the_old_folder(run, program, words)
        notes += [f"{name} is in no commit: it was run as it is now in {run.environment['folder']}" for name in used]
    if program.startswith("/") and not Path(program).exists() and Path(program).name.startswith("python"):
        notes.append(f"{program} is not here: it was run with {sys.executable}")
        program = sys.executable
    return [program, *(_moved(word, top) for word in words)], notes


def _from_the_old_folder(run: PlannedRun, program: str, words: list[str]) -> tuple[str, list[str], list[str]]:
    """A program or script by a relative path, outside of any commit, is taken from the folder the run was in."""
    folder = run.environment.get("folder")
    if not isinstance(folder, str) or not Path(folder).is_dir():
        return program, words, []
    if "/" in program and not program.startswith("/") and (Path(folder) / program).is_file():
        return str(Path(folder) / program), words, [program]
    for i, word in enumerate(words):
        if word in ("-c", "-m"):
            break
        if word.startswith("-") or Path(word).is_absolute() or _is_data(run, word):
            continue
        if (Path(folder) / word).is_file():
            return program, [*words[:i], str(Path(folder) / word), *words[i + 1 :]], [word]
    return program, words, []


def _is_data(run: PlannedRun, word: str) -> bool:
    """Whether a word of a command is what it reads or makes, which is never where it was the first time."""
    paths = [one.path for one in [*(moved(run, "inputs") or ()), *(moved(run, "outputs") or ())]]
    return any(word == path or word.startswith(f"{path}/") for path in paths)


def _python_path(environment: Mapping[str, str], top: tuple[str, str] | None) -> dict[str, str]:
    """The environment, without a way back into the work tree as it is now."""
    moved = dict(environment)
    if "PYTHONPATH" in moved:
        moved["PYTHONPATH"] = os.pathsep.join(_moved(part, top) for part in moved["PYTHONPATH"].split(os.pathsep))
    return moved
