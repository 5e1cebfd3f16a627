"""`Artifact`: a version in the making."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import IO, Any

from lineage_graph.canonical import recordable
from lineage_graph.draft import Draft
from lineage_graph.errors import ArtifactClosed, NotYetRecorded
from lineage_graph.manifest import Entry, Manifest
from lineage_graph.names import check_tags, check_text, check_type, parse_artifact
from lineage_graph.recording.recorded import RecordedVersion


class Artifact:
    """A version in the making: add files, then `run.log_artifact(artifact)`. (W&B: `wandb.Artifact`.)

    name:        '[project/]name'; without a project, that of the run that logs it.
    type:        what it is: 'dataset', 'model', …; one type for all versions of a name.
    description, metadata, tags: kept with the version; none of them changes its digest.
    Files are hashed when they are added. Raises NameNotUnderstood, NotJson.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
    ) -> None:
        parse_artifact(name)
        self.name = name
        self.type = check_type(type)
        self.description = check_text(description, "a description")
        self.metadata = recordable(metadata, "metadata") if metadata is not None else None
        self.tags = check_tags(tags)
        self.draft = Draft(name)
        self.recorded: RecordedVersion | None = None

    def __repr__(self) -> str:
        return f"<Artifact {self.name} ({self.type}), {self.manifest.file_count} files>"

    @property
    def manifest(self) -> Manifest:
        return self.draft.manifest()

    @property
    def digest(self) -> str:
        """'sha256:…' over the names and digests of its files."""
        return self.manifest.digest

    @property
    def size(self) -> int:
        """Bytes, references included where their size is known."""
        return self.manifest.size

    def add_file(self, local_path: str | os.PathLike[str], name: str | None = None) -> Entry:
        """Adds one file, under `name` in the artifact or its own name. Raises ContentProblem, ArtifactClosed."""
        return self.draft.add_file(local_path, name)

    def add_dir(self, local_path: str | os.PathLike[str], name: str | None = None) -> list[Entry]:
        """Adds every file below a folder, under the folder `name` in the artifact. Raises ContentProblem, ArtifactClosed."""
        return self.draft.add_dir(local_path, name)

    def add_reference(
        self, uri: str, name: str | None = None, checksum: str | bool | None = None, size: int | None = None
    ) -> list[Entry]:
        """Adds a file that stays elsewhere. checksum: 'sha256:…', 'md5:…' or any text that changes when the file does."""
        return self.draft.add_reference(uri, name, checksum, size)

    def new_file(self, name: str, mode: str = "w", encoding: str | None = None) -> AbstractContextManager[IO[Any]]:
        """A file to write into, added when its `with` block ends. Raises ContentProblem, ArtifactClosed."""
        return self.draft.new_file(name, mode, encoding)

    def remove(self, path: str) -> None:
        """Takes a file or a folder out again. Raises ContentProblem, ArtifactClosed."""
        self.draft.remove(path)

    def wait(self, timeout: float | None = None) -> RecordedVersion:
        """The recorded version once the graph has it. Raises NotYetRecorded, Rejected."""
        if self.recorded is None:
            raise NotYetRecorded(self.name, "it was not logged; call run.log_artifact(artifact)")
        return self.recorded.wait(timeout)

    def close_as(self, recorded: RecordedVersion) -> RecordedVersion:
        """Binds the draft to what it was recorded as; from now on it does not change."""
        self.draft.close()
        self.recorded = recorded
        return recorded

    def must_be_open(self) -> None:
        """Raises ArtifactClosed once it is logged or used."""
        if self.draft.closed:
            raise ArtifactClosed(self.name)
