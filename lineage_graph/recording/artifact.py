"""Artifacts in a pipeline's hands: `Artifact` while it is built, `RecordedVersion` once it is logged or used."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lineage_graph import manifest as files
from lineage_graph.canonical import plain
from lineage_graph.draft import Draft
from lineage_graph.errors import ArtifactClosed, NameNotUnderstood, NotYetRecorded
from lineage_graph.events import AliasMoved, AliasRemoved, Edited
from lineage_graph.manifest import Manifest
from lineage_graph.names import LATEST, ArtifactName, check_alias, parse_artifact

if TYPE_CHECKING:
    from lineage_graph.lineage import Reader
    from lineage_graph.models import ArtifactVersion, Lineage
    from lineage_graph.recording.recorder import Recorder, Ticket
    from lineage_graph.recording.run import RecordedRun

TYPE = re.compile(r"[^/:\x00-\x1f\x7f]{1,128}")


def check_type(kind: str) -> str:
    """`kind` itself when it can be an artifact's type: 1 to 128 characters, no '/' or ':'. Else NameNotUnderstood."""
    if not isinstance(kind, str) or not TYPE.fullmatch(kind) or not kind.strip():
        raise NameNotUnderstood(kind, "an artifact's type is 1 to 128 characters without '/' and ':', such as 'dataset'")
    return kind


def check_tags(tags: Sequence[str] | None) -> tuple[str, ...] | None:
    """Tags without repetitions, in order. Raises NameNotUnderstood."""
    if tags is None:
        return None
    for tag in tags:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > 128 or not tag.isprintable():
            raise NameNotUnderstood(tag, "a tag is 1 to 128 printable characters")
    return tuple(dict.fromkeys(tags))


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
        self.description = description
        self.metadata: dict[str, Any] | None = plain(dict(metadata), "metadata") if metadata is not None else None
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

    def add_file(self, local_path: str | os.PathLike[str], name: str | None = None) -> files.Entry:
        """Adds one file, under `name` in the artifact or its own name. Raises ContentProblem, ArtifactClosed."""
        return self.draft.add_file(local_path, name)

    def add_dir(self, local_path: str | os.PathLike[str], name: str | None = None) -> list[files.Entry]:
        """Adds every file below a folder, under the folder `name` in the artifact. Raises ContentProblem, ArtifactClosed."""
        return self.draft.add_dir(local_path, name)

    def add_reference(
        self, uri: str, name: str | None = None, checksum: str | bool | None = None, size: int | None = None
    ) -> list[files.Entry]:
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
        if self.draft.closed:
            raise ArtifactClosed(self.name)


class RecordedVersion:
    """A version that was logged or used.

    `uid`, `digest` and `type` are known at once where the bytes are; `name`, `version` and what else the graph gives wait for
    it, at most the setting `timeout` (NotYetRecorded), and raise Rejected when the graph refused the event.
    """

    def __init__(
        self,
        recorder: Recorder,
        artifact: ArtifactName,
        *,
        digest: str | None = None,
        type: str | None = None,
        ticket: Ticket | None = None,
        name: str | None = None,
    ) -> None:
        self._recorder = recorder
        self._artifact = artifact
        self._digest = digest
        self._type = type
        self._ticket = ticket
        self._name = name

    def __repr__(self) -> str:
        known = self._name or f"{self._artifact}{f'@{self._digest[:19]}' if self._digest else ''}"
        return f"<RecordedVersion {known}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordedVersion) and self.uid == other.uid

    def __hash__(self) -> int:
        return hash(self.uid)

    # ── identity ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def wait(self, timeout: float | None = None) -> RecordedVersion:
        """Itself, once the graph has it. timeout: seconds. Raises NotYetRecorded, Rejected."""
        if self._name is None:
            assert self._ticket is not None
            self._name = str(self._ticket.outcome(timeout)["version"])
        return self

    @property
    def name(self) -> str:
        """'project/name:vN'."""
        self.wait()
        assert self._name is not None
        return self._name

    @property
    def version(self) -> str:
        """'vN'."""
        return self.name.rpartition(":")[2]

    @property
    def artifact_name(self) -> str:
        """'project/name', without a version; never waits."""
        return str(self._artifact)

    @property
    def digest(self) -> str:
        """'sha256:…' over the names and digests of its files."""
        if self._digest is None:
            self._digest = self.record.digest
        return self._digest

    @property
    def uid(self) -> str:
        return self._artifact.version_uid(self.digest)

    @property
    def type(self) -> str:
        if self._type is None:
            self._type = self.record.type
        return self._type

    # ── what the graph knows ──────────────────────────────────────────────────────────────────────────────────────────

    def _reader(self) -> Reader:
        return self._recorder.reader()

    @property
    def record(self) -> ArtifactVersion:
        """All that is recorded of it, read anew. Raises NotYetRecorded, Rejected, GraphProblem."""
        return self._reader().version(self.name)

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.record.aliases

    @property
    def metadata(self) -> dict[str, Any]:
        return self.record.metadata

    @property
    def description(self) -> str | None:
        return self.record.description

    @property
    def tags(self) -> tuple[str, ...]:
        return self.record.tags

    @property
    def size(self) -> int | None:
        return self.record.size

    def logged_by(self) -> RecordedRun | None:
        """The run that made it; None when it came from outside. (W&B: `logged_by`.)"""
        from lineage_graph.recording.run import RecordedRun

        made = self._reader().creator(self.name)
        return None if made is None else RecordedRun(self._recorder, made)

    def producers(self) -> list[RecordedRun]:
        """Every run that logged these bytes under this name, the first one first."""
        from lineage_graph.recording.run import RecordedRun

        return [RecordedRun(self._recorder, run) for run in self._reader().producers(self.name)]

    def used_by(self) -> list[RecordedRun]:
        """The runs that used it. (W&B: `used_by`.)"""
        from lineage_graph.recording.run import RecordedRun

        return [RecordedRun(self._recorder, run) for run in self._reader().consumers(self.name)]

    def upstream(self, **options: Any) -> Lineage:
        """What it was made from; options as in `Reader.upstream`."""
        return self._reader().upstream(self.name, **options)

    def downstream(self, **options: Any) -> Lineage:
        """What was made from it; options as in `Reader.downstream`."""
        return self._reader().downstream(self.name, **options)

    # ── content ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def manifest(self) -> Manifest:
        """Its files. Raises ContentProblem when no store has them."""
        from lineage_graph.recording import content

        return content.manifest_of(self._recorder.settings, self.digest)

    def download(self, root: str | os.PathLike[str] | None = None) -> Path:
        """Its files in a folder, each checked against its digest; files that are there already and right are left alone.

        root: the folder; by default './artifacts/NAME:vN'.
        Returns the folder. Raises ContentProblem, NotYetRecorded.
        """
        from lineage_graph.recording import content

        folder = Path(root) if root is not None else Path("artifacts") / self.name.rpartition("/")[2]
        return content.fetch(self._recorder.settings, self.digest, folder)

    # ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def alias(self, alias: str) -> RecordedVersion:
        """Moves an alias here. Raises NameNotUnderstood."""
        self._recorder.record(
            AliasMoved(artifact=str(self._artifact), alias=own_alias(alias), digest=self.digest, actor=self._actor()),
            what=f"{self._artifact}:{alias}",
        )
        return self

    def unalias(self, alias: str) -> RecordedVersion:
        """Takes an alias away; its history stays. Raises NameNotUnderstood."""
        self._recorder.record(
            AliasRemoved(artifact=str(self._artifact), alias=own_alias(alias), actor=self._actor()),
            what=f"{self._artifact}:{alias}",
        )
        return self

    def edit(
        self,
        *,
        description: str | None = None,
        tags: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> RecordedVersion:
        """Says description, tags or metadata anew; what was said before is kept. Raises NotJson, NameNotUnderstood."""
        event = Edited(
            artifact=str(self._artifact),
            digest=self.digest,
            description=description,
            tags=check_tags(tags),
            metadata=plain(dict(metadata), "metadata") if metadata is not None else None,
            actor=self._actor(),
        )
        self._recorder.record(event, what=f"the edit of {self._artifact}")
        return self

    @staticmethod
    def _actor() -> str | None:
        from lineage_graph.recording import capture

        return capture.user()


def own_alias(alias: str) -> str:
    """`alias` when people may move it; `latest` moves by itself. Raises NameNotUnderstood."""
    if check_alias(alias) == LATEST:
        raise NameNotUnderstood(alias, "'latest' moves by itself, to the version logged last")
    return alias
