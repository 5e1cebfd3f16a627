"""Raw inputs into the reproduction's own store, each file checked against its digest."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lineage_graph.answers.plan import PlannedVersion
from lineage_graph.draft import Draft
from lineage_graph.errors import CannotReproduce, ContentProblem
from lineage_graph.manifest import Entry
from lineage_graph.recording import content
from lineage_graph.settings import Settings
from lineage_graph.store import Store


def fetch(version: PlannedVersion, settings: Settings, target: Store) -> None:
    """Brings a version's files into `target`; what is there is not fetched again. settings: those of the record's store.

    References come too where their digest is that of their bytes; others are read where they are when a run asks for them.
    Raises CannotReproduce.
    """
    try:
        if target.has_manifest(version.digest):
            return
        if version.where == "on disk":
            if version.at is None:
                why = "its files are on disk in several places; put them in one folder, as `lineage-graph show` lists them"
                raise ContentProblem(version.name, why)
            _from_folder(version, Path(version.at), target)
            return
        manifest = content.manifest_of(settings, version.digest)
        source = content.source_of(settings, version.digest)
        with tempfile.TemporaryDirectory(dir=target.url, prefix="fetch-") as spare:
            for entry in manifest.values():
                if entry.digest.startswith("sha256:") and not target.has(entry.digest):
                    _bring(entry, source, target, Path(spare) / "file")
        target.put_manifest(manifest)
    except (ContentProblem, OSError) as problem:
        raise CannotReproduce(version.name, f"cannot be fetched: {problem}") from problem


def _bring(entry: Entry, source: Store, target: Store, spare: Path) -> None:
    source.fetch(entry, spare)
    target.put_file(spare, entry.digest)


def _from_folder(version: PlannedVersion, folder: Path, target: Store) -> None:
    draft = Draft(version.name)
    draft.add_dir(folder)
    if draft.manifest().digest != version.digest:
        raise ContentProblem(folder, f"does not hold {version.digest} any more; give a folder that does")
    target.put(draft)
