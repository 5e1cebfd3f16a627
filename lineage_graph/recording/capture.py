"""What a run says of itself without being asked: command, code, environment, who and where.

Nothing here raises: what cannot be learnt is left out.
"""

from __future__ import annotations

import getpass
import os
import platform
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from secrets import token_hex
from typing import Any

from lineage_graph.canonical import text
from lineage_graph.limits import PATCH_BYTES, TEXT, WORD

GIT_SECONDS = 10
# In the form that `git apply` takes, whatever this person likes to read.
PLAIN_DIFF = ("-c", "diff.noprefix=false", "diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative")


@dataclass(frozen=True, slots=True)
class Code:
    """The Git state of a folder.

    dirty: tracked files differ from the commit; patch: the digest of that difference; patch_bytes: the difference itself,
    where it is not too large. subfolder: where the folder is in its work tree, '' at the top.
    """

    commit: str | None = None
    dirty: bool | None = None
    patch: str | None = None
    remote: str | None = None
    subfolder: str | None = None
    patch_bytes: bytes | None = None


def _git(folder: str, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments], capture_output=True, timeout=GIT_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


@lru_cache(maxsize=16)
def code(folder: str) -> Code:
    """The Git state of `folder`, asked once a process."""
    where = _git(folder, "rev-parse", "HEAD", "--show-prefix")
    if where is None:
        return Code()
    commit, _, prefix = where.partition(b"\n")
    patch = _git(folder, *PLAIN_DIFF, "HEAD")
    remote = _git(folder, "remote", "get-url", "origin")
    return Code(
        commit.decode().strip(),
        bool(patch) if patch is not None else None,
        f"sha256:{sha256(patch).hexdigest()}" if patch else None,
        _without_password(remote.decode(errors="replace").strip()) if remote else None,
        os.fsdecode(prefix).rstrip("\n").rstrip("/"),
        patch if patch and len(patch) <= PATCH_BYTES else None,
    )


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else url


@lru_cache(maxsize=1)
def _installed() -> dict[str, str]:
    packages: dict[str, str] = {}
    for found in distributions():
        name = found.metadata["Name"]
        if name:
            packages.setdefault(name, found.version)
    return dict(sorted(packages.items(), key=lambda p: p[0].lower()))


def environment(folder: str) -> dict[str, Any]:
    """Python, platform, packages, working folder and where the code came from."""
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": _installed(),
        "folder": text(folder),
    }
    git = code(folder)
    if git.subfolder is not None:
        found["subfolder"] = text(git.subfolder)
    return found | ({"remote": git.remote} if git.remote else {})


@lru_cache(maxsize=1)
def process() -> str:
    """The same for all that this process records, so that who does it again does not do it twice."""
    return token_hex(8)


def command() -> str | None:
    """This process's command line as a shell would take it; None in an interactive session."""
    if not getattr(sys, "argv", None) or hasattr(sys, "ps1"):
        return None
    arguments = [sys.executable or "python", *sys.orig_argv[1:]]
    return text(shlex.join(arguments))[:TEXT]


def folder() -> str:
    """The working folder; '.' when it was deleted meanwhile."""
    try:
        return str(Path.cwd())
    except OSError:
        return "."


@lru_cache(maxsize=1)
def script() -> str | None:
    """The script's path, relative to its Git work tree (or to the working folder): the default `step`."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in {"__main__", "pytest.__main__"}:
        return str(spec.name).removesuffix(".__main__")
    path = getattr(main, "__file__", None)
    if path is None:
        return None
    top = _git(str(Path(path).resolve().parent), "rev-parse", "--show-toplevel")
    base = Path(os.fsdecode(top).strip()) if top else Path(folder())
    full = Path(path).resolve()
    return text(full.relative_to(base).as_posix() if full.is_relative_to(base) else full.name)[-WORD:]


@lru_cache(maxsize=1)
def user() -> str | None:
    """Who runs this: the login name."""
    try:
        return text(getpass.getuser())[:WORD] or None
    except (OSError, KeyError):
        return None


@lru_cache(maxsize=16)
def email(folder: str) -> str | None:
    """The e-mail address that Git has for this person, if any."""
    found = _git(folder, "config", "user.email")
    return found.decode(errors="replace").strip()[:WORD] or None if found else None


def host() -> str | None:
    return text(socket.gethostname())[:WORD] or None
