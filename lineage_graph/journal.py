"""Events on their way: one append-only file a recording process, each line chained to the one before.

A line is {"entry": …, "hash": …, "openings": […]}. `entry` holds the journal's uid, its own number `seq` (from 1, no gap), the
hash of the entry before it, and the events; `hash` is the SHA-256 of the entry's canonical JSON. `openings` (what may be
erased, one for each event) stands outside what is hashed.

A writer holds a lock on its file as long as it lives, so that others can tell a crash from a pause. A line without its line
break was never acknowledged; readers stop before it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from lineage_graph.canonical import SALT, canonical_plain, digest_of
from lineage_graph.errors import JournalProblem
from lineage_graph.events import Event, Json, new_uid, sealed, unsealed

Fsync = Literal["always", "batch", "never"]
SUFFIX = ".jsonl"
FORMAT = 1
_START = b'{"entry":'
_HASH = b',"hash":"'
_OPENINGS = b'","openings":'
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Entry:
    """One link of a journal's chain. `body` is the canonical text that `hash` is of."""

    journal: str
    seq: int
    prev: str
    hash: str
    body: bytes
    openings: tuple[Json, ...]
    events: tuple[Event, ...] = field(compare=False)

    @cached_property
    def openings_text(self) -> str:
        return _encode(self.openings)

    def line(self) -> bytes:
        """The entry as its journal's file has it, line break included."""
        return b"".join((_START, self.body, _HASH, self.hash.encode(), _OPENINGS, self.openings_text.encode(), b"}\n"))


def genesis(journal: str) -> str:
    """What the first entry names as the hash before it: the digest of the journal's own uid."""
    return digest_of(journal.encode())


def seal(journal: str, seq: int, prev: str, events: Sequence[Event]) -> Entry:
    """The next entry of a chain."""
    salts = os.urandom(2 * SALT * len(events))
    pairs = [sealed(event, salts[2 * SALT * i : 2 * SALT * (i + 1)]) for i, event in enumerate(events)]
    body = canonical_plain({"events": [w for w, _ in pairs], "format": FORMAT, "journal": journal, "prev": prev, "seq": seq})
    return Entry(journal, seq, prev, digest_of(body), body, tuple(o for _, o in pairs), tuple(events))


def parse_line(line: bytes, where: str) -> Entry:
    """One whole line → its entry, with the hash and every opening checked. Raises JournalProblem."""
    end = line.find(_HASH)
    if not line.startswith(_START) or end < 0:
        raise JournalProblem(where, "the line is not an entry; restore the file from a copy")
    body = line[len(_START) : end]
    try:
        outside: dict[str, Any] = json.loads(b"{" + line[end + 1 :])
        claimed = outside["hash"]
        if digest_of(body) != claimed:
            raise JournalProblem(where, "the entry was changed (its hash differs); restore the file from a copy")
        entry: dict[str, Any] = json.loads(body)
        if entry["format"] > FORMAT:
            raise JournalProblem(where, "the entry was written by a newer lineage-graph; upgrade this one")
        openings = tuple(outside["openings"])
        events = tuple(unsealed(w, o) for w, o in zip(entry["events"], openings, strict=True))
        return Entry(entry["journal"], entry["seq"], entry["prev"], claimed, body, openings, events)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        first = str(error).splitlines()[0]
        raise JournalProblem(where, f"the entry cannot be read ({first}); restore the file from a copy") from None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a journal was read: after `seq` entries, at byte `offset`, the last hash being `head`."""

    seq: int
    offset: int
    head: str


def start_of(journal: str) -> Position:
    return Position(0, 0, genesis(journal))


def read(path: Path, after: Position | None = None) -> Iterator[tuple[Entry, Position]]:
    """The entries of a file with the position after each, checked link by link; stops before a torn tail.

    Raises JournalProblem at the first entry that is changed, missing or out of order, naming its line.
    """
    journal = path.stem
    position = after or start_of(journal)
    try:
        with path.open("rb") as file:
            file.seek(position.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                where = f"{path}, entry {position.seq + 1}"
                entry = parse_line(line, where)
                if entry.journal != journal:
                    raise JournalProblem(where, f"it belongs to journal {entry.journal}; give the file its own name back")
                if entry.seq != position.seq + 1 or entry.prev != position.head:
                    raise JournalProblem(
                        where, f"entry {entry.seq} does not follow entry {position.seq}; an entry is missing or moved"
                    )
                position = Position(entry.seq, position.offset + len(line), entry.hash)
                yield entry, position
    except OSError as error:
        raise JournalProblem(path, f"it cannot be read ({error.strerror})") from error


def torn_bytes(path: Path) -> int:
    """How many bytes at the end of a journal are a line that was never finished."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            tail = b""
            at = size
            while at > 0:
                step = min(65536, at)
                at -= step
                file.seek(at)
                tail = file.read(step)
                cut = tail.rfind(b"\n")
                if cut >= 0:
                    return size - (at + cut + 1)
            return size
    except OSError as error:
        raise JournalProblem(path, f"it cannot be read ({error.strerror})") from error


def is_being_written(path: Path) -> bool:
    """Whether the process that writes this journal still lives."""
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False
    except OSError:
        return False


def blank(path: Path, gone: Callable[[Entry], Sequence[Collection[str]]], dry_run: bool = False) -> int:
    """Takes what was erased out of a journal's file, and says how many values that was, or with `dry_run` would be.

    gone: of an entry, the groups of each event that are erased.
    Every line keeps its length (what is taken out becomes blanks), so that positions in the file stay right, and its hash,
    which is not of openings. A file is replaced whole; in one that is being written the lines are overwritten where they are,
    for its writer only appends. Raises JournalProblem.
    """
    lines: dict[int, bytes] = {}
    before, taken = 0, 0
    for entry, position in read(path):
        groups = gone(entry)
        values = sum(len(one.keys() & set(less)) for one, less in zip(entry.openings, groups, strict=True))
        if values:
            kept = [{g: o for g, o in one.items() if g not in less} for one, less in zip(entry.openings, groups, strict=True)]
            line = replace(entry, openings=tuple(kept)).line()[:-2]
            lines[before] = line.ljust(position.offset - before - 2) + b"}\n"
            taken += values
        before = position.offset
    if lines and not dry_run:
        try:
            _overwrite(path, lines)
        except OSError as error:
            raise JournalProblem(path, f"what was erased cannot be taken out ({error.strerror})") from error
    return taken


def _overwrite(path: Path, lines: Mapping[int, bytes]) -> None:
    """Puts lines in the place of others of their length. The file keeps its time, which is its writer's last sign of life."""
    status = path.stat()
    if is_being_written(path):
        _put(path, lines)
    else:
        copy = path.with_name(f".{path.name}-{os.getpid()}")
        try:
            shutil.copyfile(path, copy)
            copy.chmod(status.st_mode)
            _put(copy, lines)
            copy.rename(path)
        finally:
            copy.unlink(missing_ok=True)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _put(path: Path, lines: Mapping[int, bytes]) -> None:
    with path.open("r+b", buffering=0) as file:
        for offset, line in lines.items():
            os.pwrite(file.fileno(), line, offset)
        os.fsync(file.fileno())


class Journal:
    """The journal this process writes.

    folder:   where journal files are; made when missing.
    fsync:    'always' before an append returns, 'batch' at most `interval` seconds later, 'never' (the system decides).
    An append that cannot be written (a full disk) leaves the file as it was and raises JournalProblem; the entry is kept
    and written before the next one, so the chain has no hole.
    """

    def __init__(self, folder: Path, fsync: Fsync = "batch", interval: float = 0.2) -> None:
        self.uid = new_uid()
        self.path = folder / f"{self.uid}{SUFFIX}"
        self.seq = 0
        self.head = genesis(self.uid)
        self.fsync: Fsync = fsync
        self.interval = interval
        self._lock = threading.Lock()
        self._unwritten: list[bytes] = []
        self._written = start_of(self.uid)
        self._dirty = threading.Event()
        self._closed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX)  # waits for somebody who only wonders whether it is being written
        except OSError as error:
            raise JournalProblem(
                folder, f"it cannot be written ({error.strerror}); set LINEAGE_GRAPH_HOME to a folder that can"
            ) from error
        if fsync == "batch":
            threading.Thread(target=self._sync_now_and_then, name="lineage-fsync", daemon=True).start()

    def append(self, events: Sequence[Event]) -> Entry:
        """Writes one entry with these events. Safe from several threads. Raises JournalProblem."""
        with self._lock:
            if self._closed:
                raise JournalProblem(self.path, "it is closed; start another run to record on")
            entry = seal(self.uid, self.seq + 1, self.head, events)
            line = entry.line()
            self._unwritten.append(line)
            self.seq, self.head = entry.seq, entry.hash
            self._write()
            return entry

    def _write(self) -> None:
        data = b"".join(self._unwritten)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]
            if self.fsync == "always":
                os.fsync(self._fd)
        except BaseException as error:  # an interrupt, too: what is half-written is taken back and written again
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._written.offset)
            if not isinstance(error, OSError):
                raise
            raise JournalProblem(
                self.path, f"it cannot be written ({error.strerror}); free space or set LINEAGE_GRAPH_HOME elsewhere"
            ) from error
        self._written = Position(self.seq, self._written.offset + len(data), self.head)
        self._unwritten.clear()
        self._dirty.set()

    @property
    def position(self) -> Position:
        """After the last entry that is in the file."""
        with self._lock:
            return self._written

    def _sync_now_and_then(self) -> None:
        while not self._closed:
            self._dirty.wait()
            self._dirty.clear()
            with contextlib.suppress(OSError, ValueError):  # it may be closed meanwhile
                os.fsync(self._fd)
            threading.Event().wait(self.interval)

    def close(self) -> None:
        """Writes what a full disk kept back, syncs (unless fsync is 'never') and gives the lock up."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if self._unwritten:
                    self._write()
                if self.fsync != "never":
                    os.fsync(self._fd)
            finally:
                # A sync that is under way in its thread would keep the lock beyond the close.
                fcntl.flock(self._fd, fcntl.LOCK_UN)
                os.close(self._fd)
                self._fd = -1  # the number may soon be another file's
                self._dirty.set()

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's file without touching it."""
        self._closed = True
        with contextlib.suppress(OSError):
            os.close(self._fd)
        self._fd = -1
