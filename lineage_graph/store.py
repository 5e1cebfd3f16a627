"""Where the bytes are: blobs by their digest, in a local folder or behind any fsspec URL.

    <root>/sha256/ab/abcd…            a blob; its name is the SHA-256 of its bytes
    <root>/manifests/ab/abcd….json    a manifest, by its own digest
    <root>/tmp/…                      what is being written; what a crash leaves here may be deleted

Everything is written under a name of its own and renamed when it is whole and verified, so any number of processes may
put the same blob at once. Object stores (s3, gs, Azure) show an object only when it is whole, so there the last name is
used at once. Blobs are read-only, and not flushed to disk one by one: that took 0.4 s more for 1,000 small files on a
fast one, and what a power cut leaves, a blob too short, is told by its size, counts as missing, and is put again.

A reference whose digest is SHA-256 is taken from the store where the store happens to have its bytes.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple, TypeVar

from lineage_graph.draft import Draft
from lineage_graph.errors import ContentProblem
from lineage_graph.manifest import CHECKABLE, Entry, Manifest, folders_of, local_of, read_through
from lineage_graph.places import Progress, landing, masked, place_at, told

T = TypeVar("T")
R = TypeVar("R")

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")


class CannotFetch(ContentProblem):
    """A reference that cannot be read from here; nothing is known against its bytes."""


class Dropped(NamedTuple):
    """What was taken out of a store: manifests, blobs and their bytes; kept: blobs that others still name."""

    manifests: int = 0
    blobs: int = 0
    bytes: int = 0
    kept: int = 0


def _quiet(_: int) -> None:
    """Progress for nobody."""


def _hex(digest: str) -> str:
    match = _SHA256.fullmatch(digest)
    if match is None:
        raise ContentProblem(digest, "is no digest of content; give 'sha256:' and 64 hex digits")
    return match[1]


def _blob(digest: str) -> str:
    return f"sha256/{_hex(digest)[:2]}/{_hex(digest)}"


def _listing(digest: str) -> str:
    return f"manifests/{_hex(digest)[:2]}/{_hex(digest)}.json"


def _each(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    if workers == 1:
        return [work(item) for item in items]
    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)


def _one_at_a_time(progress: Progress | None) -> Progress:
    if progress is None:
        return _quiet
    lock = Lock()

    def tell(count: int) -> None:
        with lock:
            progress(count)

    return tell


class Store:
    """Blobs and manifests in one place."""

    def __init__(self, url: str | os.PathLike[str]) -> None:
        """url: a local folder (made when first written to), or any URL that fsspec knows. Nothing is opened yet."""
        self.url = os.fspath(url)
        self._place = place_at(self.url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({masked(self.url)!r})"

    def put_file(self, local_path: str | os.PathLike[str], digest: str, progress: Progress | None = None) -> bool:
        """Keeps the bytes of a local file; whether they were new. Reads nothing where such a blob is already.

        digest: what the bytes must have, as 'sha256:…'
        Raises ContentProblem when they have another, or the place cannot be written.
        """
        local, tell = Path(local_path), progress or _quiet
        with told(local, "give a file that can be read"):
            size = local.stat().st_size
        with told(self._place.where(_blob(digest)), f"make {masked(self.url)} writable, or set another store"):
            if self._place.size(_blob(digest)) == size:
                tell(size)
                return False
            self._place.put(_blob(digest), local, digest, tell)
            return True

    def put_bytes(self, data: bytes, digest: str) -> None:
        """Keeps `data`, whose digest is `digest`, unless it is here. Raises ContentProblem."""
        with told(self._place.where(_blob(digest)), f"make {masked(self.url)} writable, or set another store"):
            if self._place.size(_blob(digest)) != len(data):
                self._place.write(_blob(digest), data)

    def put_manifest(self, manifest: Manifest) -> None:
        """Keeps a manifest, unless a whole one of that digest is there. Its blobs come first: see `put`."""
        text, key = manifest.to_json().encode(), _listing(manifest.digest)
        with told(self._place.where(key), f"make {masked(self.url)} writable, or set another store"):
            size = self._place.size(key)
            if size is not None:
                with suppress(ContentProblem):
                    self.manifest(manifest.digest)
                    return
            self._place.write(key, text)

    def put(self, draft: Draft, progress: Progress | None = None) -> Manifest:
        """Keeps all that was added to `draft`, blobs first, then the manifest. Raises ContentProblem."""
        draft.check_unchanged()
        tell = _one_at_a_time(progress)
        _each(lambda pair: self.put_file(pair[1], pair[0].digest, tell), draft.sources(), self._place.workers)
        self.put_manifest(draft.manifest())
        return draft.manifest()

    def has(self, digest: str) -> bool:
        """Whether a blob of that digest is here."""
        return self._size(digest) is not None

    def has_manifest(self, digest: str) -> bool:
        """Whether the manifest of that digest is here."""
        with told(self._place.where(_listing(digest)), "make it readable"):
            return self._place.size(_listing(digest)) is not None

    def drop(self, digest: str, *, dry_run: bool = False) -> Dropped:
        """Takes a manifest out, and those of its blobs that no other manifest here names.

        Blobs go first, so that it can be begun again where it was cut off. A manifest that is not here drops nothing.
        dry_run: only says what would go. Raises ContentProblem.
        """
        with told(self._place.where(_listing(digest)), "make the store writable"):
            if self._place.size(_listing(digest)) is None:
                return Dropped()
            blobs = self._named(_listing(digest))
            found = self._drop(blobs, _listing(digest), dry_run)
            if not dry_run:
                self._place.remove(_listing(digest))
            return Dropped(1, *found)

    def drop_blob(self, digest: str, *, dry_run: bool = False) -> Dropped:
        """Takes a blob out that no manifest here names. Otherwise as `drop`."""
        with told(self._place.where(_blob(digest)), "make the store writable"):
            return Dropped(0, *self._drop({digest}, None, dry_run))

    def _drop(self, blobs: set[str], besides: str | None, dry_run: bool) -> tuple[int, int, int]:
        """(blobs dropped, their bytes, blobs that stay because others name them)."""
        here = {digest: size for digest in sorted(blobs) if (size := self._size(digest)) is not None}
        others = [key for key in self._place.keys("manifests") if key != besides] if here else []
        for named in _each(self._named, others, self._place.workers):
            for digest in named & here.keys():
                del here[digest]
        if not dry_run:
            _each(lambda digest: self._place.remove(_blob(digest)), here, self._place.workers)
        kept = sum(self._size(digest) is not None for digest in blobs - here.keys())
        return len(here), sum(here.values()), kept

    def _named(self, key: str) -> set[str]:
        """The digests that a manifest names, also one that was altered: what it may need is not to be dropped."""
        with self._place.open(key) as file:
            return {f"sha256:{digest}" for digest in _SHA256.findall(file.read().decode("utf-8", "replace"))}

    def missing(self, manifest: Manifest) -> list[Entry]:
        """The files (no references) whose blobs are not here, or are of another size."""
        files = [entry for entry in manifest.values() if entry.ref is None]
        sizes = _each(lambda entry: self._size(entry.digest), files, self._place.workers)
        return [entry for entry, size in zip(files, sizes, strict=True) if size != entry.size]

    def manifest(self, digest: str) -> Manifest:
        """The manifest of that digest, verified. Raises ContentProblem."""
        where = self._place.where(_listing(digest))
        with told(where, "put it again from where it was logged"), self._place.open(_listing(digest)) as file:
            manifest = Manifest.from_json(file.read())
        if manifest.digest != digest:
            raise ContentProblem(where, f"holds {manifest.digest}, so it was altered; delete it and put it again")
        return manifest

    def open(self, digest: str) -> BinaryIO:
        """A blob to read from, not verified (`fetch` does that). Raises ContentProblem."""
        with told(self._place.where(_blob(digest)), "put it again from where it was logged"):
            return self._place.open(_blob(digest))

    def fetch(self, entry: Entry, target_path: str | os.PathLike[str], progress: Progress | None = None) -> None:
        """Copies one file to `target_path`, verified by its digest, in place of what is there; else leaves that alone.

        A reference without a checksum that can be computed is verified by its size alone, if that is known.
        Raises CannotFetch for a reference that cannot be reached, ContentProblem for all else.
        """
        target, tell = Path(target_path), progress or _quiet
        algorithm = entry.digest.partition(":")[0]
        known = algorithm in CHECKABLE
        with self._source(entry) as source, told(target, "give a place that can be written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with landing(target, target.parent) as file:

                def copy(data: bytes) -> None:
                    file.write(data)
                    tell(len(data))

                found, size = read_through(source, copy, algorithm if known else "sha256")
                if (known and found != entry.digest) or entry.size not in {None, size}:
                    where = entry.ref if entry.ref is not None else self._place.where(_blob(entry.digest))
                    todo = "log it anew" if entry.ref is not None else "delete it and put it again"
                    raise ContentProblem(where, f"is not what was recorded as {entry.path!r} ({entry.digest}); {todo}")

    def download(
        self,
        manifest: Manifest,
        folder: str | os.PathLike[str],
        *,
        progress: Progress | None = None,
        allow_missing_references: bool = False,
    ) -> Path:
        """Writes every file of `manifest` below `folder`, verified, and gives `folder`.

        Files there with the right bytes stay, with others are replaced; files of other names stay.
        allow_missing_references: do not mind references that cannot be reached; those that changed are always minded
        Raises ContentProblem: for a reference that cannot be reached, when all the rest is written.
        """
        root, tell = Path(folder), _one_at_a_time(progress)
        with told(root, "give a folder that can be written"):
            _make_folders(root, manifest)

        def bring(entry: Entry) -> tuple[Entry, CannotFetch] | None:
            target = root / entry.path
            if _holds(target, entry):
                tell(entry.size or 0)
                return None
            try:
                self.fetch(entry, target, tell)
            except CannotFetch as error:
                return entry, error
            return None

        lost = [pair for pair in _each(bring, manifest.values(), self._place.workers) if pair]
        if lost and not allow_missing_references:
            entry, error = lost[0]
            raise CannotFetch(
                entry.path,
                f"{error}; it is 1 of {len(lost)} references that cannot be fetched: make them reachable, or leave them"
                " out with allow_missing_references=True",
            ) from error
        return root

    def _size(self, digest: str) -> int | None:
        with told(self._place.where(_blob(digest)), "make the store readable"):
            return self._place.size(_blob(digest))

    @contextmanager
    def _source(self, entry: Entry) -> Iterator[BinaryIO]:
        if entry.ref is None or (_SHA256.fullmatch(entry.digest) and self._size(entry.digest) is not None):
            with self.open(entry.digest) as blob:
                yield blob
            return
        try:
            file = _open_reference(entry.ref)
        except Exception as error:
            raise CannotFetch(masked(entry.ref), f"cannot be read ({error})") from error
        with file:
            yield file


class Staging(Store):
    """A local store that another is fed from."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__(Path(folder))

    def upload_to(self, remote: Store, manifest: Manifest, *, progress: Progress | None = None) -> None:
        """Brings to `remote` what it has not of `manifest`: blobs, then the manifest. May be interrupted and repeated.

        Raises ContentProblem, before anything is sent, for a blob that is in neither.
        """
        wanted = {entry.digest: entry for entry in remote.missing(manifest)}
        lost = [entry for entry in wanted.values() if self._size(entry.digest) != entry.size]
        if lost:
            why = f"is neither in {self} nor in {remote}, as 1 of {len(lost)}; log it again"
            raise ContentProblem(lost[0].path, why)
        tell = _one_at_a_time(progress)

        def send(entry: Entry) -> None:
            remote.put_file(self._place.where(_blob(entry.digest)), entry.digest, tell)

        _each(send, wanted.values(), remote._place.workers)
        remote.put_manifest(manifest)


def _open_reference(uri: str) -> BinaryIO:
    if (local := local_of(uri)) is not None:
        return local.open("rb")
    from fsspec.core import url_to_fs

    system, path = url_to_fs(uri)
    file: BinaryIO = system.open(path, "rb")
    return file


def _make_folders(root: Path, manifest: Manifest) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for folder in sorted(folders_of(manifest)):
        here = root / folder
        with suppress(FileExistsError):
            here.mkdir()
        # A link could lead out of the folder, and what is written through it would land there.
        if here.is_symlink() or not here.is_dir():
            raise ContentProblem(here, "is a link or a file where a folder must be; remove it or download elsewhere")


def _holds(target: Path, entry: Entry) -> bool:
    """Whether the right bytes are there already, in a file of its own and not behind a link."""
    algorithm = entry.digest.partition(":")[0]
    try:
        status = target.lstat()
        if algorithm not in CHECKABLE or not stat.S_ISREG(status.st_mode) or entry.size not in {None, status.st_size}:
            return False
        with target.open("rb", buffering=0) as file:
            return read_through(file, algorithm=algorithm)[0] == entry.digest
    except OSError:
        return False
