"""Events on their way: one append-only file a recording process, each line chained to the one before.

A line is {"entry": …, "hash": …, "openings": […]}. `entry` holds the journal's uid, its own number `seq` (from 1, no gap), the
hash of the entry before it, and the events; `hash` is the SHA-256 of the entry's canonical JSON. `openings` (what may be
erased, one for each event) stands outside what is hashed. An entry that a service wrote for somebody has `via` as well: by
whose token it came.

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
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from lineage_graph.canonical import SALT, canonical_plain, digest_of
from lineage_graph.errors import JournalProblem
from lineage_graph.events import Event, Json, new_uid, sealed, unsealed
from lineage_graph.limits import ENTRY_BYTES, KEPT_BYTES

Fsync = Literal["always", "batch", "never"]
SUFFIX = ".jsonl"
FORMAT = 1
PIECE = 1 << 20  # bytes written at once
PATIENCE = 100  # a disk that took nothing is tried again after so many times as long as it took to say so
LONGEST_PAUSE = 5.0  # seconds
_START = b'{"entry":'
_HASH = b',"hash":"'
_OPENINGS = b'","openings":'
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Entry:
    """One link of a journal's chain. `body` is the canonical text that `hash` is of; `via` the token it came by, if any."""

    journal: str
    seq: int
    prev: str
    hash: str
    body: bytes
    openings: tuple[Json, ...]
    events: tuple[Event, ...] = field(compare=False)
    via: str | None = field(default=None, kw_only=True)

    @cached_property
    def openings_text(self) -> str:
        return _encode(self.openings)

    @property
    def size(self) -> int:
        """Its bytes, about."""
        return len(self.body) + len(self.openings_text)

    def line(self) -> bytes:
        """The entry as its journal's file has it, line break included."""
        return b"".join((_START, self.body, _HASH, self.hash.encode(), _OPENINGS, self.openings_text.encode(), b"}\n"))


def genesis(journal: str) -> str:
    """What the first entry names as the hash before it: the digest of the journal's own uid."""
    return digest_of(journal.encode())


def seal(journal: str, seq: int, prev: str, events: Sequence[Event], via: str | None = None) -> Entry:
    """The next entry of a chain. via: the token that the events came by."""
    salts = os.urandom(2 * SALT * len(events))
    pairs = [sealed(event, salts[2 * SALT * i : 2 * SALT * (i + 1)]) for i, event in enumerate(events)]
    said: Json = {"events": [w for w, _ in pairs], "format": FORMAT, "journal": journal, "prev": prev, "seq": seq}
    body = canonical_plain(said if via is None else said | {"via": via})
    return Entry(journal, seq, prev, digest_of(body), body, tuple(o for _, o in pairs), tuple(events), via=via)


def parse_line(line: bytes, where: str) -> Entry:
    """One whole line → its entry, with the hash and every opening checked. Raises JournalProblem."""
    end = line.find(_HASH)
    if not line.startswith(_START) or end < 0:
        raise JournalProblem(where, "the line is not an entry; restore the file from a copy")
    body = line[len(_START) : end]
    try:
        outside: dict[str, Any] = json.loads(f"{{{line[end + 1 :].decode()}")
        claimed = outside["hash"]
        if digest_of(body) != claimed:
            raise JournalProblem(where, "the entry was changed (its hash differs); restore the file from a copy")
        entry: dict[str, Any] = json.loads(body.decode())
        if entry["format"] > FORMAT:
            raise JournalProblem(where, "the entry was written by a newer lineage-graph; upgrade this one")
        openings = tuple(outside["openings"])
        journal, seq, prev, via = entry["journal"], entry["seq"], entry["prev"], entry.get("via")
        if type(seq) is not int or not isinstance(journal, str) or not isinstance(prev, str):
            raise JournalProblem(where, "the entry has no place in a chain; restore the file from a copy")
        events = tuple(unsealed(w, o) for w, o in zip(entry["events"], openings, strict=True))
        return Entry(journal, seq, prev, claimed, body, openings, events, via=None if via is None else str(via))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
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
            while line := file.readline(ENTRY_BYTES + 1):
                where = f"{path}, entry {position.seq + 1}"
                if not line.endswith(b"\n"):
                    if len(line) > ENTRY_BYTES:
                        raise JournalProblem(where, f"it is longer than {ENTRY_BYTES:,} bytes, which none is")
                    return
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
    problem:  why the file lacks the last entries; None when it has them all.
    A disk that takes nothing, or not even a file, leaves what is there as it was: the entries are kept, at most KEPT_BYTES of
    them, and written before the next one once it does, so the chain has no hole.
    """

    def __init__(self, folder: Path, fsync: Fsync = "batch", interval: float = 0.2) -> None:
        self.uid = new_uid()
        self.path = folder / f"{self.uid}{SUFFIX}"
        self.seq = 0
        self.head = genesis(self.uid)
        self.fsync: Fsync = fsync
        self.interval = interval
        self.problem: JournalProblem | None = None
        self.kept_bytes = 0
        self._lock = threading.Lock()
        self._kept: deque[tuple[int, str, bytes]] = deque()  # (seq, hash, line) of what is not in the file
        self._written = start_of(self.uid)
        self._try_again = 0.0
        self._dirty = threading.Event()
        self._closed = False
        self._fd = -1
        self._write()

    def append(self, events: Sequence[Event], via: str | None = None) -> Entry:
        """One more entry with these events: in the file, or kept for it. Safe from several threads.

        via: the token that they came by.
        Raises JournalProblem when it is closed, or when as much is kept as may be: then the events are in no entry.
        """
        with self._lock:
            if self._closed:
                raise JournalProblem(self.path, "it is closed; start another run to record on")
            if self.kept_bytes >= KEPT_BYTES:
                self._write()
                if self.problem is not None and self.kept_bytes >= KEPT_BYTES:
                    raise JournalProblem(self.path, f"{KEPT_BYTES:,} bytes wait for the disk, and no more can")
            entry = seal(self.uid, self.seq + 1, self.head, events, via)
            line = entry.line()
            self._kept.append((entry.seq, entry.hash, line))
            self.kept_bytes += len(line)
            self.seq, self.head = entry.seq, entry.hash
            self._write()
            return entry

    def _write(self, at_once: bool = False) -> None:
        """Writes what is kept, in pieces of whole entries, unless the disk has just refused it."""
        started = time.monotonic()
        if self.problem is not None and not at_once and started < self._try_again:
            return
        try:
            if self._fd < 0:
                self._open()
            while self._kept:
                self._write_piece()
            if self.fsync == "always":
                os.fsync(self._fd)
        except OSError as error:
            why = f"it cannot be written ({error.strerror}); free space or set LINEAGE_GRAPH_HOME elsewhere"
            self.problem = JournalProblem(self.path if self._fd >= 0 else self.path.parent, why)
            now = time.monotonic()
            self._try_again = now + min(PATIENCE * (now - started), LONGEST_PAUSE)
            return
        self.problem = None
        self._dirty.set()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)  # waits for somebody who only wonders whether it is being written
        if self.fsync == "batch":
            threading.Thread(target=self._sync_now_and_then, name="lineage-fsync", daemon=True).start()

    def _write_piece(self) -> None:
        piece: list[bytes] = []
        size = 0
        for seq, head, line in self._kept:
            if piece and size + len(line) > PIECE:
                break
            piece.append(line)
            size += len(line)
            after = Position(seq, self._written.offset + size, head)
        try:
            view = memoryview(b"".join(piece))
            while view:
                view = view[os.write(self._fd, view) :]
        except BaseException:  # an interrupt, too: what is half-written is taken back and written again
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._written.offset)
            raise
        self._written = after
        self.kept_bytes -= size
        for _ in piece:
            self._kept.popleft()

    def sync(self) -> None:
        """Returns when every entry is on the disk. Raises JournalProblem where it does not take them."""
        with self._lock:
            if self._kept:
                self._write(at_once=True)
            if self.problem is not None:
                raise self.problem
            if self._closed:
                raise JournalProblem(self.path, "it is closed")
            fd = os.dup(self._fd)  # others append meanwhile, and may close it
        try:
            os.fsync(fd)
        except OSError as error:
            raise JournalProblem(self.path, f"it cannot be written ({error.strerror})") from error
        finally:
            os.close(fd)

    @property
    def position(self) -> Position:
        """After the last entry that is in the file."""
        with self._lock:
            return self._written

    def kept(self) -> list[bytes]:
        """The lines of the entries that the file lacks, in order."""
        with self._lock:
            return [line for _, _, line in self._kept]

    def _sync_now_and_then(self) -> None:
        while not self._closed:
            self._dirty.wait()
            self._dirty.clear()
            with contextlib.suppress(OSError, ValueError):  # it may be closed meanwhile
                os.fsync(self._fd)
            threading.Event().wait(self.interval)

    def close(self) -> None:
        """Writes what a full disk kept back, syncs (unless fsync is 'never') and gives the lock up; `problem` tells whether."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if self._kept:
                    self._write(at_once=True)
                if self.fsync != "never" and self._fd >= 0:
                    with contextlib.suppress(OSError):
                        os.fsync(self._fd)
            finally:
                if self._fd >= 0:
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
