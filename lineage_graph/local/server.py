"""One managed Neo4j a folder, however many processes ask at once: `up`, `running`, `down`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local import bolt, launch, state
from lineage_graph.local.extras import java, need
from lineage_graph.local.fetch import install
from lineage_graph.local.jars import DEFAULT_VERSION, locked, number
from lineage_graph.local.state import Server, State

if TYPE_CHECKING:
    from rich.console import Console

WEB_PORT = 17474


def running(folder: Path) -> Server | None:
    """The folder's server when it is up and has answered, else None. Changes nothing and does not speak to it.

    Raises LocalServerProblem where the folder cannot be read, ExtraMissing where there is one and `[local]` is missing.
    """
    folder = Path(folder).absolute()
    found = state.read(folder)
    if found is None or found.started_at is None or state.process(folder, found) is None:
        return None
    return state.describe(folder, found)


def up(
    folder: Path,
    *,
    version: str = DEFAULT_VERSION,
    heap: str | None = None,
    http: bool = False,
    wait: float = 60.0,
    progress: Console | None = None,
) -> Server:
    """The folder's server, started unless it is up; it answers when this returns, and outlives the caller.

    version: of a lock file. heap: such as 512m; else `LINEAGE_GRAPH_HEAP`, else 1g. http: with Neo4j Browser, for which
    a server without is started anew. wait: seconds for it to answer. progress: where to draw the bar of a first fetch.
    Raises LocalServerProblem, ExtraMissing.
    """
    if os.name == "nt":
        raise LocalServerProblem(
            "the managed local Neo4j runs on Linux and macOS only",
            "use WSL, or give another Neo4j in LINEAGE_GRAPH_URI",
        )
    folder = Path(folder).absolute()
    locked(version)
    heap = launch.memory("HEAP", heap, "1g")
    java()
    with _locked(folder, wait + 300):
        found = state.read(folder)
        process = None if found is None else state.process(folder, found)
        if found is not None and process is not None:
            _same_version(folder, found, version, runs=True)
            if not http or found.http_port is not None:
                return _ready(folder, found, wait)
        elif found is not None:
            _same_version(folder, found, version, runs=False)
        jars = install(version, progress, browser=http)
        for stray in state.strays(folder):
            _end(stray, 30)
        return _start(folder, found, jars, version, heap, http, wait)


def down(folder: Path, wait: float = 30.0) -> bool:
    """Stops the folder's server: asks it to, and after `wait` seconds ends it. Returns whether there was one.

    Raises LocalServerProblem, ExtraMissing.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        return False
    with _locked(folder, wait + 90):
        found = state.read(folder)
        processes = state.strays(folder)
        for process in processes:
            _end(process, wait)
        if found is not None and found.pid is not None:
            state.stopped(folder, found)
        return bool(processes)


def _start(folder: Path, last: State | None, jars: Path, version: str, heap: str, http: bool, wait: float) -> Server:
    psutil = need("psutil")
    state.ensure_password(folder)
    for attempt in range(4):
        again = last if attempt == 0 else None
        port = launch.free_port(again.bolt_port if again else None, launch.PORT if attempt == 0 else None)
        web = launch.free_port(again.http_port if again else None, WEB_PORT if attempt == 0 else None) if http else None
        pid = launch.start(folder, jars, version, port, web, heap)
        created = psutil.Process(pid).create_time() if psutil.pid_exists(pid) else 0.0
        now = State(
            version=version, bolt_port=port, http_port=web, pid=pid, pid_create_time=created, heap=heap, started_at=None
        )
        state.write(folder, now)
        try:
            return _ready(folder, now, wait)
        except LocalServerProblem:
            # Somebody may take the port between our look and the server's start.
            if attempt == 3 or state.process(folder, now) or not launch.port_was_taken(folder):
                raise
    raise AssertionError("not reached")


def _ready(folder: Path, now: State, wait: float) -> Server:
    """Waits until that server answers, and notes that it is up."""
    server = state.describe(folder, now)
    if now.started_at is not None and bolt.listens(now.bolt_port):
        return server
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        if state.process(folder, now) is None:
            state.stopped(folder, now)
            raise launch.why_it_ended(folder)
        # The driver is slow to give up, so a plain connection tells first whether there is anything to speak to.
        try:
            if bolt.listens(now.bolt_port) and bolt.answers(server.uri, server.user, server.password):
                up_now = now.model_copy(update={"started_at": datetime.now(UTC).isoformat(timespec="seconds")})
                return state.describe(folder, state.write(folder, up_now))
        except PermissionError:
            raise LocalServerProblem(
                f"the local Neo4j in {folder} refuses the password in {folder / 'password'}",
                "put the right one back into that file",
            ) from None
        time.sleep(0.05)
    raise LocalServerProblem(
        f"the local Neo4j in {folder} did not answer within {wait:g} seconds",
        f"run `lineage-graph up` again, which goes on waiting, or look into {folder / 'console.log'}",
    )


def _end(process: Any, wait: float) -> None:
    """Ends one process, kindly first."""
    psutil = need("psutil")
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        if not _gone(process, wait):
            process.kill()
            _gone(process, 10)


def _gone(process: Any, wait: float) -> bool:
    """Whether that process ends within `wait` seconds. One that only waits for its parent to take note has ended."""
    deadline = time.monotonic() + wait
    while process.is_running() and process.status() != need("psutil").STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _same_version(folder: Path, found: State, version: str, *, runs: bool) -> None:
    if runs and found.version != version:
        raise LocalServerProblem(
            f"the local Neo4j in {folder} runs {found.version}, not {version}",
            "stop it first with `lineage-graph down`",
        )
    if number(version) < number(found.version):
        raise LocalServerProblem(
            f"the data in {folder} was written by Neo4j {found.version}, which {version} cannot read",
            f"use {found.version} or another folder",
        )


@contextmanager
def _locked(folder: Path, wait: float) -> Iterator[None]:
    """Holds the folder's lock, so that one process at a time starts or stops its server."""
    filelock = need("filelock")
    lock = filelock.FileLock(folder / "lock", timeout=wait)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        raise LocalServerProblem(
            f"another process has been starting or stopping the local Neo4j in {folder} for {wait:g} seconds",
            "wait for it, or end it",
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        yield
    except OSError as error:
        raise _unwritable(folder, error) from None
    finally:
        lock.release()


def _unwritable(folder: Path, error: OSError) -> LocalServerProblem:
    return LocalServerProblem(
        f"the folder {folder} of the local Neo4j cannot be used ({error.strerror or error})",
        "make it writable, make room, or give another one in LINEAGE_GRAPH_HOME",
    )
