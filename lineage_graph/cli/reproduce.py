"""Making again: reproduce."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.door import FAILED, say
from lineage_graph.cli.options import Where, command, format_option, time_options, where_options

if TYPE_CHECKING:
    from lineage_graph.answers.reproduction import Reproduction

NOT_THE_SAME = 1


@command("reproduce")
@click.argument("name")
@click.option("--into", required=True, metavar="DIR", help="An empty folder; or one in which this was begun, to go on.")
@click.option("--have", metavar="DIR", help="A folder with raw inputs that no content store has.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Commands run at once.")
@click.option("--timeout-run", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop a command after that.")
@time_options
@where_options
@format_option("table", "json")
@click.pass_context
def reproduce(ctx: click.Context, /, name: str, where: Where, form: str, **given: Any) -> None:
    """Make this again in an empty folder: is every byte the same?

    NAME is a version ([project/]name with :vN, :alias or @digest) or a run (project/runs/ID). Fetches the raw inputs, checks
    out the recorded commits, runs the recorded commands in order (what was recorded is run here: see `plan` first), and
    compares the digest of everything that they make with the record. The reruns are recorded as retries; no alias moves.
    When a command fails, mend it and call again with the same DIR: what is done is not done again.

    Exit code 1 when a version is different or missing, 2 when a command failed.

    Example: lineage-graph reproduce digits/report:latest --into again --jobs 2
    """
    graph = where.connect()
    with _ended_as_interrupted(), show.progress(f"reproducing {name}", "runs") as advance:
        found = graph.reproduce(name, progress=advance, **given)
    if form == "json":
        show.raw(found.model_dump_json())
    else:
        _show(found)
    problems = list(dict.fromkeys(run.problem for run in found.runs if run.problem is not None and run.state == "failed"))
    for problem in problems:
        say(problem)
    ctx.exit(FAILED if problems else 0 if found.ok else NOT_THE_SAME)


@contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """A request to end is taken as Ctrl-C is: the commands that run are ended too, and what is done is kept."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(found: Reproduction) -> None:
    from lineage_graph.formats import words

    runs = [
        (run.name, run.again or "", run.state, "" if run.seconds is None else f"{run.seconds:.1f} s",
         "" if run.exit_code is None else str(run.exit_code), run.log or "")
        for run in found.runs
    ]  # fmt: skip
    show.table(("run", "again", "state", "took", "exit code", "log"), runs, f"no run made {found.home}")
    versions = [
        (v.name, v.result, words.digest(v.digest), "" if v.result == "same" else ", ".join(map(words.digest, v.found)))
        for v in found.versions
    ]
    show.section("versions", ("version", "result", "digest", "made instead"), versions)
    if found.beyond:
        beyond = [(v.name, words.digest(v.digest)) for v in found.beyond]
        show.section("made, and not in the record", ("version", "digest"), beyond)
    click.echo()
    for note in dict.fromkeys(note for run in found.runs for note in run.notes):
        show.line(note)
    show.line(f"{found.home}: {found.same} same, {found.different} different, {found.missing} missing")
