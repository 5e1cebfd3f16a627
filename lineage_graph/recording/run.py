"""A run: what it used, what it logged, how it ended."""

from __future__ import annotations

import os
import secrets
import string
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from lineage_graph.canonical import plain
from lineage_graph.errors import (
    ContentProblem,
    GraphProblem,
    NameNotUnderstood,
    NotYetRecorded,
    RunClosed,
    TypeClash,
)
from lineage_graph.events import Logged, RunFinished, RunStarted, RunState, Used
from lineage_graph.models import ArtifactVersion
from lineage_graph.models import Run as RunRecord
from lineage_graph.names import (
    DEFAULT_PROJECT,
    LATEST,
    RunName,
    VersionName,
    check_alias,
    check_project,
    parse_artifact,
    parse_run,
    parse_version,
)
from lineage_graph.recording import capture
from lineage_graph.recording.artifact import Artifact, RecordedVersion, check_tags, check_type
from lineage_graph.recording.recorder import Recorder, Ticket, recorder_for

if TYPE_CHECKING:
    from lineage_graph.settings import Settings

JOIN = "LINEAGE_GRAPH_RUN"
ID_ALPHABET = string.ascii_lowercase + string.digits
ID_LENGTH = 12
_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()


def _full_project(project: str | None, entity: str | None, settings: Settings) -> str:
    project = project or settings.project or DEFAULT_PROJECT
    return check_project(f"{entity}/{project}" if entity else project)


def init(
    project: str | None = None,
    job_type: str | None = None,
    *,
    entity: str | None = None,
    name: str | None = None,
    id: str | None = None,
    config: Mapping[str, Any] | None = None,
    group: str | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
    step: str | None = None,
    retry_of: str | None = None,
    child_of: str | None = None,
    resumed_from: str | None = None,
    resume: bool | Literal["allow", "must", "never"] = False,
    mode: Literal["online", "offline", "disabled"] | None = None,
    command: str | None = None,
) -> Run:
    """Starts a run and records that it began. (W&B: `wandb.init`.)

    project:  'project' or 'team/project'; `entity` is put before it. Default: the setting `project`, or 'uncategorized'.
    job_type: what kind of work it is, such as 'train'.
    name:     shown to people; a readable one is made up by default. id: unique in the project; made up by default.
    config:   what the work was told: numbers, texts, lists, dictionaries.
    step:     the recipe this is a run of; default: the script's path.
    retry_of, child_of, resumed_from: 'project/runs/ID' of another run (or its ID in this project).
    resume:   go on with the run of that `id`.
    mode:     'online', 'offline' (journal only) or 'disabled'; default: the setting `mode`.
    command:  the command line that does the work; default: this process's own.
    With LINEAGE_GRAPH_RUN in the environment (and no id), the process joins that run and does not finish it.
    Raises NameNotUnderstood, NotJson, SettingWrong; never anything about Neo4j or the disk.
    """
    from lineage_graph.settings import load

    settings = load(mode=mode)
    joined = os.environ.get(JOIN) if id is None else None
    if joined:
        run_name, role = parse_run(joined), "worker"
    else:
        full = _full_project(project, entity, settings)
        run_name = parse_run(id, full) if id else RunName(full, _new_id())
        role = "resumed" if resume in (True, "allow", "must") and id else "owner"
    given = plain(dict(config), "config") if config is not None else {}
    recorder = recorder_for(settings)
    here = str(Path.cwd())
    code = capture.code(here)
    login = capture.user()
    event = RunStarted(
        run=str(run_name),
        role=role,  # type: ignore[arg-type]
        name=name or _readable_name(),
        job_type=job_type,
        step=step or capture.script(),
        group=group,
        commit=code.commit,
        dirty=code.dirty,
        patch=code.patch,
        child_of=_other(child_of, run_name.project),
        retry_of=_other(retry_of, run_name.project),
        resumed_from=_other(resumed_from, run_name.project),
        config=given or None,
        command=command or capture.command(),
        description=notes,
        tags=check_tags(tags),
        environment=capture.environment(here),
        author=login,
        actor=login,
        email=capture.email(here),
        host=capture.host(),
    )
    ticket = recorder.record(event, what=f"the start of run {run_name}")
    return Run(recorder, run_name, event, given, ticket)


def _other(text: str | None, project: str) -> str | None:
    return None if text is None else str(parse_run(text, project))


def _new_id() -> str:
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


def _readable_name() -> str:
    from coolname import generate_slug

    return str(generate_slug(2))


class Run:
    """A run in progress. Use it in a `with` block, or call `finish()`.

    config and summary are dictionaries; what is put into them until the end is recorded.
    """

    def __init__(
        self, recorder: Recorder, run_name: RunName, started: RunStarted, config: dict[str, Any], ticket: Ticket
    ) -> None:
        self._settings = recorder.settings
        self._recorder_here = recorder
        self._run_name = run_name
        self._pid = os.getpid()
        self._started = started
        self._ticket = ticket
        self._used: dict[tuple[str, str | None], RecordedVersion] = {}
        self._finished = False
        self.display_name = started.name or run_name.id
        self.config = config
        self.summary: dict[str, Any] = {}
        self._config_at_start = plain(config, "config")
        _open_runs.add(self)

    def __repr__(self) -> str:
        return f"<Run {self._run_name} {self.display_name!r}>"

    @property
    def id(self) -> str:
        return self._run_name.id

    @property
    def project(self) -> str:
        return self._run_name.project

    @property
    def name(self) -> str:
        """The readable name."""
        return self.display_name

    @property
    def full_name(self) -> str:
        """'project/runs/ID'."""
        return str(self._run_name)

    @property
    def owner(self) -> bool:
        """Whether this process started the run and will finish it."""
        return self._started.role != "worker" and os.getpid() == self._pid

    @property
    def environment(self) -> dict[str, str]:
        """What another process needs in its environment to join this run."""
        return {JOIN: self.full_name}

    @property
    def _recorder(self) -> Recorder:
        if os.getpid() != self._recorder_here.pid or self._recorder_here.closed:
            self._recorder_here = recorder_for(self._settings)
        return self._recorder_here

    def _must_be_open(self) -> None:
        if self._finished:
            raise RunClosed(self.full_name)

    # ── inputs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def use_artifact(
        self,
        artifact_or_name: Artifact | RecordedVersion | str,
        type: str | None = None,
        aliases: str | Sequence[str] | None = None,
        use_as: str | None = None,
    ) -> RecordedVersion:
        """Records that this run reads a version, and returns it. (W&B: `use_artifact`; `aliases` is honoured.)

        artifact_or_name: '[project/]name[:vN|:alias|@digest]', a recorded version, or an Artifact whose files come from outside.
        type:    what it must be. aliases: the alias meant, for a name without one. use_as: its role, such as 'train'.
        While the graph cannot be asked, the use is recorded as it was said and resolved when it is applied.
        Raises NameNotUnderstood, NotRecorded, TypeClash, ContentProblem.
        """
        self._must_be_open()
        if isinstance(artifact_or_name, Artifact):
            return self._use_draft(artifact_or_name, type, use_as)
        if isinstance(artifact_or_name, RecordedVersion):
            return self._use_recorded(artifact_or_name, type, use_as)
        asked = self._asked(artifact_or_name, aliases)
        found = self._look_up(asked)
        if found is None:
            return self._use_unresolved(asked, type, use_as)
        if type is not None and found.type != type:
            raise TypeClash(found.artifact, found.type, type)
        return self._use(
            RecordedVersion(
                self._recorder, parse_artifact(found.artifact), digest=found.digest, type=found.type, name=found.name
            ),
            use_as,
            alias=asked.alias,
        )

    def _asked(self, name: str, aliases: str | Sequence[str] | None) -> VersionName:
        asked = parse_version(name, self.project)
        wanted = [aliases] if isinstance(aliases, str) else list(aliases or ())
        if not wanted:
            return asked
        if len(wanted) > 1:
            raise NameNotUnderstood(wanted, "one alias says which version is used")
        if ":" in name or "@" in name:
            raise NameNotUnderstood(name, f"it says a version already; leave out aliases={wanted[0]!r}, or ':…'")
        return parse_version(f"{name}:{wanted[0]}", self.project)

    def _look_up(self, asked: VersionName) -> ArtifactVersion | None:
        """The version asked for, after all that this host recorded is applied; None when the graph cannot be asked."""
        if self._settings.mode != "online":
            return None
        recorder = self._recorder
        if recorder.drain() is not None:
            return None
        try:
            recorder.drain_host()
            return recorder.reader(self.project).version(asked)
        except GraphProblem as problem:
            recorder.warn("graph", str(problem))
            return None

    def _use_unresolved(self, asked: VersionName, type: str | None, use_as: str | None) -> RecordedVersion:
        digest = asked.digest if asked.digest and asked.digest.startswith("sha256:") and len(asked.digest) == 71 else None
        event = Used(
            run=self.full_name,
            artifact=str(asked.artifact),
            digest=digest,
            type=type,
            number=asked.number,
            alias=asked.alias,
            prefix=asked.digest if digest is None else None,
            used_as=use_as,
            actor=capture.user(),
        )
        ticket = self._recorder.record(event, what=f"the use of {asked}")
        return RecordedVersion(self._recorder, asked.artifact, digest=digest, type=type, ticket=ticket)

    def _use_recorded(self, version: RecordedVersion, type: str | None, use_as: str | None) -> RecordedVersion:
        if type is not None and version.type != type:
            raise TypeClash(version.artifact_name, version.type, type)
        return self._use(version, use_as)

    def _use(self, version: RecordedVersion, use_as: str | None, alias: str | None = None) -> RecordedVersion:
        key = (version.uid, use_as)
        if key not in self._used:
            self._used[key] = version
            self._recorder.record(
                Used(
                    run=self.full_name,
                    artifact=version.artifact_name,
                    digest=version.digest,
                    type=version.type,
                    alias=alias,
                    used_as=use_as,
                    actor=capture.user(),
                ),
                what=f"the use of {version.artifact_name}",
            )
        return version

    def _use_draft(self, draft: Artifact, type: str | None, use_as: str | None) -> RecordedVersion:
        if type is not None and draft.type != type:
            raise TypeClash(draft.name, draft.type, type)
        if draft.recorded is not None:
            return self._use_recorded(draft.recorded, type, use_as)
        name = parse_artifact(draft.name, self.project)
        facts = self._take_in(draft)
        event = Used(run=self.full_name, artifact=str(name), used_as=use_as, actor=capture.user(), **facts)
        ticket = self._recorder.record(event, what=f"the use of {name}")
        recorded = RecordedVersion(self._recorder, name, digest=event.digest, type=event.type, ticket=ticket)
        return draft.close_as(recorded)

    # ── outputs ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: str | Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> RecordedVersion:
        """Records that this run made a version, and returns it at once. (W&B: `log_artifact`.)

        artifact_or_path: an Artifact, or a file, a folder or a URI that becomes one with `name` and `type`.
        aliases: besides `latest`, which moves by itself.
        The same bytes under the same name are the same version; this run is kept as one of its producers.
        Raises NameNotUnderstood, ContentProblem, ArtifactClosed; a clash of types is a Rejected at `.version`.
        """
        self._must_be_open()
        draft = (
            artifact_or_path
            if isinstance(artifact_or_path, Artifact)
            else self._draft_of(os.fspath(artifact_or_path), name, type)
        )
        draft.must_be_open()
        extra = check_tags(tags)
        if extra is not None:
            draft.tags = tuple(dict.fromkeys((*(draft.tags or ()), *extra)))
        wanted = [aliases] if isinstance(aliases, str) else list(aliases or ())
        wanted = [check_alias(alias) for alias in dict.fromkeys(wanted) if alias != LATEST]
        full = parse_artifact(draft.name, self.project)
        event = Logged(
            run=self.full_name, artifact=str(full), aliases=tuple(wanted), actor=capture.user(), **self._take_in(draft)
        )
        ticket = self._recorder.record(event, what=f"version {full}@{event.digest[:19]}")
        return draft.close_as(RecordedVersion(self._recorder, full, digest=event.digest, type=draft.type, ticket=ticket))

    def _draft_of(self, path: str, name: str | None, type: str | None) -> Artifact:
        base = Path(path.rstrip("/")).name
        safe = "".join(c if (c.isalnum() and c.isascii()) or c in "_.-" else "-" for c in base) or "files"
        draft = Artifact(name or f"run-{self.id}-{safe}"[:128], type or "unspecified")
        if "://" in path:
            draft.add_reference(path)
        elif Path(path).is_dir():
            draft.add_dir(path)
        else:
            draft.add_file(path)
        return draft

    def _take_in(self, draft: Artifact) -> dict[str, Any]:
        """A draft's bytes into the store, and the facts of its version."""
        from lineage_graph.recording import content

        draft.draft.check_unchanged()
        try:
            manifest, where = content.keep(self._settings, draft.draft)
        except (ContentProblem, OSError) as problem:
            draft.draft.check_unchanged()  # the caller's file is the caller's mistake; the store is not
            self._recorder.warn("store", f"content is not kept: {problem}")
            manifest, where = draft.manifest, "none"
        return {
            "digest": manifest.digest,
            "type": check_type(draft.type),
            "size": manifest.size,
            "file_count": manifest.file_count,
            "content": where,
            "description": draft.description,
            "metadata": plain(draft.metadata, "metadata") if draft.metadata is not None else None,
            "tags": draft.tags,
        }

    # ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────────

    def used_artifacts(self) -> list[RecordedVersion]:
        """The versions that this run used, by any of its processes. Raises NotYetRecorded, GraphProblem."""
        return self._recorded().used_artifacts()

    def logged_artifacts(self) -> list[RecordedVersion]:
        """The versions that this run logged, by any of its processes. Raises NotYetRecorded, GraphProblem."""
        return self._recorded().logged_artifacts()

    def _recorded(self) -> RecordedRun:
        why = self._recorder.drain()
        if why is not None:
            raise NotYetRecorded(self.full_name, why)
        return RecordedRun(self._recorder, self._recorder.reader().run(self._run_name))

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def finish(self, exit_code: int | None = None, state: RunState | None = None) -> None:
        """Records how the run ended, and waits (at most the setting `timeout`) until the graph has it all.

        exit_code: 0, the default, is 'finished'; else 'failed'. A process that joined a run does not finish it.
        """
        if self._finished:
            return
        self._finished = True
        _open_runs.discard(self)
        if self.owner:
            config = plain(self.config, "config")
            event = RunFinished(
                run=self.full_name,
                state=state or ("finished" if not exit_code else "failed"),
                exit_code=exit_code,
                config=config if config != self._config_at_start else None,
                summary=plain(self.summary, "summary") or None,
                actor=capture.user(),
            )
            self._recorder.record(event, what=f"the end of run {self.full_name}")
        self._recorder.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish(0)
        elif issubclass(kind, SystemExit) and isinstance(value, SystemExit):
            code = value.code
            self.finish(code if isinstance(code, int) else int(code is not None))
        elif issubclass(kind, KeyboardInterrupt):
            self.finish(130, "killed")
        else:
            self.finish(1)


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


def finish_all() -> None:
    """Ends the runs that this process left open: 'failed' when it is going down with an error."""
    failed = hasattr(sys, "last_value") and sys.last_value is not None
    for run in list(_open_runs):
        run.finish(1 if failed else 0)
