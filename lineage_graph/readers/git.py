"""The history of `dvc.lock` in a Git repository, asked of `git` itself. Nothing is fetched, nothing in it is changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lineage_graph.errors import ImportRefused
from lineage_graph.readers.dvc import ROOT as LOCK
from lineage_graph.readers.dvc import read_history
from lineage_graph.readers.reading import LeftOut, Reading
from lineage_graph.readers.value import Value

_AHEAD = 500  # questions asked of git at once
Progress = Callable[[int, int], None]


def read(folder: Path, project: str, progress: Progress) -> Reading:
    """The runs and versions of a repository's history. Raises ImportRefused, ExtraMissing."""
    found, shallow = history(folder, progress)
    reading = read_history(found, project)
    if shallow:
        reading.left_out.append(LeftOut("commits", "the repository is shallow: what is older is not in it", "", 1))
    return reading


def history(folder: Path, progress: Progress) -> tuple[Value, bool]:
    """(the history as `dvc.read_history` takes it, whether older commits are missing here).

    Every commit of every branch, tag and other ref whose dvc.lock, at the root or in a folder, differs from its first
    parent's; parents come first, then by commit date. progress: called with commits done and commits in all.
    Raises ImportRefused.
    """
    commits = [
        line.split() for line in _git(folder, "rev-list", "--all", "--date-order", "--reverse", "--parents").splitlines()
    ]
    paths = _paths(folder)
    if not paths:
        raise ImportRefused(folder, None, f"no commit has a {LOCK}")
    wanted = [f"{commit[0]}:{path}" for commit in commits for path in paths]
    blobs = dict(zip(wanted, _blobs(folder, wanted, progress, len(paths)), strict=True))
    changed = [
        (commit[0], path, blob)
        for commit in commits
        for path in paths
        if (blob := blobs[f"{commit[0]}:{path}"]) is not None
        and (len(commit) == 1 or blob != blobs.get(f"{commit[1]}:{path}"))
    ]  # fmt: skip
    texts = _contents(folder, list(dict.fromkeys(blob for _, _, blob in changed)))
    about = _about(folder, list(dict.fromkeys(sha for sha, _, _ in changed)))
    found: list[dict[str, Any]] = [
        {"commit": sha, **about[sha], "lock_path": path, "dvc_lock": texts[blob]} for sha, path, blob in changed
    ]
    shallow = _git(folder, "rev-parse", "--is-shallow-repository").strip() == "true"
    return Value(found, str(folder)), shallow


def _git(folder: Path, *arguments: str, given: str | None = None) -> str:
    """What git prints. Raises ImportRefused with what it says instead."""
    return _git_bytes(folder, *arguments, given=given).decode("utf-8", "surrogateescape")


def _git_bytes(folder: Path, *arguments: str, given: str | None = None) -> bytes:
    # Variables such as GIT_DIR would make it another repository.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ours = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(folder), *arguments]
    data = given.encode("utf-8", "surrogateescape") if given is not None else None
    try:
        done = subprocess.run(
            command, input=data, stdin=None if data is not None else subprocess.DEVNULL, capture_output=True,
            env=outside | ours, check=False,
        )  # fmt: skip
    except OSError as error:
        raise ImportRefused(folder, None, f"git cannot be started ({error.strerror}); install it") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[0].removeprefix("fatal: ") if said else f"exit code {done.returncode}"
        raise ImportRefused(folder, None, f"git cannot read it ({why})")
    return done.stdout


def _paths(folder: Path) -> list[str]:
    """Every path below which a dvc.lock ever was, the root's first."""
    said = _git(
        folder, "log", "--all", "--full-history", "--diff-merges=separate", "--name-only", "--no-renames", "-z", "--format=",
        "--", f":(top,glob)**/{LOCK}",
    )  # fmt: skip
    found = {path for path in said.replace("\0\n", "\0").split("\0") if path.strip()}
    return sorted((path for path in found if "\n" not in path), key=lambda path: (path.count("/"), path))


def _blobs(folder: Path, wanted: list[str], progress: Progress, a_commit: int) -> list[str | None]:
    """The blob of each commit:path; None where the commit has no such file."""
    found: list[str | None] = []
    for start in range(0, len(wanted), _AHEAD * a_commit):
        some = wanted[start : start + _AHEAD * a_commit]
        said = _git(folder, "cat-file", "--batch-check=%(objectname) %(objecttype)", given="\n".join(some) + "\n")
        # A missing one is answered with the question, which may have blanks, and 'missing'.
        found += [line.split(" ")[0] if line.endswith(" blob") else None for line in said.splitlines()]
        progress(len(found) // a_commit, len(wanted) // a_commit)
    return found


def _contents(folder: Path, blobs: list[str]) -> dict[str, str]:
    """The text of each blob."""
    found: dict[str, str] = {}
    for start in range(0, len(blobs), _AHEAD):
        some = blobs[start : start + _AHEAD]
        said = _git_bytes(folder, "cat-file", "--batch", given="\n".join(some) + "\n")
        at = 0
        for blob in some:
            end = said.index(b"\n", at)
            head = said[at:end].decode().split(" ")
            if len(head) != 3:
                raise ImportRefused(folder, None, f"git has no content of blob {blob}; fetch it first")
            size = int(head[2])
            # What is no text is refused with its place by who reads it.
            found[blob] = said[end + 1 : end + 1 + size].decode("utf-8", "surrogateescape")
            at = end + size + 2
    return found


def _about(folder: Path, commits: list[str]) -> dict[str, dict[str, str]]:
    """Author and time of each commit."""
    if not commits:
        return {}
    said = _git(
        folder, "-c", "log.showSignature=false", "log", "--no-walk=unsorted", "--stdin", "-z", "--format=%H%n%an%n%aI",
        given="\n".join(commits) + "\n",
    )  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for text in said.split("\0"):
        if text.strip():
            sha, author, at = text.strip("\n").split("\n")
            found[sha] = {"author_name": author, "authored_at": at}
    return found
