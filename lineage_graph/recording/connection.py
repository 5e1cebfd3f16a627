"""`lg.connect()`: everything besides recording a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lineage_graph.answers.diff import Diff
from lineage_graph.answers.erasure import Erased
from lineage_graph.answers.table import Table
from lineage_graph.errors import ParameterWrong
from lineage_graph.evidence.evidence import Evidence
from lineage_graph.graph import Graph
from lineage_graph.lineage import Time
from lineage_graph.models import Run as RunRecord
from lineage_graph.recording import asking, erasing
from lineage_graph.recording.at_hand import AtHand
from lineage_graph.recording.content import files_between
from lineage_graph.recording.drain import Drained
from lineage_graph.recording.recorded import RecordedRun, RecordedVersion, recorded
from lineage_graph.recording.recorder import Recorder, recorder_for
from lineage_graph.settings import Settings, load

if TYPE_CHECKING:
    from lineage_graph.answers.reproduction import Reproduction


def connect(
    uri: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    project: str | None = None,
) -> LineageGraph:
    """Opens the lineage graph.

    uri:      bolt://… or neo4j://…; default: LINEAGE_GRAPH_URI or NEO4J_URI, the config file, the managed local server.
    project:  what names without a project are in; default: the setting `project`.
    Raises SettingWrong, GraphUnreachable, GraphRefusedLogin, GraphTooOld.
    """
    opened = connection(load(uri=uri, user=user, password=password, database=database, project=project), uri)
    opened.recorder.graph().version()
    return opened


def connection(settings: Settings, uri: str | None = None) -> LineageGraph:
    """The same without looking whether anything answers. uri: the address, where a call named it."""
    recorder = recorder_for(settings, target=f"{uri}|{settings.database}" if uri else None)
    return LineageGraph(recorder, settings.project)


class LineageGraph(Evidence):
    """A lineage graph that is open: every question of `Evidence`, and versions to download, alias and edit."""

    def __init__(self, recorder: Recorder, project: str | None) -> None:
        super().__init__(recorder.own_writes_first(), project)
        self.recorder = recorder

    def _to_write(self) -> Graph:
        self.recorder.drain()
        return self.recorder.graph()

    def artifact(self, name: str, *, as_of: Time = None) -> RecordedVersion:
        """One version, to download, alias or edit. Parameters and errors as `version`."""
        return recorded(self.recorder, self.version(name, as_of=as_of))

    def recorded_run(self, name: str) -> RecordedRun:
        """One run, with the versions it used and logged. Errors as `run`."""
        found: RunRecord = self.run(name)
        return RecordedRun(self.recorder, found)

    def diff(self, a: str, b: str | None = None, **options: Any) -> Diff:
        """In what `b` differs from `a`, with the files of two versions; where a manifest cannot be read, `files` says why.

        Options, result and errors as `Reader.diff`.
        """
        found = super().diff(a, b, **options)
        if found.a.digest is None or found.b.digest is None:
            return found
        files = files_between(self.recorder.settings, found.a.digest, found.b.digest)
        return found.model_copy(update={"files": files})

    def cypher(
        self,
        statement: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limit: int = asking.ROWS,
        timeout: float = asking.SECONDS,
        memory: int = asking.BYTES,
        via: str | None = None,
    ) -> Table:
        """What a statement of one's own answers, such as 'MATCH (r:Run {author: $who}) RETURN r.id ORDER BY r.id'.

        It runs as it is, when its plan has nothing but what reads the graph: no writing, no LOAD CSV, no procedure but those
        that describe the schema or search by words, no function but Cypher's own. Who asked what, when, and what became of it
        goes into the record, as `audit("questions")` tells; also what is refused.

        parameters: its own, all of them: texts, numbers, lists, maps, times.
        limit:      at most so many rows. memory: and so many bytes of them, as JSON; `truncated` says when there are more.
                    What a statement may take of the server is the server's setting `db.memory.transaction.max`.
        timeout:    seconds that the server may take.
        via:        the token of who asks, where a service asks for somebody; it stands in the record as who asked.
        Raises StatementRefused (also for a mistake in it, with its place), ParameterWrong, SettingWrong where recording is
        disabled, TimeRanOut, GraphProblem.
        """
        return asking.ask(
            self.recorder, statement, parameters, project=self.project, via=via, limit=limit, timeout=timeout, memory=memory
        )

    def patch(self, digest: str) -> bytes | None:
        """The change to tracked files that a run ran on, as `git apply` takes it; None when no store has it.

        digest: a run's `patch`.
        """
        return AtHand(self.recorder.settings).blob(digest)

    def _at_hand(self, have: str | os.PathLike[str] | None) -> AtHand:
        return AtHand(self.recorder.settings, have)

    def reproduce(
        self,
        name: str,
        into: str | os.PathLike[str],
        *,
        have: str | os.PathLike[str] | None = None,
        jobs: int = 1,
        timeout_run: float | None = None,
        as_of: Time = None,
        known_at: Time = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Reproduction:
        """Whether a version or run can be made again, byte for byte: makes all of it again in an empty folder, and compares.

        Raw inputs are fetched, each run's recorded commit is checked out (with the change it ran on), and the commands are
        run in order; each is recorded as a run that is RETRY_OF the first one. No alias moves. A folder in which this was
        begun before is gone on with.

        name:        '[project/]name[:version]' or 'project/runs/ID'.
        into:        an empty folder, or one that is not there.
        have:        a folder with raw inputs that no content store has.
        jobs:        how many commands are run at once.
        timeout_run: seconds for each command; None is no limit.
        as_of, known_at: as for `plan`.
        progress:    called with (runs done, runs in all).
        Returns a Reproduction; a command that fails is in it, and what waits for it is not run. Raises CannotReproduce (with
        nothing run) for what stands in the way, and as `plan` does.
        """
        import lineage_graph  # the engine stands above this room; its public name is the way to it

        plan = self.plan(name, have=have, from_scratch=True, as_of=as_of, known_at=known_at)
        return lineage_graph.reproduce(self, plan, into, jobs=jobs, timeout_run=timeout_run, progress=progress)

    def erase(
        self,
        name: str | None = None,
        *,
        reason: str,
        content: bool = False,
        personal: bool = False,
        person: str | None = None,
        all_versions: bool = False,
        dry_run: bool = False,
    ) -> Erased:
        """Takes values out of the record for good: out of the graph, this computer's journals and the content store.

        What remains still verifies, says that something was erased, when and why, and no old journal brings it back: what was
        said of it up to now counts as never said, wherever it turns up. What is said of it later counts.

        name:     a version ('[project/]name[:version]') or a run ('project/runs/ID').
        reason:   why; it stays in the record in the clear, so it must hold nothing personal.
        content:  config, summary, metadata, command, environment, descriptions, tags, source id; a version's files and their
                  names, unless another version has the same; the change to tracked files that a run ran on.
        personal: who and where: author, e-mail, host, and the actor of every event about it.
        person:   instead of a name, a login or an e-mail: what is personal of every event, in every project, that has it as
                  author, e-mail or actor, and the statements which that person asked.
        all_versions: `name` is an artifact: it, and all its versions.
        dry_run:  only counts what would go.
        Returns an Erased, with what could not be reached: journals elsewhere, stores, bytes that others need. Raises
        ParameterWrong, NameNotUnderstood, NotRecorded, NotYetRecorded, GraphProblem. Runs lineage/said_of, lineage/said_by,
        lineage/erasures and lineage/bytes_needed.
        """
        if (name is None) == (person is None):
            raise ParameterWrong("erase", "give a name or a person")
        if person is not None:
            if content or all_versions:
                why = "only what is personal is erased of a person; give the name of what else is to go"
                raise ParameterWrong("person", why)
            return erasing.erase(self.recorder, self, erasing.of_person(person, reason), dry_run)
        assert name is not None
        groups, why = erasing.groups_of(content, personal, reason)
        return erasing.erase(self.recorder, self, erasing.of_name(self, name, groups, why, all_versions), dry_run)

    def sync(self, copied: str | os.PathLike[str] | None = None) -> Drained:
        """Applies the journals of this host that wait; or those that were copied here from another computer.

        copied: a journal, a folder of them, or a copy of that computer's home, whose content is then taken over as well. The
        copies stay as they are; to apply them again changes nothing.
        Raises JournalProblem when there are none at that place, GraphProblem.
        """
        return self.recorder.sync(None if copied is None else Path(copied))[0]

    def close(self) -> None:
        """Waits for what this connection changed (at most the setting `timeout`)."""
        self.recorder.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
