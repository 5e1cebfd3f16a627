"""An artifact's bytes on their way: into the store at once where it is a folder, else staged and uploaded by the drain."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lineage_graph.answers.changes import Kind
from lineage_graph.answers.diff import FileChange, Files
from lineage_graph.draft import Draft
from lineage_graph.errors import ContentProblem, ExtraMissing, StoreProblem
from lineage_graph.events import Logged, Used
from lineage_graph.manifest import Entry, Manifest, diff
from lineage_graph.settings import Settings
from lineage_graph.store import Staging, Store


def is_remote(settings: Settings) -> bool:
    return "://" in settings.store_url and not settings.store_url.startswith("file://")


def _staging(settings: Settings) -> Staging:
    return Staging(settings.home / "staging")


def store_for(settings: Settings) -> Store:
    """Where content is read from."""
    return Store(settings.store_url)


def stores(settings: Settings) -> list[Store]:
    """Every place where content can be, the nearest first."""
    return [*([_staging(settings)] if is_remote(settings) else []), store_for(settings)]


def keep(settings: Settings, draft: Draft) -> tuple[Manifest, str]:
    """Takes a draft's bytes in and says where they are: 'stored', 'elsewhere' (references only) or 'none'.

    Raises ContentProblem when a file vanished or changed since it was added; a store that does not take it raises OSError.
    """
    draft.check_unchanged()
    manifest = draft.manifest()
    target: Store = _staging(settings) if is_remote(settings) else store_for(settings)
    if settings.store == "off":
        target.put_manifest(manifest)
        return manifest, "none"
    target.put(draft)
    only_references = bool(manifest) and all(entry.ref is not None for entry in manifest.values())
    return manifest, "elsewhere" if only_references else "stored"


def deliver(settings: Settings, event: Logged | Used) -> None:
    """Uploads what is staged for an event's version; does nothing when that is done or there is nothing.

    Raises StoreProblem.
    """
    if event.digest is None or event.content != "stored":
        return
    staging = _staging(settings)
    if not is_remote(settings):
        # Staged for a store that is not set here: to apply the event would say that its bytes are where they are not.
        if staging.has_manifest(event.digest) and not store_for(settings).has_manifest(event.digest):
            raise StoreProblem(
                settings.store_url, "what was recorded for another store waits; set LINEAGE_GRAPH_STORE to that one"
            )
        return
    try:
        if staging.has_manifest(event.digest):
            remote = store_for(settings)
            if not remote.has_manifest(event.digest):
                staging.upload_to(remote, staging.manifest(event.digest))
    except (ContentProblem, ExtraMissing, OSError) as problem:
        raise StoreProblem(settings.store, str(problem)) from problem


def bring(settings: Settings, home: Path, event: Logged | Used) -> None:
    """Takes an event's content over from another home that was copied here, where it has it and the store has not.

    Raises StoreProblem.
    """
    if event.digest is None or event.content != "stored" or settings.store == "off":
        return
    try:
        target = store_for(settings)
        for place in [Staging(folder) for folder in (home / "staging", home / "store") if folder.is_dir()]:
            if place.has_manifest(event.digest) and not target.has_manifest(event.digest):
                place.upload_to(target, place.manifest(event.digest))
    except (ContentProblem, ExtraMissing, OSError) as problem:
        raise StoreProblem(settings.store_url, str(problem)) from problem


def keep_patch(settings: Settings, digest: str, data: bytes | None) -> None:
    """Keeps what tracked files differ by from their commit, as a blob; what cannot be kept is left out."""
    if data is not None and settings.store != "off":
        with suppress(ContentProblem):
            (_staging(settings) if is_remote(settings) else store_for(settings)).put_bytes(data, digest)


def deliver_patch(settings: Settings, digest: str) -> None:
    """Uploads a patch that is staged; a run without its patch is better than one that waits for it."""
    with suppress(ContentProblem, ExtraMissing, OSError):
        if is_remote(settings) and _staging(settings).has(digest) and not store_for(settings).has(digest):
            with _staging(settings).open(digest) as staged:
                store_for(settings).put_bytes(staged.read(), digest)


def manifest_of(settings: Settings, digest: str) -> Manifest:
    """The manifest of a version. Raises ContentProblem when no store has it."""
    if is_remote(settings) and _staging(settings).has_manifest(digest):
        return _staging(settings).manifest(digest)
    return store_for(settings).manifest(digest)


def source_of(settings: Settings, digest: str) -> Store:
    """The store that a version's files are read from: the staging folder while they wait for the remote one."""
    staging = _staging(settings)
    if is_remote(settings) and staging.has_manifest(digest) and not staging.missing(staging.manifest(digest)):
        return staging
    return store_for(settings)


def files_between(settings: Settings, a: str, b: str) -> Files:
    """The files by which two versions differ, by their digests; says why where a manifest cannot be read."""
    if a == b:
        return Files(problem=None, changes=())
    try:
        old, new = manifest_of(settings, a), manifest_of(settings, b)
    except (ContentProblem, ExtraMissing, OSError) as problem:
        return Files(problem=str(problem), changes=())
    found = diff(old, new)
    kinds: dict[str, Kind] = dict.fromkeys(found.added, "added")
    kinds.update(dict.fromkeys(found.removed, "removed"))
    kinds.update(dict.fromkeys(found.changed, "changed"))
    return Files(
        problem=None, changes=tuple(_change(path, kinds[path], old.get(path), new.get(path)) for path in sorted(kinds))
    )


def _change(path: str, change: Kind, old: Entry | None, new: Entry | None) -> FileChange:
    return FileChange(
        path=path,
        change=change,
        a_digest=old.digest if old else None,
        b_digest=new.digest if new else None,
        a_size=old.size if old else None,
        b_size=new.size if new else None,
    )


def fetch(settings: Settings, digest: str, folder: Path) -> Path:
    """A version's files, verified, in `folder`. Raises ContentProblem."""
    store = source_of(settings, digest)
    return store.download(store.manifest(digest), folder)
