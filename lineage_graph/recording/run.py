"""A run: what it used, what it logged, how it ended."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_graph.canonical import fitting, recordable
from lineage_graph.errors import ContentProblem, GraphProblem, NotYetRecorded, RunClosed, TypeClash
from lineage_graph.events import Logged, RunFinished, RunStarted, RunState, Used
from lineage_graph.limits import USED
from lineage_graph.names import (
    LATEST,
    RunName,
    VersionName,
    check_alias,
    check_tags,
    check_text,
    check_type,
    check_word,
    parse_artifact,
    parse_asked,
)
from lineage_graph.recording import capture, content, replaying
from lineage_graph.recording.artifact import Artifact
from lineage_graph.recording.bounded import within
from lineage_graph.recording.recorded import RecordedRun, RecordedVersion, recorded
from lineage_graph.recording.recorder import Recorder, before_close
from lineage_graph.recording.ticket import Ticket

if TYPE_CHECKING:
    from lineage_graph.replay import ReplayedRun

JOIN = "LINEAGE_GRAPH_RUN"
_open_runs: set[Run] = set()  # held until they end, as nobody else may hold them


class Run:
    """A run in progress. Use it in a `with` block, or call `finish()`.

    config and summary are dictionaries; what is put into them until the end is recorded.
    """

    def __init__(
        self,
        recorder: Recorder,
        run_name: RunName,
        started: RunStarted,
        config: dict[str, Any],
        ticket: Ticket,
        replay: ReplayedRun | None = None,
    ) -> None:
        self._settings = recorder.settings
        self._recorder_here = recorder
        self._run_name = run_name
        self._pid = os.getpid()
        self._started = started
        self._ticket = ticket
        self._replay = replay
        self._used: dict[tuple[str, str | None], RecordedVersion] = {}
        self._finished = False
        self.display_name = started.name or run_name.id
        self.config = config
        self.summary: dict[str, Any] = {}
        self._config_at_start = fitting(config, "config")[0]
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
        self._recorder_here = self._recorder_here.current()
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

        artifact_or_name: '[project/]name[:vN|:alias|@digest]', a recorded version, or an Artifact with files from outside.
        type:    what it must be. aliases: the alias meant, for a name without one. use_as: its role, such as 'train'.
        While the graph cannot be asked, a version or a digest is what this host knows by it; any other, and every alias, is
        recorded as it was said and resolved when it is applied.
        Raises NameNotUnderstood, NotRecorded, TypeClash, ContentProblem.
        """
        self._must_be_open()
        check_word(use_as, "a role")
        if isinstance(artifact_or_name, Artifact):
            return self._use_draft(artifact_or_name, type, use_as)
        if isinstance(artifact_or_name, RecordedVersion):
            return self._use_recorded(artifact_or_name, type, use_as)
        asked = parse_asked(artifact_or_name, aliases, self.project)
        if self._replay is not None:
            return self._use_again(self._replay, asked, type, use_as)
        found = self._look_up(asked)
        if found is None:
            return self._use_unresolved(asked, type, use_as)
        if type is not None and found.type != type:
            raise TypeClash(found.artifact_name, found.type, type)
        return self._use(found, use_as, alias=asked.alias)

    def _look_up(self, asked: VersionName) -> RecordedVersion | None:
        """The version asked for, by the graph, else by what this host knows; None when neither can tell."""
        recorder = self._recorder
        if self._settings.mode == "online" and recorder.drain() is None and not recorder.silent():
            try:
                return within(self._settings.timeout, lambda: self._ask(asked))
            except (GraphProblem, TimeoutError) as problem:
                recorder.warn("graph", str(problem))
                if isinstance(problem, TimeoutError):
                    recorder.falls_silent()
        known = recorder.known.find(asked) if self._settings.mode != "disabled" else None
        if known is None:
            return None
        name = f"{asked.artifact}:v{known.number}"
        return RecordedVersion(recorder, asked.artifact, digest=known.digest, type=known.type, name=name)

    def _ask(self, asked: VersionName) -> RecordedVersion:
        """What the graph says, after all that this host recorded is applied."""
        self._drain_host(live=True)
        return recorded(self._recorder, self._recorder.reader(self.project).version(asked))

    def _drain_host(self, *, live: bool) -> None:
        """Applies what others left or write on this host; whatever is wrong with it is no matter of this run's."""
        try:
            self._recorder.drain_host(live=live, timeout=self._settings.timeout)
        except Exception as problem:
            self._recorder.warn("host", f"other journals of this host wait: {problem}")

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
        return RecordedVersion(self._recorder, asked.artifact, digest=digest, type=type, ticket=ticket, asked=asked)

    def _use_again(self, replay: ReplayedRun, asked: VersionName, type: str | None, use_as: str | None) -> RecordedVersion:
        """What the run that is done again used; no graph is asked."""
        is_here = content.store_for(self._settings).has_manifest
        use = replaying.use_of(replay, asked, use_as, is_here)
        if type is not None and use.type != type:
            raise TypeClash(use.artifact, use.type, type)
        name = use.name if use.to_use == use.digest else None
        version = RecordedVersion(self._recorder, parse_artifact(use.artifact), digest=use.to_use, type=use.type, name=name)
        before = self._used.get((version.uid, use_as))
        return before or self._use(version, use_as, alias=asked.alias)

    def _use_recorded(self, version: RecordedVersion, type: str | None, use_as: str | None) -> RecordedVersion:
        if version.asked is not None and not version.is_known():
            return self._use_unresolved(version.asked, type, use_as)
        if type is not None and version.type != type:
            raise TypeClash(version.artifact_name, version.type, type)
        return self._use(version, use_as)

    def _use(self, version: RecordedVersion, use_as: str | None, alias: str | None = None) -> RecordedVersion:
        key = (version.uid, use_as)
        if key not in self._used:
            if len(self._used) >= USED:  # the oldest is forgotten: to record it twice is no more than a line
                del self._used[next(iter(self._used))]
            self._used[key] = version
            ticket = self._recorder.record(
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
            version.known_by(ticket)
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
        return draft.close_as(RecordedVersion(self._recorder, name, digest=event.digest, type=event.type, ticket=ticket))

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
            run=self.full_name,
            artifact=str(full),
            aliases=() if self._replay else tuple(wanted),
            rerun=True if self._replay else None,
            actor=capture.user(),
            **self._take_in(draft),
        )
        if self._replay is not None:
            replaying.note(self.full_name, str(full), event.digest)
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
        draft.draft.check_unchanged()
        try:
            if self._settings.mode == "disabled":
                return {"digest": draft.digest, "type": check_type(draft.type)}
            manifest, where = content.keep(self._settings, draft.draft)
            if self._replay is not None and where == "stored":
                where = "none"  # they are in the reproduction's own store, where nobody else looks
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
            "description": check_text(draft.description, "a description"),
            "metadata": recordable(draft.metadata, "metadata") if draft.metadata is not None else None,
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
            config, summary = self._json(self.config, "config"), self._json(self.summary, "summary")
            event = RunFinished(
                run=self.full_name,
                state=state or ("finished" if not exit_code else "failed"),
                exit_code=exit_code,
                config=config if config != self._config_at_start else None,
                summary=summary or None,
                actor=capture.user(),
            )
            self._recorder.record(event, what=f"the end of run {self.full_name}")
        if self._recorder.drain() is None:
            with contextlib.suppress(TimeoutError):  # what workers of this run left behind when they ended
                within(self._settings.timeout, lambda: self._drain_host(live=False))

    def forget(self) -> None:
        """Its end is recorded by others; it is no matter of this process any more."""
        self._finished = True
        _open_runs.discard(self)

    def _json(self, values: dict[str, Any], where: str) -> dict[str, Any]:
        """Those of `values` that JSON can hold: at its end, a run does not fail for the others but says so."""
        kept, problems = fitting(values, where)
        for problem in problems:
            self._recorder.warn(problem.where, str(problem))
        return kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.finish(0)
        elif issubclass(kind, SystemExit) and isinstance(value, SystemExit):
            code = value.code
            self.finish(code if isinstance(code, int) else int(code is not None))
        elif issubclass(kind, KeyboardInterrupt):
            self.finish(130, "killed")
        else:
            self.finish(1)


def finish_all() -> None:
    """Ends the runs that this process left open: 'failed' when it is going down with an error."""
    failed = hasattr(sys, "last_value") and sys.last_value is not None
    for run in list(_open_runs):
        run.finish(1 if failed else 0)


before_close.append(finish_all)
