"""One command, run again: what it is told, how long it may take, what is recorded of it, and what it logged."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import IO, Any

from lineage_graph.answers.plan import Moved, PlannedRun, moved
from lineage_graph.answers.reproduction import MadeVersion, RepeatedRun, artifact_of, instead
from lineage_graph.errors import CannotReproduce, LineageError, NotRecorded, NotYetRecorded
from lineage_graph.events import RunFinished, RunState
from lineage_graph.lineage import Reader
from lineage_graph.names import RunName, parse_artifact, parse_run
from lineage_graph.recording import replaying
from lineage_graph.recording.artifact import Artifact
from lineage_graph.recording.init import begin
from lineage_graph.recording.recorder import Recorder, recorder_for
from lineage_graph.recording.replaying import REPLAY
from lineage_graph.recording.run import JOIN, Run
from lineage_graph.replay import Replay, ReplayedRun, ReplayedUse
from lineage_graph.reproduction.checkout import Code, Place
from lineage_graph.reproduction.folder import Folder
from lineage_graph.reproduction.jobs import Job
from lineage_graph.settings import Settings

INTERRUPTED = "interrupted"
UNENDED = (None, "running", "crashed")
GRACE = 5.0  # seconds that a command is given to end by itself


@dataclass(frozen=True)
class Ended:
    """How a command ended. code: as a shell gives it; None when it was stopped, and why."""

    seconds: float
    code: int | None
    why: str | None = None


class Commands:
    """Runs commands, and stops them."""

    def __init__(self, timeout: float | None) -> None:
        """timeout: seconds for each."""
        self.timeout = timeout
        self._stopped = Event()
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, place: Place, environment: Mapping[str, str], log: IO[bytes]) -> Ended:
        """A command to its end. Raises OSError where it cannot be begun."""
        began = time.monotonic()
        with self._lock:
            if self._stopped.is_set():
                return Ended(0.0, None, INTERRUPTED)
            # A group of its own: what it starts is stopped with it, and Ctrl-C is ours to pass on.
            process = subprocess.Popen(
                list(place.command), cwd=place.folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return Ended(time.monotonic() - began, None, f"stopped after {self.timeout:g} s")
        finally:
            self._running.discard(process)
        if self._stopped.is_set():
            return Ended(time.monotonic() - began, None, INTERRUPTED)
        return Ended(time.monotonic() - began, code if code >= 0 else 128 - code)

    def stop(self) -> None:
        """Ends what runs, and lets nothing more begin."""
        with self._lock:
            self._stopped.set()
            running = list(self._running)
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Carrier:
    """Does jobs. settings: those of the reruns, with the folder's own store and journals."""

    def __init__(self, folder: Folder, settings: Settings, code: Code, commands: Commands) -> None:
        self.folder = folder
        self.settings = settings
        self.code = code
        self.commands = commands
        self.recorder: Recorder = recorder_for(settings)
        self._recording = Lock()  # one job's record is settled at a time

    def carry_out(self, job: Job, before: Mapping[str, RepeatedRun], plan: Mapping[str, PlannedRun]) -> list[RepeatedRun]:
        """Does a job's runs again and says what became of each. before: the runs that are done; plan: all runs, by name.

        Raises GraphProblem; whatever is wrong with the job itself is in the answer.
        """
        again = [_again(run.name) for run in job.runs]
        try:
            replay = _replay(job, again, before, plan)
            place = self.code.place(job.run, self.folder.runs / job.label, _environment(self.settings))
        except (CannotReproduce, OSError) as error:
            return [RepeatedRun(name=run.name, state="failed", problem=str(error)) for run in job.runs]
        told = self.folder.replays / f"{job.label}-{again[0].rpartition('-')[2]}.json"
        told.write_text(replay.model_dump_json(indent=1), encoding="utf-8")
        log = self.folder.logs / f"{job.label}.txt"
        ended, problem = self._run(job.run, replay.runs[0], place, told, log)
        return self._settled(job, again, place, told, log, ended, problem)

    # ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, run: PlannedRun, replayed: ReplayedRun, place: Place, told: Path, log: Path) -> tuple[Ended, str | None]:
        environment = dict(place.environment) | {REPLAY: str(told)}
        with log.open("wb") as said:
            said.write(f"# {run.name} again, in {place.folder}\n# {run.command}\n\n".encode(errors="replace"))
            said.flush()
            try:
                if moved(run, "outputs") is not None:
                    return self._run_recorded(run, replayed, place, environment, told, said)
                return self.commands.run(place, environment, said), None
            except OSError as error:
                return Ended(0.0, None), _cannot(run, place, error)

    def _run_recorded(
        self,
        run: PlannedRun,
        replayed: ReplayedRun,
        place: Place,
        environment: Mapping[str, str],
        told: Path,
        said: IO[bytes],
    ) -> tuple[Ended, str | None]:
        """As `lineage-graph run` does it: the inputs into their folders, the command, then its outputs are logged."""
        replaying.take(told, 0)
        reads, makes = moved(run, "inputs") or [], moved(run, "outputs") or []
        given = {"inputs": [one._asdict() for one in reads], "outputs": [one._asdict() for one in makes]}
        this = begin(
            self.settings, parse_run(replayed.again), role="owner", folder=str(place.folder), replay=replayed,
            environment=given, process=secrets.token_hex(8), name=run.display_name, job_type=run.job_type, step=run.step,
            config=dict(run.config), retry_of=run.name, command=run.command,
        )  # fmt: skip
        ended = Ended(0.0, None)
        problem: str | None = None
        try:
            for use in replayed.uses:
                this.use_artifact(use.name, use_as=use.used_as)
            for one in reads:
                this.use_artifact(one.name).download(place.path(one.path))
            ended = self.commands.run(place, dict(environment) | {JOIN: replayed.again}, said)
            for one in makes if ended.code == 0 else ():
                _log(this, run, one, place)
        except (LineageError, OSError) as error:
            problem = _cannot(run, place, error)
        with self._recording:
            code = 0 if ended.code == 0 and problem is None else ended.code or 1
            this.finish(code, "killed" if ended.why == INTERRUPTED else None)
        return ended, problem

    # ── what is recorded ──────────────────────────────────────────────────────────────────────────────────────────────

    def _settled(
        self, job: Job, again: list[str], place: Place, told: Path, log: Path, ended: Ended, problem: str | None
    ) -> list[RepeatedRun]:
        done = ended.code == 0 and problem is None
        if not done and problem is None:
            how = f"ended with exit code {ended.code}" if ended.code is not None else f"was {ended.why}"
            problem = f"{job.run.name} {how}; see {log}, then reproduce into {self.folder.root} again to go on from there"
        found = []
        with self._recording:
            self.recorder.drain_host(live=False)
            reader = self.recorder.reader()
            for number, (run, name) in enumerate(zip(job.runs, again, strict=True)):
                begun = not replaying.take(told, number)
                state = _state(reader, name) if begun and not done else None
                if not begun or (state is None and not done):
                    self._never_begun(run, name, place)
                if not begun or (not done and state in UNENDED):
                    self._end(name, done, ended)
            why = self.recorder.drain()
            if why is not None:
                self.recorder.graph().version()  # raises what is wrong with the graph
                raise NotYetRecorded(f"what {job.run.name} made again", why)
            for run, name in zip(job.runs, again, strict=True):
                made = [MadeVersion(name=v.name, artifact=v.artifact, digest=v.digest) for v in reader.outputs(name)]
                found.append(
                    RepeatedRun(
                        name=run.name, again=name, state="done" if done else "failed", seconds=round(ended.seconds, 3),
                        exit_code=ended.code, log=str(log), problem=problem, notes=place.notes, made=tuple(made),
                    )
                )  # fmt: skip
        return found

    def _never_begun(self, run: PlannedRun, again: str, place: Place) -> None:
        """Records a rerun whose command did not record itself, or failed before it did."""
        begin(
            self.settings, parse_run(again), role="owner", folder=str(place.folder), config=dict(run.config),
            process=secrets.token_hex(8), name=run.display_name, job_type=run.job_type, step=run.step,
            retry_of=run.name, command=run.command,
        ).forget()  # fmt: skip

    def _end(self, again: str, done: bool, ended: Ended) -> None:
        state: RunState = "finished" if done else "killed" if ended.why == INTERRUPTED else "failed"
        self.recorder.record(RunFinished(run=again, state=state, exit_code=ended.code), what=f"the end of run {again}")


def _state(reader: Reader, run: str) -> str | None:
    """A run's state; None where its process was stopped before it was recorded."""
    try:
        return reader.run(run).state
    except NotRecorded:
        return None


def _cannot(run: PlannedRun, place: Place, error: LineageError | OSError) -> str:
    if isinstance(error, LineageError):
        return f"{run.name} cannot be done again: {error}"
    why = f"{place.command[0]} cannot be run ({error.strerror or error}); install it, or put it on PATH"
    return f"{run.name} cannot be done again: {why}"


def _again(run: str) -> str:
    name = parse_run(run)
    return str(RunName(name.project, f"{name.id[:100]}-again-{secrets.token_hex(3)}"))


def _replay(job: Job, again: list[str], before: Mapping[str, RepeatedRun], plan: Mapping[str, PlannedRun]) -> Replay:
    """What the job's processes are told. Raises CannotReproduce where what it uses was not made."""
    inside = {run.name: name for run, name in zip(job.runs, again, strict=True)}
    runs = []
    for run, name in zip(job.runs, again, strict=True):
        uses = []
        for version in run.inputs:
            found = None
            if version.made_by is not None and version.made_by not in inside:
                digests = instead(plan[version.made_by], before[version.made_by].made).get(version.name, ())
                if len(digests) != 1:
                    what = "nothing" if not digests else f"{len(digests)} versions"
                    raise CannotReproduce(run.name, f"uses {version.name}, and {version.made_by} made {what} in its place")
                found = digests[0] if digests[0] != version.digest else None
            uses.append(
                ReplayedUse(
                    artifact=artifact_of(version.name), name=version.name, digest=version.digest, type=version.type,
                    used_as=version.used_as, asked=version.asked, found=found, made_by=inside.get(version.made_by or ""),
                )
            )  # fmt: skip
        runs.append(
            ReplayedRun(
                again=name, retry_of=run.name, step=run.step, job_type=run.job_type, config=run.config, uses=tuple(uses)
            )
        )
    return Replay(runs=tuple(runs))


def _environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with the reproduction's own place for content and journals."""
    told: dict[str, Any] = {
        "LINEAGE_GRAPH_URI": settings.uri,
        "LINEAGE_GRAPH_USER": settings.user,
        "LINEAGE_GRAPH_PASSWORD": settings.password.get_secret_value() if settings.password is not None else None,
        "LINEAGE_GRAPH_DATABASE": settings.database,
        "LINEAGE_GRAPH_HOME": settings.home,
        "LINEAGE_GRAPH_STORE": settings.store_url,
        "LINEAGE_GRAPH_MODE": "online",
    }
    kept = {k: v for k, v in os.environ.items() if k not in {JOIN, REPLAY}}
    return kept | {k: str(v) for k, v in told.items() if v is not None}


def _log(this: Run, run: PlannedRun, made: Moved, place: Place) -> None:
    full = str(parse_artifact(made.name, this.project))
    known = next((v.type for v in run.outputs if artifact_of(v.name) == full), None)
    artifact = Artifact(full, known or made.type or "unspecified")
    local = place.path(made.path)
    if "://" in made.path:
        artifact.add_reference(made.path)
    elif local.is_dir():
        artifact.add_dir(local)
    else:
        artifact.add_file(local)
    this.log_artifact(artifact)
