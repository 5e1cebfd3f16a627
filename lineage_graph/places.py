"""The two kinds of place a store can be in: a local folder, and whatever else an fsspec URL names.

Both know a file by its key ('sha256/ab/abcd…'), and show it only when it is whole.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from lineage_graph.errors import ContentProblem
from lineage_graph.manifest import local_of, read_through

Progress = Callable[[int], object]
"""Called with the number of bytes just done; never by two threads at once."""

# Object stores, where an object shows when it is whole: no file of another name is needed first.
WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
WORKERS = 8  # at once, on an object store


def masked(url: str) -> str:
    """`url` without the password in it."""
    return re.sub(r"//[^/@]*@", "//", url)


@contextmanager
def told(where: object, todo: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes ContentProblem; fsspec's file systems raise errors of many libraries."""
    try:
        yield
    except ContentProblem:
        raise
    except Exception as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else f"{error}" or type(error).__name__
        raise ContentProblem(where, f"{why.rstrip('.')}; {todo}") from error


@contextmanager
def landing(target: Path, temporary: Path) -> Iterator[BinaryIO]:
    """A file that is at `target`, whole, when the block ends; when it raises, nothing is. Both on one file system."""
    part = temporary / f".{uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            yield file
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _refuse(local: Path, digest: str, found: str) -> None:
    if found != digest:
        raise ContentProblem(local, f"is not {digest} but {found}: it changed since it was added; add it again")


class _Folder:
    """A place in a local folder; no fsspec, which takes 100 ms to import."""

    workers = 1

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.temporary = self.root / "tmp"

    def where(self, key: str) -> str:
        return str(self.root / key)

    def size(self, key: str) -> int | None:
        try:
            status = (self.root / key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def open(self, key: str) -> BinaryIO:
        return (self.root / key).open("rb")

    def keys(self, folder: str) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in (self.root / folder).glob("*/*"))

    def remove(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def put(self, key: str, local: Path, digest: str, progress: Progress) -> None:
        with local.open("rb", buffering=0) as source, self._new(key) as file:

            def copy(data: bytes) -> None:
                file.write(data)
                progress(len(data))

            _refuse(local, digest, read_through(source, copy)[0])

    def write(self, key: str, data: bytes) -> None:
        with self._new(key) as file:
            file.write(data)

    @contextmanager
    def _new(self, key: str) -> Iterator[BinaryIO]:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir(exist_ok=True)
        with landing(target, self.temporary) as file:
            yield file
            # Nothing edits a blob by mistake. Read-only for whoever may read it: a private umask stays private.
            os.chmod(file.name, stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o444)  # noqa: PTH101


class _Remote:
    """A place behind an fsspec URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.whole = url.partition("://")[0] in WHOLE
        self.workers = WORKERS if self.whole else 1
        self._made: tuple[int, Any, str] | None = None

    def where(self, key: str) -> str:
        return f"{masked(self.url)}/{key}"

    def _at(self, key: str) -> tuple[Any, str]:
        # A fork makes its own: the event loop of an asynchronous file system does not survive one.
        if self._made is None or self._made[0] != os.getpid():
            from fsspec.core import url_to_fs

            with told(masked(self.url), "install what its protocol needs, or set another store"):
                self._made = (os.getpid(), *url_to_fs(self.url, use_listings_cache=False))
        _, system, root = self._made
        return system, f"{root.rstrip('/')}/{key}"

    def size(self, key: str) -> int | None:
        system, path = self._at(key)
        try:
            info = system.info(path)
        except FileNotFoundError:
            return None
        return int(info["size"]) if info["type"] == "file" else None

    def open(self, key: str) -> BinaryIO:
        system, path = self._at(key)
        file: BinaryIO = system.open(path, "rb")
        return file

    def keys(self, folder: str) -> list[str]:
        system, path = self._at(folder)
        try:
            found = system.find(path)
        except FileNotFoundError:
            return []
        return sorted(f"{folder}/{'/'.join(one.rsplit('/', 2)[-2:])}" for one in found)

    def remove(self, key: str) -> None:
        system, path = self._at(key)
        with suppress(FileNotFoundError):
            system.rm_file(path)

    def put(self, key: str, local: Path, digest: str, progress: Progress) -> None:
        # Read twice, as a file system's own put_file sends in parallel parts and hashes nothing.
        with local.open("rb", buffering=0) as source:
            found, size = read_through(source)
            _refuse(local, digest, found)
            before = os.fstat(source.fileno()).st_mtime_ns

        def send(system: Any, path: str) -> None:
            system.put_file(str(local), path)
            after = local.stat()
            if (after.st_size, after.st_mtime_ns, system.info(path)["size"]) != (size, before, size):
                system.rm_file(path)
                raise ContentProblem(local, "changed while it was sent, or arrived cut short; put it again")

        self._settle(key, send)
        progress(size)

    def write(self, key: str, data: bytes) -> None:
        self._settle(key, lambda system, path: system.pipe_file(path, data))

    def _settle(self, key: str, send: Callable[[Any, str], None]) -> None:
        system, path = self._at(key)
        if self.whole:
            send(system, path)
            return
        _, part = self._at(f"tmp/{uuid4().hex}.part")
        for folder in {path.rpartition("/")[0], part.rpartition("/")[0]}:
            system.makedirs(folder, exist_ok=True)
        try:
            send(system, part)
            system.mv(part, path)
        except BaseException:
            with suppress(Exception):
                system.rm_file(part)
            raise


def place_at(url: str) -> _Folder | _Remote:
    """The place behind a URL or a local path. Nothing is opened yet."""
    local = local_of(url) or (None if "://" in url else Path(url).expanduser())
    return _Remote(url) if local is None else _Folder(local)
