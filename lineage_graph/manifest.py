"""An artifact's files: what they are called, and which bytes they hold.

A `Manifest` is what a version is made of; a `Draft` (draft.py) is what one is built with. The digest of a manifest is the
SHA-256 of the RFC 8785 form of `[[path, digest], …]`, ordered by path (by code point). Sizes, URIs and local paths stay out of
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import new as new_hash
from itertools import pairwise
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote

from lineage_graph.canonical import canonical_plain, digest_of
from lineage_graph.errors import ContentProblem
from lineage_graph.limits import FILE_PATH, FILES, JSON_INT

PathText = str | os.PathLike[str]

FORMAT = "lineage-graph-manifest-1"
CHUNK = 1 << 20  # bytes read at a time
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


def shown(text: object) -> str:
    """`text` for an error: one line, and always printable."""
    return str(text) if str(text).isprintable() else ascii(str(text))


def clean_path(path: PathText) -> str:
    """A path inside an artifact in its one form: './a//b' gives 'a/b'.

    Raises ContentProblem for one that is absolute, climbs, is empty, or has a backslash, control or non-Unicode in it.
    """
    text = path.as_posix() if isinstance(path, PurePath) else path
    if not isinstance(text, str):
        raise ContentProblem(shown(path), "is no path; give a text such as 'data/train.csv'")
    if _ODD.search(text):
        raise ContentProblem(shown(text), "has a control character or non-Unicode bytes in it; rename the file")
    if len(text) > FILE_PATH:
        raise ContentProblem(f"{text[:80]}…", f"is a path of {len(text):,} characters, and {FILE_PATH:,} is the most")
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


def checked(entry: Entry) -> Entry:
    path, digest, size, ref = entry
    if clean_path(path) != path:
        raise ContentProblem(shown(path), "is not in its one form; write it without './', '//' or a '/' at the end")
    if not isinstance(digest, str) or not (_FILE_DIGEST if ref is None else _DIGEST).fullmatch(digest):
        raise ContentProblem(path, f"{shown(digest)} is no digest; give 'sha256:' and 64 hex digits, or 'md5:' and 32")
    if (type(size) is not int or not 0 <= size <= JSON_INT) and (ref is None or size is not None):
        raise ContentProblem(path, f"size {shown(size)} is no number of bytes; give an integer")
    if ref is not None:
        check_uri(ref)
    return entry


def check_uri(uri: object) -> None:
    if not isinstance(uri, str) or _ODD.search(uri) or not _URI.fullmatch(uri):
        raise ContentProblem(shown(uri), "is no URI; write such as s3://bucket/key, or use add_file for a local file")
    if len(uri) > FILE_PATH:
        raise ContentProblem(f"{uri[:80]}…", f"is a URI of {len(uri):,} characters, and {FILE_PATH:,} is the most")


class Manifest(Mapping[str, Entry]):
    """The files of one version, by path, in order of path. Never changes. Two are equal when every entry is."""

    __slots__ = ("_digest", "_entries")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Raises ContentProblem for an entry out of form, a path given twice, or one that is both file and folder."""
        given = sorted(map(checked, entries), key=itemgetter(0))
        if len(given) > FILES:
            why = f"has {len(given):,} files, and {FILES:,} is the most; log several artifacts, or an archive"
            raise ContentProblem("manifest", why)
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
            raise ContentProblem("manifest", f"is not JSON ({shown(error)}); fetch it again") from error
        if not isinstance(read, dict) or read.keys() != {"files", "format"} or not isinstance(read["files"], list):
            raise ContentProblem("manifest", "is not an object of 'files' and 'format'; fetch it again")
        if read["format"] != FORMAT:
            raise ContentProblem("manifest", f"format {shown(read['format'])} is not {FORMAT}; upgrade lineage-graph")
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


def local_of(uri: str) -> Path | None:
    """The local path behind a file:// URI, None for any other URI. Raises ContentProblem for a file on another host."""
    scheme, _, rest = uri.partition("://")
    if scheme.lower() != "file":
        return None
    path = rest.removeprefix("localhost")
    if not path.startswith("/"):
        raise ContentProblem(shown(uri), "is not on this machine; write file:///absolute/path")
    return Path(unquote(path))
