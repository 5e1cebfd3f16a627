"""A backup with content, as one tar file that is written and read front to back.

    entries.jsonl            the backup's lines
    blobs/<hex>              files, by the SHA-256 of their bytes, each once
    manifests/<hex>.json     which files a version has, by its digest; after their blobs
    whole.json               how many of each there are, and which versions' content no store had

Nothing in it depends on when or by whom it was made. No more than one blob's piece is in memory.
"""

from __future__ import annotations

import json
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import IO, BinaryIO, cast

from lineage_graph.canonical import canonical_plain
from lineage_graph.errors import ContentProblem, ImportRefused
from lineage_graph.manifest import Manifest, read_through
from lineage_graph.store import Store

LINES, LAST = "entries.jsonl", "whole.json"
PART = re.compile(r"(?:blobs/|manifests/(?=.*\.json\Z))([0-9a-f]{64})(?:\.json)?")
MAGIC, MAGIC_AT = b"ustar", 257


@dataclass(slots=True)
class Packed:
    """What content an archive has. missing: digests of the versions whose content was not wholly in a store."""

    manifests: int = 0
    blobs: int = 0
    size: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, object]:
        return {"blobs": self.blobs, "manifests": self.manifests, "missing": self.missing, "size": self.size}


# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Out:
    """A file to write to, for tarfile."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.said = file, sha256()

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.said.update(data)
        return data


def pack(
    write: Callable[[bytes], object],
    lines: BinaryIO,
    contents: Mapping[str, bool],
    patches: Sequence[str],
    stores: Sequence[Store],
) -> Packed:
    """Writes an archive.

    lines: the backup's, from their beginning. contents: digests of versions, and whether a store should have their content.
    patches: digests of blobs besides; those that no store has are left out. stores: where to look, the nearest first.
    Raises ContentProblem for content that is not what its digest says.
    """
    packed, seen = Packed(), set[str]()
    with tarfile.open(mode="w|", fileobj=cast("IO[bytes]", _Out(write)), format=tarfile.PAX_FORMAT) as tar:
        size = lines.seek(0, 2)
        lines.seek(0)
        _add(tar, LINES, size, lines)
        for digest in sorted(patches):
            store = next((store for store in stores if store.has(digest)), None)
            if store is not None:
                with store.open(digest) as blob:
                    size = blob.seek(0, 2)
                    blob.seek(0)
                    _blob(tar, digest, size, blob, packed, seen)
        for digest in sorted(contents):
            store = next((store for store in stores if store.has_manifest(digest)), None)
            if store is not None:
                manifest = store.manifest(digest)
                lost = {entry.digest for entry in store.missing(manifest)}
                for entry in manifest.values():
                    if entry.ref is None and entry.digest not in lost and entry.digest not in seen:
                        with store.open(entry.digest) as blob:
                            _blob(tar, entry.digest, entry.size or 0, blob, packed, seen)
                text = manifest.to_json().encode()
                _add(tar, f"manifests/{_hex(digest)}.json", len(text), BytesIO(text))
                packed.manifests += 1
            if contents[digest] and (store is None or lost):
                packed.missing.append(digest)
        text = canonical_plain(packed.counts)
        _add(tar, LAST, len(text), BytesIO(text))
    return packed


def _blob(tar: tarfile.TarFile, digest: str, size: int, blob: BinaryIO, packed: Packed, seen: set[str]) -> None:
    if digest in seen:
        return
    seen.add(digest)
    hashed = _Hashed(blob)
    try:
        _add(tar, f"blobs/{_hex(digest)}", size, cast("BinaryIO", hashed))
    except OSError as error:
        raise ContentProblem(
            digest, f"cannot be read to its end ({error}); delete it from the store and put it again"
        ) from None
    if f"sha256:{hashed.said.hexdigest()}" != digest:
        raise ContentProblem(digest, "holds other bytes in the store; delete it there and put it again")
    packed.blobs += 1
    packed.size += size


def _add(tar: tarfile.TarFile, name: str, size: int, file: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o444
    tar.addfile(member, file)
    _forget(tar)


def _forget(tar: tarfile.TarFile) -> None:
    """It would keep every member it has seen."""
    tar.members = []  # type: ignore[attr-defined]


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")


# ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_archive(file: BinaryIO) -> bool:
    """Whether a file is a tar file; it is at its beginning again after that."""
    start = file.read(MAGIC_AT + len(MAGIC))
    file.seek(0)
    return start[MAGIC_AT:] == MAGIC


class Archive:
    """An archive, checked to its end: `lines` are the backup's, `put` brings the content into a store."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """file: one that can be read again from its beginning. Raises ImportRefused, with the part that is not right."""
        self.file, self.name = file, name
        self.lines: BinaryIO = BytesIO()
        self._place = "its beginning"
        self._check()

    def _check(self) -> None:
        found = Packed()
        last: bytes | None = None
        try:
            for number, (name, part) in enumerate(self._parts()):
                if last is not None or (number == 0) != (name == LINES):
                    raise ImportRefused(self.name, name, "it is out of place in a backup")
                if name == LINES:
                    self.lines = part
                elif name == LAST:
                    last = part.read()
                elif name.startswith("blobs/"):
                    digest, size = read_through(part)
                    self._must_be(name, digest)
                    found.blobs += 1
                    found.size += size
                else:
                    self._must_be(name, Manifest.from_json(part.read()).digest)
                    found.manifests += 1
        except ContentProblem as problem:
            raise ImportRefused(self.name, self._place, str(problem)) from None
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ImportRefused(self.name, self._place, f"the file was cut short or changed there ({error})") from None
        try:
            counts = json.loads(last or b"")
            same = all(counts[key] == value for key, value in found.counts.items() if key != "missing")
        except (ValueError, KeyError, TypeError):
            raise ImportRefused(
                self.name, LAST, "its last part, which counts the others, is missing: it was cut short"
            ) from None
        if not same:
            raise ImportRefused(self.name, LAST, "it counts other parts than there are; the file was changed")

    def _parts(self) -> Iterator[tuple[str, BinaryIO]]:
        self.file.seek(0)
        with tarfile.open(fileobj=self.file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                self._place = member.name
                if not member.isreg() or not (member.name in {LINES, LAST} or PART.fullmatch(member.name)):
                    raise ImportRefused(self.name, member.name, "it is no part of a backup")
                yield member.name, cast("BinaryIO", tar.extractfile(member))
                _forget(tar)

    def _must_be(self, name: str, digest: str) -> None:
        match = PART.fullmatch(name)
        if match is None or match[1] != _hex(digest):
            raise ImportRefused(self.name, name, "its bytes are not those that its name says; the file was changed")

    def put(self, store: Store) -> None:
        """Brings the content into a store, blobs before manifests. Raises ContentProblem."""
        for name, part in self._parts():
            if name.startswith("blobs/"):
                with tempfile.NamedTemporaryFile(prefix="lineage-graph-") as file:
                    digest, _ = read_through(part, file.write)
                    file.flush()
                    store.put_file(file.name, digest)
            elif name.startswith("manifests/"):
                store.put_manifest(Manifest.from_json(part.read()))
