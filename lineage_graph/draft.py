"""What a manifest is built with: local files, folders and references, hashed when they are added."""

from __future__ import annotations

import os
import re
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import IO, Any, NamedTuple
from urllib.parse import unquote

from lineage_graph.canonical import digest_of
from lineage_graph.errors import ArtifactClosed, ContentProblem
from lineage_graph.manifest import (
    CHECKABLE,
    Entry,
    Manifest,
    PathText,
    check_uri,
    checked,
    clean_path,
    folders_of,
    local_of,
    read_through,
    shown,
)

# A file written less than this before it was hashed may be written again within one tick of the file system's clock.
TICK_NS = 20_000_000


class Seen(NamedTuple):
    """A local file as it was when it was hashed."""

    local: Path
    digest: str
    size: int
    mtime_ns: int
    hashed_ns: int


def see(local: Path) -> Seen:
    """The digest of a local file, and what tells whether it changes later. Raises ContentProblem."""
    try:
        before, now = local.stat(), time.time_ns()
        kind = before.st_mode
        if S_ISREG(kind):
            with local.open("rb", buffering=0) as file:
                digest, size = read_through(file)
                after = os.fstat(file.fileno())
    except FileNotFoundError as error:
        raise ContentProblem(shown(local), "is not there; write the file before it is added") from error
    except (OSError, ValueError) as error:
        raise ContentProblem(shown(local), f"cannot be read ({error}); give a file that can") from error
    if not S_ISREG(kind):
        why = "is a folder; use add_dir" if S_ISDIR(kind) else "is a socket, pipe or device; add files only"
        raise ContentProblem(shown(local), why)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ContentProblem(shown(local), "changed while it was read; add it when it is written to the end")
    return Seen(local, digest, size, after.st_mtime_ns, now)


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """(path relative to `folder`, local path) of every file below it. Raises ContentProblem.

    Links are followed, except a link to a folder that it lies in.
    """
    todo: list[tuple[str, Path, frozenset[tuple[int, int]]]] = [("", folder, frozenset())]
    while todo:
        prefix, here, above = todo.pop()
        try:
            status = here.stat()
            with os.scandir(here) as listing:
                children = [(child.name, Path(child.path), child.is_dir()) for child in listing]
        except OSError as error:
            raise ContentProblem(shown(here), f"cannot be read as a folder ({error.strerror}); give one") from error
        identity = (status.st_dev, status.st_ino)
        for name, child, is_folder in children if identity not in above else ():
            if is_folder:
                todo.append((f"{prefix}{name}/", child, above | {identity}))
            else:
                yield prefix + name, child


def _name_of(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    path = rest.partition("/")[2]
    if scheme.lower() in {"http", "https", "file"}:
        path = unquote(re.split("[?#]", path)[0] if scheme.lower() != "file" else path)
    if name := path.rstrip("/").rpartition("/")[2]:
        return name
    raise ContentProblem(shown(uri), "has no last segment to name it by; give add_reference a name")


class Draft:
    """Builds a manifest. Files are hashed when they are added, and stay where they are.

    A path that is there already with the same bytes is no error; with other bytes it is ContentProblem. A call that
    raises adds nothing. After `close()`, whatever adds or removes raises ArtifactClosed. Not for several threads.

    name: of the artifact, for errors
    base: files of an earlier version to start from
    """

    def __init__(self, name: str = "artifact", base: Mapping[str, Entry] | None = None) -> None:
        self.name = name
        self.closed = False
        self._entries: dict[str, Entry] = dict(base or {})
        self._seen: dict[str, Seen] = {}
        self._folders = folders_of(self._entries)
        self._manifest: Manifest | None = None
        self._private: Path | None = None

    def manifest(self) -> Manifest:
        """What is in it now."""
        if self._manifest is None:
            self._manifest = Manifest(self._entries.values())
        return self._manifest

    def sources(self) -> list[tuple[Entry, Path]]:
        """(entry, local path) of each file that was added here, in order of path; no references."""
        seen = self._seen
        return [(e, seen[e.path].local) for e in self.manifest().values() if e.ref is None and e.path in seen]

    def close(self) -> None:
        """From now on it does not change."""
        self.closed = True

    def add_file(self, local_path: PathText, name: PathText | None = None) -> Entry:
        """Adds one local file under `name`, by default the file's own."""
        self._must_be_open()
        local = Path(local_path).absolute()
        path = clean_path(local.name if name is None else name)
        seen = see(local)
        return self._take([(Entry(path, seen.digest, seen.size), seen)])[0]

    def add_dir(self, local_path: PathText, name: PathText | None = None) -> list[Entry]:
        """Adds every file below a local folder, under the folder `name`, by default at the top; no empty folders."""
        self._must_be_open()
        return self._take(self._folder(Path(local_path).absolute(), name, refer=False))

    def add_reference(
        self, uri: str, name: PathText | None = None, checksum: str | bool | None = None, size: int | None = None
    ) -> list[Entry]:
        """Adds a file that stays elsewhere. A file:// URI of a file or folder is hashed; no other URI is looked at.

        name: its path here; by default the URI's last segment (for a folder: its files at the top)
        checksum: of the bytes, such as 'md5:…'; False leaves a file:// URI unhashed; True is the default (as in W&B)
        size: bytes, when known
        """
        self._must_be_open()
        check_uri(uri)
        local = local_of(uri) if checksum in {None, True} else None
        if local is not None and local.is_dir():
            return self._take(self._folder(local, name, refer=True))
        path = clean_path(_name_of(uri) if name is None else name)
        if local is not None:
            seen = see(local)
            return self._take([(Entry(path, seen.digest, seen.size, uri), seen)])
        digest = f"uri:{digest_of(uri.encode())[7:]}"
        if isinstance(checksum, str):
            algorithm, colon, value = checksum.partition(":")
            digest = checksum if colon else f"declared:{checksum}"
            if algorithm in CHECKABLE:
                digest = f"{algorithm}:{value.lower()}"
        return self._take([(checked(Entry(path, digest, size, uri)), None)])

    @contextmanager
    def new_file(self, name: PathText, mode: str = "w", encoding: str | None = None) -> Iterator[IO[Any]]:
        """A new file to write to, added under `name` when the block ends; not added when the block raises.

        mode: 'w' or 'wb' ('x', 'xb' mean the same)
        encoding: of a text file, UTF-8 by default
        """
        self._must_be_open()
        path = clean_path(name)
        if mode not in {"w", "x", "wt", "xt", "wb", "xb"}:
            raise ContentProblem(path, f"mode {mode!r} does not write a new file; give 'w' or 'wb'")
        import tempfile  # here, for it costs 15 ms

        if self._private is None:
            self._private = Path(tempfile.mkdtemp(prefix="lineage-graph-"))
            weakref.finalize(self, _drop, self._private, os.getpid())
        handle, local = tempfile.mkstemp(dir=self._private)
        try:
            encoding = None if "b" in mode else encoding or "utf-8"
            with os.fdopen(handle, mode.replace("x", "w"), encoding=encoding) as file:
                yield file
            self.add_file(local, path)
        except BaseException:
            Path(local).unlink(missing_ok=True)
            raise

    def remove(self, path: PathText) -> None:
        """Takes one path out again; ContentProblem when it is not there."""
        self._must_be_open()
        path = clean_path(path)
        if self._entries.pop(path, None) is None:
            raise ContentProblem(path, f"is not in artifact {self.name!r}; its manifest lists what is")
        self._seen.pop(path, None)
        self._manifest = None

    def check_unchanged(self) -> None:
        """Raises ContentProblem for the first file that vanished or changed since it was added.

        Size and time tell; where they do not, the file is hashed again.
        """
        for path, seen in self._seen.items():
            try:
                now = seen.local.stat()
            except OSError as error:
                raise ContentProblem(shown(seen.local), f"was added as {path!r} and is gone; add it again") from error
            same = (now.st_size, now.st_mtime_ns) == (seen.size, seen.mtime_ns)
            if same and seen.hashed_ns - seen.mtime_ns > TICK_NS:
                continue
            again = see(seen.local)
            if again.digest != seen.digest:
                raise ContentProblem(shown(seen.local), f"changed since it was added as {path!r}; add it again")
            self._seen[path] = again

    def _must_be_open(self) -> None:
        if self.closed:
            raise ArtifactClosed(self.name)

    def _folder(self, folder: Path, name: PathText | None, refer: bool) -> list[tuple[Entry, Seen | None]]:
        prefix = "" if name is None or str(name) in {"", ".", "./"} else clean_path(name) + "/"
        found: list[tuple[Entry, Seen | None]] = []
        for relative, local in walk(folder):
            path = clean_path(prefix + relative)
            seen = see(local)
            found.append((Entry(path, seen.digest, seen.size, local.as_uri() if refer else None), seen))
        return sorted(found, key=lambda pair: pair[0].path)

    def _take(self, found: list[tuple[Entry, Seen | None]]) -> list[Entry]:
        folders = folders_of(entry.path for entry, _ in found)
        for entry, _ in found:
            old = self._entries.get(entry.path)
            if old is not None and old.digest != entry.digest:
                raise ContentProblem(entry.path, f"is in artifact {self.name!r} with other bytes; remove it first")
            if entry.path in self._folders:
                self._folders = folders_of(self._entries)  # what was removed has left its folders behind
        both = [e.path for e, _ in found if e.path in self._folders] or [f for f in folders if f in self._entries]
        if both:
            raise ContentProblem(both[0], f"would be file and folder in artifact {self.name!r}; choose another name")
        self._folders |= folders
        for entry, seen in found:
            self._entries[entry.path] = entry
            self._seen.pop(entry.path, None)
            if seen is not None:
                self._seen[entry.path] = seen
        self._manifest = None
        return [entry for entry, _ in found]


def _drop(folder: Path, owner: int) -> None:
    # A forked child inherits the draft, and its folder is the parent's.
    if os.getpid() == owner:
        from shutil import rmtree

        rmtree(folder, ignore_errors=True)
