"""Large graphs: cluster, members."""

from __future__ import annotations

from typing import Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import F, Where, command, format_option, time_options, where_options


def same_lineage_options(function: F) -> F:
    """What `cluster` and `members` have to be told alike: --direction --depth --apart --timeout"""
    click.option(
        "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="At most so long on the server."
    )(function)
    click.option("--apart", multiple=True, metavar="NAME", help="What stays single. Can be repeated.")(function)
    click.option("--depth", type=click.IntRange(0), metavar="N", help="How many relationships to look.")(function)
    click.option(
        "--direction",
        type=click.Choice(["upstream", "downstream", "both", "project"]),
        default="upstream",
        show_default=True,
        help="Where to look from NAME; with 'project' NAME is a project, and everything in it is looked at.",
    )(function)
    return function


@command("cluster")
@click.argument("name")
@same_lineage_options
@click.option("--at-least", type=click.IntRange(2), default=5, show_default=True, metavar="N", help="How many make a group.")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(["made", "neighbours", "level"]),
    help="Which groups to make: versions of one artifact by one run, what has the same neighbours, what is of one sort on one "
    "level. Can be repeated. Default: all three, in this order.",
)
@click.option("--cards", type=click.IntRange(5), default=400, show_default=True, metavar="N", help="At most so many cards.")
@time_options
@where_options
@format_option("table", "json")
def cluster(name: str, where: Where, form: str, by: tuple[Any, ...], **given: Any) -> None:
    """What does a lineage too large to look at consist of?

    Groups of runs and versions, level by level, with counts. NAME is a version ([project/]name with :vN, :alias or @digest),
    a run (project/runs/ID), or a project. The last column is what `members` takes.
    """
    from lineage_graph.answers.groups import RULES

    found = where.connect().clusters(name, by=by or RULES, **given)
    if form == "json":
        show.raw(found.model_dump_json())
        return
    from lineage_graph.formats.cards import CARDS, card_notes, card_rows

    show.table(CARDS, card_rows(found), "nothing")
    for note in card_notes(found):
        click.echo(note, err=True)


@command("members")
@click.argument("name")
@click.argument("group")
@same_lineage_options
@click.option("--search", metavar="TEXT", help="Only those whose name, id or alias has this in it, in any case.")
@click.option(
    "--sort",
    type=click.Choice(["name", "created", "started", "size", "state"]),
    default="name",
    show_default=True,
    help="By what; created and started are one order of time.",
)
@click.option("--descending", is_flag=True, help="The greatest first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="At most so many.")
@click.option("--after", metavar="CURSOR", help="Go on where an answer was cut.")
@time_options
@where_options
@format_option("table", "json")
def members(name: str, group: str, where: Where, form: str, **given: Any) -> None:
    """Which runs and versions are in this group?

    NAME and the options before --search as they were given to `cluster`; GROUP is from its last column.
    """
    found = where.connect().members(name, group, **given)
    if form == "json":
        show.raw(found.model_dump_json())
        return
    from lineage_graph.formats.cards import MEMBERS, member_rows

    show.table(MEMBERS, member_rows(found), "none of them is named so")
    if found.truncated:
        shown = len(found.runs) + len(found.versions)
        click.echo(f"{shown:,} of {found.found:,} are shown; --after {found.truncated.cursor} goes on", err=True)
