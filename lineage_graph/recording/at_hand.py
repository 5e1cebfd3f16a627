"""What of recorded content is really there: in the content store, in a folder on disk, or behind a reference."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lineage_graph.answers.planning import Found, Version
from lineage_graph.canonical import digest_of
from lineage_graph.errors import ContentProblem, ParameterWrong
from lineage_graph.manifest import CHECKABLE, Entry, Manifest, local_of, read_through
from lineage_graph.recording import content
from lineage_graph.settings import Settings


class AtHand:
    """Looks where content can be. Nothing is fetched, and only files in `have` are read: those of a size that is looked for.

    have: a folder; a version is there when files with the bytes of each of its own are, wherever in it.
    Raises ParameterWrong when it is no folder.
    """

    def __init__(self, settings: Settings, have: str | os.PathLike[str] | None = None) -> None:
        if have is not None and not Path(have).is_dir():
            raise ParameterWrong("have", f"{os.fspath(have)!r} is no folder")
        self._settings = settings
        self._files = None if have is None else Files(Path(have))

    def find(self, version: Version) -> Found:
        """Where its bytes are. The store comes first: what is there is whole and has its name."""
        manifest = self._manifest(version)
        if manifest is None:
            # A record that came from elsewhere may have the digest of a single file.
            one = Entry(version.name.rpartition("/")[2].partition(":")[0], version.digest, version.size)
            return self._on_disk([one]) or Found("missing")
        if version.content in ("stored", "pending", "elsewhere") and self._stored(manifest):
            return Found("stored")
        found = self._on_disk(manifest.values())
        if found is None and version.content == "elsewhere" and all(_readable(e) for e in manifest.values() if e.ref):
            return Found("elsewhere")
        return found or Found("missing")

    def has_blob(self, digest: str) -> bool:
        """Whether bytes of that digest are in the content store, or wait to be sent there."""
        with suppress(ContentProblem, OSError):
            return any(store.has(digest) for store in content.stores(self._settings))
        return False

    def blob(self, digest: str) -> bytes | None:
        """Those bytes, verified; None when no store has them."""
        for store in content.stores(self._settings):
            with suppress(ContentProblem, OSError), store.open(digest) as file:
                data = file.read()
                if digest_of(data) == digest:
                    return data
        return None

    def _manifest(self, version: Version) -> Manifest | None:
        if version.content is None or version.content == "erased":
            return None
        with suppress(ContentProblem, OSError):
            return content.manifest_of(self._settings, version.digest)
        return None

    def _stored(self, manifest: Manifest) -> bool:
        """Whether some store has every byte; of a reference too, where its checksum is of a kind that the store keeps."""
        whole = Manifest(Entry(e.path, e.digest, e.size) for e in manifest.values()) if _plain(manifest) else None
        with suppress(ContentProblem, OSError):
            return whole is not None and any(not store.missing(whole) for store in content.stores(self._settings))
        return False

    def _on_disk(self, entries: Iterable[Entry]) -> Found | None:
        return None if self._files is None else self._files.holding(entries)


def _plain(manifest: Manifest) -> bool:
    return all(e.ref is None or (e.digest.startswith("sha256:") and e.size is not None) for e in manifest.values())


def _readable(entry: Entry) -> bool:
    """Whether a reference to a local file leads to one of its size; others are taken at their word."""
    assert entry.ref is not None
    with suppress(ContentProblem, OSError):
        path = local_of(entry.ref)
        return path is None or (path.is_file() and entry.size in (None, path.stat().st_size))
    return False


class Files:
    """A folder's files by size, each read at most once for each kind of digest."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._by_size: dict[int, list[Path]] = {}
        self._digests: dict[tuple[Path, str], str | None] = {}
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                with suppress(OSError):
                    status = path.stat()
                    if stat.S_ISREG(status.st_mode):
                        self._by_size.setdefault(status.st_size, []).append(path)

    def holding(self, entries: Iterable[Entry]) -> Found | None:
        """'on disk' when a file here has the bytes of each entry; `at` when they lie in one folder under their own names."""
        roots: set[Path] | None = None
        for entry in entries:
            here = [path for path in self._by_size.get(-1 if entry.size is None else entry.size, ()) if self._is(path, entry)]
            if not here:
                return None
            own = {root for path in here if (root := _above(path, entry.path)) is not None}
            roots = own if roots is None else roots & own
        at = min(roots or (), default=None, key=str)
        return Found("on disk", None if at is None else str(at.resolve()))

    def _is(self, path: Path, entry: Entry) -> bool:
        algorithm = entry.digest.partition(":")[0]
        if algorithm not in CHECKABLE:
            return False
        if (path, algorithm) not in self._digests:
            self._digests[path, algorithm] = None
            with suppress(OSError), path.open("rb", buffering=0) as file:
                self._digests[path, algorithm] = read_through(file, algorithm=algorithm)[0]
        return self._digests[path, algorithm] == entry.digest


def _above(path: Path, inside: str) -> Path | None:
    """The folder in which `path` is called `inside`."""
    parts = Path(inside).parts
    return Path(*path.parts[: -len(parts)]) if path.parts[-len(parts) :] == parts else None
