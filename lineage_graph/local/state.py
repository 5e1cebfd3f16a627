"""What a server's folder says: which server, where, since when; its password; whether that process still lives.

server.json     the server that was started last (what it listens on is kept for the next one)
password        mode 0600
java.args, console.log, conf/, data/, tx/, logs/ …      Java's and Neo4j's own
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from lineage_graph.errors import LocalServerProblem
from lineage_graph.local.extras import need

USER = "neo4j"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Server:
    """A running local server: how to reach it, and what it is."""

    version: str
    uri: str
    user: str
    password: str
    pid: int
    folder: Path
    http: str | None
    started_at: str


class State(BaseModel, frozen=True):
    """server.json. `pid` is None when the server was stopped, `started_at` when it has not answered yet."""

    version: str = Field(pattern=r"^\d+(\.\d+)+$")
    bolt_port: int
    http_port: int | None = None
    pid: int | None = None
    pid_create_time: float | None = None
    heap: str = ""
    started_at: str | None = None


def read(folder: Path) -> State | None:
    """What server.json says, or None where there is none. Raises LocalServerProblem for a broken one."""
    path = folder / "server.json"
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        why = "is not what was written there"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    raise LocalServerProblem(f"{path} {why}", "delete that one file and run `lineage-graph up` again")


def write(folder: Path, state: State) -> State:
    """Writes server.json in one step, and returns what was written."""
    replace_file(folder / "server.json", state.model_dump_json(indent=1) + "\n")
    return state


def stopped(folder: Path, state: State) -> None:
    """Notes that this server is not running any more; version and ports stay for the next one."""
    write(folder, state.model_copy(update={"pid": None, "pid_create_time": None, "started_at": None}))


def replace_file(path: Path, text: str) -> None:
    """Writes a file of mode 0600 so that a reader sees the old one or the new one, whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def password(folder: Path) -> str:
    """The password in the folder's file. Raises LocalServerProblem where it cannot be read."""
    path = folder / "password"
    try:
        found = path.read_text("utf-8").strip()
    except OSError as error:
        raise LocalServerProblem(
            f"the password file {path} cannot be read ({error.strerror})",
            "run `lineage-graph up` as the user who started the server",
        ) from None
    if not found:
        raise LocalServerProblem(f"the password file {path} is empty", "put the password back into it")
    return found


def ensure_password(folder: Path) -> str:
    """The password, made on first use."""
    if not (folder / "password").exists():
        replace_file(folder / "password", secrets.token_urlsafe(24) + "\n")
    found = password(folder)
    first = folder / "data" / "dbms" / "auth.ini"
    if not first.exists():
        # What `neo4j-admin dbms set-initial-password` writes. Setting the password over Bolt instead would leave the
        # server open to neo4j/neo4j for a moment, and a kill in that moment would leave it so for good.
        first.parent.mkdir(parents=True, exist_ok=True)
        salt = secrets.token_bytes(32)
        digest = hashlib.sha256(salt + found.encode()).digest()
        for _ in range(1023):
            digest = hashlib.sha256(digest).digest()
        replace_file(first, f"{USER}:SHA-256,{digest.hex()},{salt.hex()},1024:\n")
    return found


def process(folder: Path, state: State) -> Any | None:
    """The psutil process of that server, or None where it does not live. Raises ExtraMissing."""
    if state.pid is None:
        return None
    psutil = need("psutil")
    try:
        found = psutil.Process(state.pid)
        # The start time tells it from another process that was given the same number later.
        if abs(found.create_time() - (state.pid_create_time or 0)) > 2 or found.status() == psutil.STATUS_ZOMBIE:
            return None
        return found if mine(found.cmdline(), folder) else None
    except psutil.Error:
        return None


def mine(command: list[str], folder: Path) -> bool:
    """Whether that command line is of a server of this folder."""
    return f"--home-dir={folder}" in command


def strays(folder: Path) -> list[Any]:
    """Servers of this folder that server.json does not know: whoever started them died before writing it."""
    psutil = need("psutil")
    found = psutil.process_iter(["cmdline", "name"])
    return [one for one in found if one.info["name"] == "java" and mine(one.info["cmdline"] or [], folder)]


def describe(folder: Path, state: State) -> Server:
    """The public face of a state that has a process."""
    return Server(
        version=state.version,
        uri=f"bolt://{HOST}:{state.bolt_port}",
        user=USER,
        password=password(folder),
        pid=state.pid or 0,
        folder=folder,
        http=None if state.http_port is None else f"http://{HOST}:{state.http_port}",
        started_at=state.started_at or "",
    )
