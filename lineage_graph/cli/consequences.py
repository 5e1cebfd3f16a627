"""Consequences: impact, stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, time_options, where_options

if TYPE_CHECKING:
    from lineage_graph.answers.impact import AffectedAlias, Impact
    from lineage_graph.answers.stale import Stale, StaleVersion
    from lineage_graph.models import Truncated

F = TypeVar("F", bound=Callable[..., Any])
LISTED = 20
LATEST_SHOWN = 10


def page_options(function: F) -> F:
    """--limit --after --timeout, for answers that count everything and list a page."""
    click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Give up after so long.")(
        function
    )
    click.option("--after", metavar="CURSOR", help="Go on where a list was cut.")(function)
    click.option("--limit", type=click.IntRange(1), metavar="N", help="List at most so many; all are counted.")(function)
    return function


@command("impact")
@click.argument("name")
@click.option("--depth", type=click.IntRange(0), metavar="N", help="How many relationships to look; 1 is the nearest runs.")
@time_options
@page_options
@where_options
@format_option("table", "json")
def impact(name: str, limit: int | None, where: Where, form: str, **given: Any) -> None:
    """What would a change of this touch?

    NAME is a version ([project/]name with :vN, :alias or @digest) or a run (project/runs/ID). Counts everything downstream of
    it by type and author, lists the aliases that point there, then the nearest runs and versions (20, or --limit).
    """
    answer = where.connect().impact(name, limit=limit or LISTED, **given)
    if form == "json":
        show.raw(answer.model_dump_json())
    else:
        _show_impact(answer)


def _show_impact(answer: Impact) -> None:
    from lineage_graph.formats import words
    from lineage_graph.formats.table import WALK, node_rows

    versions, runs = words.counted(answer.version_count, "version"), words.counted(answer.run_count, "run")
    show.line(f"{versions} and {runs} downstream of {answer.home}")
    if answer.looped:
        show.line(f"{answer.home} is downstream of itself; it is not counted")
    if not answer.groups:
        return
    show.section(
        "what and by whom",
        ("count", "kind", "type", "author"),
        [(f"{g.count:,}", g.kind, g.type or "", g.author or "") for g in answer.groups],
    )
    if len(answer.projects) > 1:
        rows = [(p.project, f"{p.versions:,}", f"{p.runs:,}") for p in answer.projects]
        show.section("projects", ("project", "versions", "runs"), rows)
    if any(state.state != "finished" for state in answer.states):
        show.section("states of the runs", ("state", "runs"), [(s.state, f"{s.runs:,}") for s in answer.states])
    show.section("aliases", ("depth", "alias", "version"), _alias_rows(answer.aliases))
    if answer.latest:
        left_out = len(answer.latest) - LATEST_SHOWN
        show.heading("latest" + (f" (the nearest {LATEST_SHOWN} of {len(answer.latest):,})" if left_out > 0 else ""))
        show.table(("depth", "alias", "version"), _alias_rows(answer.latest[:LATEST_SHOWN]), "")
    show.heading("nearest first")
    show.table(WALK, node_rows(answer.runs, answer.versions), "none are left")
    _say_cut(answer.truncated)


def _alias_rows(aliases: tuple[AffectedAlias, ...]) -> list[tuple[str, str, str]]:
    return [(str(a.depth), a.alias, a.version) for a in aliases]


def _say_cut(cut: Truncated | None) -> None:
    if cut is not None:
        click.echo(f"the list ends at its limit of {cut.limit:,}; --after {cut.cursor} goes on", err=True)


@command("stale")
@click.argument("scope", required=False, metavar="[PROJECT|NAME]")
@click.option("--all", "all_", is_flag=True, help="Also versions without an alias: the newest of their artifact by their step.")
@click.option("--because", type=click.Choice(["alias", "artifact"]), help="Only inputs whose alias moved, or only the others.")
@click.option("--exit-code", is_flag=True, help="End with exit code 1 when something is stale.")
@time_options
@page_options
@where_options
@format_option("table", "json")
def stale(scope: str | None, all_: bool, exit_code: bool, where: Where, form: str, **given: Any) -> None:
    """What is out of date?

    Versions whose step would take another input now, or that were made from such a version: of a PROJECT those that an alias
    points to; or one version (NAME) and what it was made from. An input has moved when the alias that it was asked by points to
    another version ('alias'), or, asked by number or digest, when there is a newer one ('artifact').
    """
    answer = where.connect().stale(scope, all=all_, **given)
    if form == "json":
        show.raw(answer.model_dump_json())
    else:
        _show_stale(answer)
    if exit_code and answer.count:
        raise click.exceptions.Exit(1)


def _show_stale(answer: Stale) -> None:
    from lineage_graph.formats import words

    where = f"in {answer.scope}" if ":" not in answer.scope else f"of {answer.scope} and what it was made from"
    show.line(f"{words.counted(answer.count, 'version')} out of date, of {answer.checked:,} {where}")
    if answer.versions:
        click.echo()
        rows = [(v.name, ", ".join(v.aliases), v.because, _way(v)) for v in answer.versions]
        show.table(("version", "aliases", "because", "path"), rows, "")
    _say_cut(answer.truncated)


def _way(version: StaleVersion) -> str:
    """'report ← … ← raw:v0 (now v1)': from the run that made the version on, names of its own project without it."""
    home = version.name.rpartition("/")[0]
    short = [name.removeprefix(f"{home}/").removeprefix("runs/") for name in version.path[1:]]
    now = version.cause.now.rpartition(":")[2]
    asked = f"{version.cause.asked} is " if version.because == "alias" and version.cause.asked != "latest" else ""
    return f"{' ← '.join(short)} ({asked}now {now})"
