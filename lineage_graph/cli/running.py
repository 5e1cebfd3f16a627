"""`lineage-graph run`: any program as a recorded run."""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli.door import say
from lineage_graph.cli.options import CONTEXT, project_option, values
from lineage_graph.cli.record import add_path, must_be_recorded, recorded_name, type_of, warnings_as_sentences
from lineage_graph.errors import ContentProblem, ParameterWrong, Rejected

if TYPE_CHECKING:
    from lineage_graph import RecordedVersion, Run

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
FROM_KEYBOARD = ("SIGINT", "SIGQUIT")


@dataclass(frozen=True)
class Output:
    """One --log: what to record once the command is done."""

    name: str
    kind: str | None
    path: str


def parse_output(text: str) -> Output:
    """'NAME[:TYPE]=PATH'. Raises ParameterWrong, NameNotUnderstood."""
    from lineage_graph.names import check_type, parse_artifact

    left, equals, path = text.partition("=")
    name, colon, kind = left.partition(":")
    if not equals or not name or not path:
        raise ParameterWrong("--log", f"{text!r} is not NAME:TYPE=PATH, such as classifier:model=model.bin")
    parse_artifact(name)
    return Output(name, check_type(kind) if colon else None, path)


def parse_input(text: str) -> tuple[str, str | None]:
    """'NAME[=DIR]' → (name, folder or None). Raises ParameterWrong."""
    name, equals, folder = text.partition("=")
    if not name or (equals and not folder):
        raise ParameterWrong("--use", f"{text!r} is not NAME or NAME=DIR")
    return name, folder or None


@click.command("run", context_settings=CONTEXT | {"allow_interspersed_args": False})
@click.option("--use", "inputs", multiple=True, metavar="NAME[=DIR]", help="A version it reads; downloaded into DIR if given.")
@click.option("--log", "outputs", multiple=True, metavar="NAME[:TYPE]=PATH", help="A file or folder that it makes.")
@click.option("--log-anyway", is_flag=True, help="Record what it made even when it fails.")
@click.option("--job-type", metavar="TYPE", help="What kind of work it is, such as train.")
@click.option("--name", metavar="NAME", help="Shown to people. Default: a readable one is made up.")
@click.option("--step", metavar="STEP", help="The recipe this is a run of. Default: the script that is run, or the program.")
@click.option("--config", multiple=True, metavar="KEY=VALUE", help="What the work was told (JSON or text); repeatable.")
@project_option
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.pass_context
def run(ctx: click.Context, /, **given: Any) -> None:
    """Run any program as a recorded run.

    Records that the run used each --use, runs COMMAND with this terminal as its own, and records each --log once it has
    succeeded. COMMAND finds the run in LINEAGE_GRAPH_RUN: Python code and `lineage-graph log` and `use` in it join the run.
    Its exit code is passed through; signals are passed on to it. Run inside another run, it is a child of that one.

    Example: lineage-graph run --project digits --use raw:latest=in --log model:model=out.bin -- ./train in out.bin
    """
    ctx.exit(record(**given))


def record(
    program: Sequence[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    config: Sequence[str],
    log_anyway: bool,
    job_type: str | None,
    name: str | None,
    step: str | None,
    project: str | None,
) -> int:
    """Runs a command as a run; its exit code. Raises WrongUse before anything is recorded or run."""
    from lineage_graph import init
    from lineage_graph.settings import load

    uses = [parse_input(text) for text in inputs]
    makes = [parse_output(text) for text in outputs]
    told = values(config, "--config")
    if shutil.which(program[0]) is None:
        raise ParameterWrong("command", f"{program[0]!r} is not there or is no program; give its path, or mend PATH")
    project = project or load().project
    must_be_recorded([name for name, _ in uses], project)
    said = warnings_as_sentences()
    logged: list[RecordedVersion] = []
    # What a rerun has to bring and to log by itself, as the command does not.
    moved = {
        "inputs": [{"name": use, "path": folder} for use, folder in uses if folder is not None],
        "outputs": [{"name": make.name, "type": make.kind, "path": make.path} for make in makes],
    }
    begun = init(
        project=project, job_type=job_type, name=name, step=step or _step(program), config=told or None,
        command=shlex.join(program), environment=moved, **_inside_another(),
    )  # fmt: skip
    with begun as this:
        for use, folder in uses:
            version = this.use_artifact(use)
            if folder is not None:
                version.download(folder)
        code = _run(program, this)
        if code == 0 or log_anyway:
            logged += [_log(this, make) for make in makes if code == 0 or Path(make.path).exists()]
        this.finish(code, "killed" if code > 128 and code - 128 in _SIGNALS else None)
    _summary(this, code, logged, said)
    return code


_SIGNALS = {s.value for s in signal.Signals}


def _step(program: Sequence[str]) -> str:
    """The script among the command's words ('Rscript train.R' is a run of train.R), else the program's name."""
    script = next((word for word in program[1:] if not word.startswith("-") and Path(word).is_file()), None)
    return script if script is not None and not Path(script).is_absolute() else Path(script or program[0]).name


def _inside_another() -> dict[str, Any]:
    from lineage_graph.recording.run import JOIN

    outer = os.environ.get(JOIN)
    # With an id of its own, a run does not join the one around it.
    return {"id": secrets.token_hex(6), "child_of": outer} if outer else {}


def _run(program: Sequence[str], this: Run) -> int:
    """Runs the command to its end; its exit code, 128 + the signal's number where one ended it."""
    sys.stdout.flush()
    try:
        process = subprocess.Popen(list(program), env=os.environ | this.environment)
    except OSError as error:
        raise ContentProblem(program[0], f"cannot be run ({error.strerror})") from None
    with _forwarding(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Passes signals on to the command, but those that the keyboard sends to it by itself."""

    def forward(number: int, frame: object) -> None:
        if signal.Signals(number).name in FROM_KEYBOARD and _in_foreground():
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)

    before = {s: signal.signal(s, forward) for n in FORWARDED if (s := getattr(signal, n, None)) is not None}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether a terminal sends its signals to this process and the command alike."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _log(this: Run, make: Output) -> RecordedVersion:
    from lineage_graph import Artifact

    artifact = Artifact(make.name, make.kind or type_of(make.name, this.project))
    add_path(artifact, make.path, alone=True)
    return this.log_artifact(artifact)


def _summary(this: Run, code: int, logged: Sequence[RecordedVersion], said: Sequence[str]) -> None:
    names = []
    for version in logged:
        try:
            name, why = recorded_name(version)
        except Rejected:
            continue  # said as a warning
        names.append(name)
        if why is not None and not said:
            say(str(why))
            said = [str(why)]
    ended = "finished" if code == 0 else f"ended with exit code {code}"
    say(f"run {this.full_name} ({this.name}) {ended}{', logged ' if names else ''}{', '.join(names)}")
