"""An artifact's files: what they are called, and which bytes they hold.

A `Manifest` is what a version is made of; a `Draft` is what one is built with. The digest of a manifest is the SHA-256
of the RFC 8785 form of `[[path, digest], …]`, ordered by path (by code point). Sizes, URIs and local paths stay out of
it: the same bytes under the same file names have one digest, wherever they are kept. From a stored manifest:

    pairs = [[f["path"], f["digest"]] for f in json.load(open("manifest.json", encoding="utf-8"))["files"]]
    sha256(json.dumps(pairs, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

The digest of a file is `sha256:` and 64 hex digits. That of a reference is the checksum given (`md5:…`, `sha256:…`; a
bare one becomes `declared:…`), or of the bytes behind a file:// URI, or `uri:` and the SHA-256 of the URI itself.
"""

from __future__ import annotations

import json
import os
import re
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import new as new_hash
from itertools import pairwise
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from pathlib import Path, PurePath
from stat import S_ISDIR, S_ISREG
from typing import IO, Any, BinaryIO, NamedTuple
from urllib.parse import unquote

from lineage_graph.canonical import JSON_INT, canonical_plain, digest_of
from lineage_graph.errors import ArtifactClosed, ContentProblem

PathText = str | os.PathLike[str]

FORMAT = "lineage-graph-manifest-1"
CHUNK = 1 << 20  # bytes read at a time
# A file written less than this before it was hashed may be written again within one tick of the file system's clock.
TICK_NS = 20_000_000
# Digests that can be recomputed from bytes, with the number of their hex digits.
CHECKABLE = {"sha256": 64, "sha512": 128, "sha1": 40, "md5": 32}

_HEX = "|".join(f"{name}:[0-9a-f]{{{digits}}}" for name, digits in CHECKABLE.items())
_DIGEST = re.compile(rf"{_HEX}|(?!(?:{'|'.join(CHECKABLE)}):)[a-z][a-z0-9_-]*:[\x21-\x7e]+")
_FILE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOOSE = re.compile(r"[A-Za-z]:|(?:.*/)?\.{0,2}(?:/|\Z)")  # of a drive, or with a segment that is empty, '.' or '..'
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:.+")  # two letters at least, for C:\data is no URI


class Entry(NamedTuple):
    """One file of an artifact, or one reference to a file elsewhere."""

    path: str  # relative, with '/'
    digest: str
    size: int | None = None  # bytes; None where a reference's is not known
    ref: str | None = None  # the URI of a reference; None for a file


class Difference(NamedTuple):
    """The paths by which one manifest differs from another, in order of path."""

    added: list[str]
    removed: list[str]
    changed: list[str]


class Seen(NamedTuple):
    """A local file as it was when it was hashed."""

    local: Path
    digest: str
    size: int
    mtime_ns: int
    hashed_ns: int


def _shown(text: object) -> str:
    """`text` for an error: one line, and always printable."""
    return str(text) if str(text).isprintable() else ascii(str(text))


def clean_path(path: PathText) -> str:
    """A path inside an artifact in its one form: './a//b' gives 'a/b'.

    Raises ContentProblem for one that is absolute, climbs, is empty, or has a backslash, control or non-Unicode in it.
    """
    text = path.as_posix() if isinstance(path, PurePath) else path
    if not isinstance(text, str):
        raise ContentProblem(_shown(path), "is no path; give a text such as 'data/train.csv'")
    if _ODD.search(text):
        raise ContentProblem(_shown(text), "has a control character or non-Unicode bytes in it; rename the file")
    if "\\" in text:
        raise ContentProblem(text, "has a backslash in it; write folders with '/'")
    if not _LOOSE.match(text):
        return text
    if text.startswith("/") or text[1:2] == ":":
        raise ContentProblem(text, "is absolute; a path inside an artifact is relative, such as 'data/train.csv'")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts or not parts:
        why = "climbs out of its folder" if parts else "names no file"
        raise ContentProblem(text or "''", f"{why}; a path inside an artifact is such as 'data/train.csv'")
    return clean_path("/".join(parts))


def folders_of(paths: Iterable[str]) -> set[str]:
    """Every folder that these paths lie in, at any depth."""
    folders: set[str] = set()
    for path in paths:
        head = path.rpartition("/")[0]
        while head and head not in folders:
            folders.add(head)
            head = head.rpartition("/")[0]
    return folders


def _check(entry: Entry) -> Entry:
    path, digest, size, ref = entry
    if clean_path(path) != path:
        raise ContentProblem(_shown(path), "is not in its one form; write it without './', '//' or a '/' at the end")
    if not isinstance(digest, str) or not (_FILE_DIGEST if ref is None else _DIGEST).fullmatch(digest):
        raise ContentProblem(path, f"{_shown(digest)} is no digest; give 'sha256:' and 64 hex digits, or 'md5:' and 32")
    if (type(size) is not int or not 0 <= size <= JSON_INT) and (ref is None or size is not None):
        raise ContentProblem(path, f"size {_shown(size)} is no number of bytes; give an integer")
    if ref is not None:
        _check_uri(ref)
    return entry


def _check_uri(uri: object) -> None:
    if not isinstance(uri, str) or _ODD.search(uri) or not _URI.fullmatch(uri):
        raise ContentProblem(_shown(uri), "is no URI; write such as s3://bucket/key, or use add_file for a local file")


class Manifest(Mapping[str, Entry]):
    """The files of one version, by path, in order of path. Never changes. Two are equal when every entry is."""

    __slots__ = ("_digest", "_entries")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Raises ContentProblem for an entry out of form, a path given twice, or one that is both file and folder."""
        given = sorted(map(_check, entries), key=itemgetter(0))
        self._entries = {entry.path: entry for entry in given}
        self._digest: str | None = None
        if len(self._entries) != len(given):
            twice = next(a.path for a, b in pairwise(given) if a.path == b.path)
            raise ContentProblem(twice, "is in the manifest twice; give each path once")
        if both := folders_of(self._entries) & self._entries.keys():
            raise ContentProblem(min(both), "is both a file and a folder; rename one of them")

    def __getitem__(self, path: str) -> Entry:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Manifest {self.file_count} files, {self.size} bytes, {self.digest[:19]}>"

    @property
    def digest(self) -> str:
        """'sha256:' and 64 hex digits; see the module for how to recompute it."""
        if self._digest is None:
            pairs = ",".join([f"[{quoted(e.path)},{quoted(e.digest)}]" for e in self._entries.values()])
            self._digest = digest_of(f"[{pairs}]".encode())
        return self._digest

    @property
    def size(self) -> int:
        """Bytes, references of known size included."""
        return sum(entry.size or 0 for entry in self._entries.values())

    @property
    def file_count(self) -> int:
        return len(self._entries)

    def to_json(self) -> str:
        """The manifest in its one written form (RFC 8785)."""
        files = [
            {"digest": e.digest, "path": e.path, "size": e.size} | ({} if e.ref is None else {"ref": e.ref})
            for e in self._entries.values()
        ]
        return canonical_plain({"files": files, "format": FORMAT}).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """The manifest that `to_json` wrote, form verified; the digest is yours to compare. Raises ContentProblem."""
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ContentProblem("manifest", f"is not JSON ({_shown(error)}); fetch it again") from error
        if not isinstance(read, dict) or read.keys() != {"files", "format"} or not isinstance(read["files"], list):
            raise ContentProblem("manifest", "is not an object of 'files' and 'format'; fetch it again")
        if read["format"] != FORMAT:
            raise ContentProblem("manifest", f"format {_shown(read['format'])} is not {FORMAT}; upgrade lineage-graph")
        for number, file in enumerate(read["files"]):
            if not isinstance(file, dict) or file.keys() - {"ref"} != {"path", "digest", "size"}:
                raise ContentProblem("manifest", f"file {number} lacks 'path', 'digest' or 'size'; fetch it again")
        return cls(Entry(**file) for file in read["files"])


def diff(a: Manifest, b: Manifest) -> Difference:
    """What changes from `a` to `b`, by path and digest; where the bytes are kept does not matter."""
    return Difference(
        added=[path for path in b if path not in a],
        removed=[path for path in a if path not in b],
        changed=[path for path, entry in a.items() if path in b and b[path].digest != entry.digest],
    )


def read_through(source: BinaryIO, each: Callable[[bytes], object] = len, algorithm: str = "sha256") -> tuple[str, int]:
    """('algorithm:hex', bytes) of all that `source` still holds; each CHUNK of it is given to `each`."""
    hashed, count = new_hash(algorithm, usedforsecurity=False), 0
    while data := source.read(CHUNK):
        hashed.update(data)
        count += len(data)
        each(data)
    return f"{algorithm}:{hashed.hexdigest()}", count


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
        raise ContentProblem(_shown(local), "is not there; write the file before it is added") from error
    except (OSError, ValueError) as error:
        raise ContentProblem(_shown(local), f"cannot be read ({error}); give a file that can") from error
    if not S_ISREG(kind):
        why = "is a folder; use add_dir" if S_ISDIR(kind) else "is a socket, pipe or device; add files only"
        raise ContentProblem(_shown(local), why)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ContentProblem(_shown(local), "changed while it was read; add it when it is written to the end")
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
            raise ContentProblem(_shown(here), f"cannot be read as a folder ({error.strerror}); give one") from error
        identity = (status.st_dev, status.st_ino)
        for name, child, is_folder in children if identity not in above else ():
            if is_folder:
                todo.append((f"{prefix}{name}/", child, above | {identity}))
            else:
                yield prefix + name, child


def local_of(uri: str) -> Path | None:
    """The local path behind a file:// URI, None for any other URI. Raises ContentProblem for a file on another host."""
    scheme, _, rest = uri.partition("://")
    if scheme.lower() != "file":
        return None
    path = rest.removeprefix("localhost")
    if not path.startswith("/"):
        raise ContentProblem(_shown(uri), "is not on this machine; write file:///absolute/path")
    return Path(unquote(path))


def _name_of(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    path = rest.partition("/")[2]
    if scheme.lower() in {"http", "https", "file"}:
        path = unquote(re.split("[?#]", path)[0] if scheme.lower() != "file" else path)
    if name := path.rstrip("/").rpartition("/")[2]:
        return name
    raise ContentProblem(_shown(uri), "has no last segment to name it by; give add_reference a name")


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
        _check_uri(uri)
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
        return self._take([(_check(Entry(path, digest, size, uri)), None)])

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
                raise ContentProblem(_shown(seen.local), f"was added as {path!r} and is gone; add it again") from error
            same = (now.st_size, now.st_mtime_ns) == (seen.size, seen.mtime_ns)
            if same and seen.hashed_ns - seen.mtime_ns > TICK_NS:
                continue
            again = see(seen.local)
            if again.digest != seen.digest:
                raise ContentProblem(_shown(seen.local), f"changed since it was added as {path!r}; add it again")
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
