"""Versions and runs that are recorded, in a pipeline's hands: what the graph knows of them, one step either way, changes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage_graph.canonical import recordable
from lineage_graph.errors import NameNotUnderstood, NotYetRecorded
from lineage_graph.events import AliasMoved, AliasRemoved, Edited
from lineage_graph.manifest import Manifest
from lineage_graph.names import LATEST, ArtifactName, VersionName, check_alias, check_tags, check_text, parse_artifact
from lineage_graph.recording import capture, content, replaying

if TYPE_CHECKING:
    from lineage_graph.answers.erasure import Erased
    from lineage_graph.lineage import Reader
    from lineage_graph.models import ArtifactVersion, Lineage
    from lineage_graph.models import Run as RunRecord
    from lineage_graph.recording.recorder import Recorder
    from lineage_graph.recording.ticket import Ticket


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
        asked: VersionName | None = None,
    ) -> None:
        self._recorder = recorder
        self._artifact = artifact
        self.asked = asked  # how it was asked for, while the graph could not be
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

    def is_known(self) -> bool:
        """Whether its digest is known without waiting for the graph."""
        return self._digest is not None or (self._ticket is not None and self._ticket.settled())

    def known_by(self, ticket: Ticket) -> None:
        """Its name will be in the answer to this, where nothing else gives it."""
        self._ticket = self._ticket or ticket

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
        made = self._reader().creator(self.name)
        return None if made is None else RecordedRun(self._recorder, made)

    def producers(self) -> list[RecordedRun]:
        """Every run that logged these bytes under this name, the first one first."""
        return [RecordedRun(self._recorder, run) for run in self._reader().producers(self.name)]

    def used_by(self) -> list[RecordedRun]:
        """The runs that used it. (W&B: `used_by`.)"""
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
        return content.manifest_of(self._recorder.settings, self.digest)

    def download(self, root: str | os.PathLike[str] | None = None) -> Path:
        """Its files in a folder, each checked against its digest; files that are there already and right are left alone.

        root: the folder; by default './artifacts/NAME:vN', or 'NAME@DIGEST' while N is not known.
        Returns the folder. Raises ContentProblem; NotYetRecorded where only the graph knows which bytes are meant.
        """
        folder = Path(root) if root is not None else Path("artifacts") / self._folder_name()
        return content.fetch(self._recorder.settings, self.digest, folder)

    def _folder_name(self) -> str:
        try:
            return self.name.rpartition("/")[2]
        except NotYetRecorded:
            if self._digest is None:
                raise
            return f"{self._artifact.name}@{self._digest.partition(':')[2][:12]}"

    # ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def alias(self, alias: str) -> RecordedVersion:
        """Moves an alias here. Raises NameNotUnderstood."""
        event = AliasMoved(artifact=str(self._artifact), alias=own_alias(alias), digest=self.digest, actor=self._actor())
        return self._change(event, f"{self._artifact}:{alias}")

    def unalias(self, alias: str) -> RecordedVersion:
        """Takes an alias away; its history stays. Raises NameNotUnderstood."""
        event = AliasRemoved(artifact=str(self._artifact), alias=own_alias(alias), actor=self._actor())
        return self._change(event, f"{self._artifact}:{alias}")

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
            description=check_text(description, "a description"),
            tags=check_tags(tags),
            metadata=recordable(metadata, "metadata") if metadata is not None else None,
            actor=self._actor(),
        )
        return self._change(event, f"the edit of {self._artifact}")

    def erase(self, *, reason: str, content: bool = False, personal: bool = False, dry_run: bool = False) -> Erased:
        """Takes what was said of it, and its files, out of the record for good.

        Parameters, result and errors as `LineageGraph.erase`.
        """
        from lineage_graph.recording import erasing

        asked = erasing.of_version(self.record, *erasing.groups_of(content, personal, reason))
        return erasing.erase(self._recorder, self._reader(), asked, dry_run)

    def _change(self, event: AliasMoved | AliasRemoved | Edited, what: str) -> RecordedVersion:
        # Who does a recorded run again makes its bytes again; what they are called since then is not his to change.
        if replaying.current() is None:
            self._recorder.record(event, what=what)
        return self

    @staticmethod
    def _actor() -> str | None:
        return capture.user()


class RecordedRun:
    """A run as the graph has it: its record's fields, and one step either way."""

    def __init__(self, recorder: Recorder, record: RunRecord) -> None:
        self._recorder = recorder
        self.record = record

    def __repr__(self) -> str:
        return f"<RecordedRun {self.record.full_name} {self.record.name!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordedRun) and self.record.uid == other.record.uid

    def __hash__(self) -> int:
        return hash(self.record.uid)

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def project(self) -> str:
        return self.record.project

    @property
    def state(self) -> str:
        return self.record.state

    @property
    def config(self) -> dict[str, Any]:
        return self.record.config

    @property
    def full_name(self) -> str:
        """'project/runs/ID'."""
        return self.record.full_name

    def erase(self, *, reason: str, content: bool = False, personal: bool = False, dry_run: bool = False) -> Erased:
        """Takes what was said of it out of the record for good. Parameters, result and errors as `LineageGraph.erase`."""
        from lineage_graph.recording import erasing

        asked = erasing.of_run(self.record, *erasing.groups_of(content, personal, reason))
        return erasing.erase(self._recorder, self._recorder.reader(), asked, dry_run)

    def used_artifacts(self) -> list[RecordedVersion]:
        """The versions it used. (W&B: `used_artifacts`.)"""
        return [recorded(self._recorder, v) for v in self._recorder.reader().inputs(self.full_name)]

    def logged_artifacts(self) -> list[RecordedVersion]:
        """The versions it logged. (W&B: `logged_artifacts`.)"""
        return [recorded(self._recorder, v) for v in self._recorder.reader().outputs(self.full_name)]


def recorded(recorder: Recorder, version: ArtifactVersion) -> RecordedVersion:
    """A version from the graph, in a pipeline's hands."""
    artifact = parse_artifact(version.artifact)
    return RecordedVersion(recorder, artifact, digest=version.digest, type=version.type, name=version.name)


def own_alias(alias: str) -> str:
    """`alias` when people may move it; `latest` moves by itself. Raises NameNotUnderstood."""
    if check_alias(alias) == LATEST:
        raise NameNotUnderstood(alias, "'latest' moves by itself, to the version logged last")
    return alias
