"""Making again: plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, time_options, where_options

if TYPE_CHECKING:
    from lineage_graph.answers.plan import Plan, PlannedVersion
    from lineage_graph.recording.connection import LineageGraph

COMMAND_WIDTH = 60
FIRST = 20  # of a long list of names


@command("plan")
@click.argument("name")
@click.option("--have", metavar="DIR", help="A folder with files that are there already, whatever they are called.")
@click.option("--from-scratch", is_flag=True, help="Skip nothing: make all again that a run made.")
@time_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many runs, the first ones to do.")
@click.option("--after", metavar="CURSOR", help="Go on where a plan was cut.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Give up after that time.")
@where_options
@format_option("table", "json", "sh")
def plan(name: str, where: Where, form: str, **given: Any) -> None:
    """What must be done again to make this again?

    NAME is a version ([project/]name with :vN, :alias or @digest) or a run (project/runs/ID). The run that made it, and the
    runs before it whose outputs are neither in the content store nor in --have, in an order in which they can be done; what
    to fetch; what is skipped; and what is missing for it. `sh` is a POSIX shell script that does it, or says why it cannot.

    Example: lineage-graph plan digits/classifier:best --format sh > again.sh
    """
    graph = where.connect()
    found = graph.plan(name, **given)
    if form == "json":
        show.raw(found.model_dump_json())
    elif form == "sh":
        from lineage_graph.formats.shell import script

        show.raw(script(found, _patches(graph, found)).removesuffix("\n"))
    else:
        _show(found, int(given["after"] or 0))


def _patches(graph: LineageGraph, plan: Plan) -> dict[str, str]:
    """The patches that can stand in a script, by digest."""
    found = {}
    for digest in {run.patch for run in plan.runs if run.dirty and run.patch}:
        data = graph.patch(digest)
        if data is not None and b"\0" not in data:
            try:
                found[digest] = data.decode()
            except UnicodeDecodeError:
                continue
    return found


def _show(plan: Plan, left_out: int) -> None:
    from lineage_graph.formats.words import counted

    nothing = f"no run made {plan.home}" if plan.fetch and not plan.runs else "there are no more runs"
    runs = [
        (str(i), run.name, _short(run.command or "not recorded"), (run.commit or "")[:12] + ("+changes" if run.dirty else ""),
         f"{_few([v.name for v in run.inputs])} → {_few([v.name for v in run.outputs])}")
        for i, run in enumerate(plan.runs, 1 + left_out)
    ]  # fmt: skip
    show.table(("order", "run", "command", "commit", "inputs → outputs"), runs, nothing)
    if plan.fetch:
        show.section(f"fetch ({len(plan.fetch):,})", ("version", "where", "digest"), [_fetched(v) for v in plan.fetch])
    if plan.skipped:
        show.heading(f"skipped ({len(plan.skipped):,}), as what they made is there")
        for name in plan.skipped[:FIRST]:
            show.line(name)
        if len(plan.skipped) > FIRST:
            show.line(f"and {len(plan.skipped) - FIRST:,} more; --format json has all")
    if plan.missing:
        show.section(f"missing ({len(plan.missing):,})", ("why", "what"), [(m.why, m.sentence) for m in plan.missing])
    codeless = sum(run.commit is None for run in plan.runs)
    if codeless:
        click.echo(f"{counted(codeless, 'run')} without a commit: what code they ran is not recorded", err=True)
    if plan.truncated is not None:
        click.echo(f"the first {plan.truncated.limit} runs are shown; go on with --after {plan.truncated.cursor}", err=True)


def _fetched(version: PlannedVersion) -> tuple[str, ...]:
    from lineage_graph.formats import words

    return version.name, f"{version.where}{f': {version.at}' if version.at else ''}", words.digest(version.digest)


def _short(command: str) -> str:
    return command if len(command) <= COMMAND_WIDTH else f"{command[: COMMAND_WIDTH - 1]}…"


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") or "nothing"
