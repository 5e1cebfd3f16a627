"""What lies between two things: path."""

from __future__ import annotations

from typing import Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.ask import show_walk
from lineage_graph.cli.options import (
    NOT_IN_PARTS,
    Where,
    command,
    exit_code_option,
    format_option,
    limits,
    time_options,
    where_options,
)


@command("path")
@click.argument("a")
@click.argument("b")
@click.option("--all-shortest", "every", flag_value="all-shortest", help="Everything on some shortest path, not one path.")
@click.option("--any", "every", flag_value="any", help="Everything on any path.")
@exit_code_option("Exit with 1 when there is no path.")
@time_options
@limits("runs and versions, the nearest first", NOT_IN_PARTS)
@where_options
@format_option("tree", "table", "json")
def path(a: str, b: str, every: Any, exit_code: bool, where: Where, form: str, **given: Any) -> None:
    """How do A and B hang together?

    What lies between two versions or runs, from A on, whichever of them was made from the other: one shortest path, or with
    --all-shortest or --any everything on some shortest or on any path. No path is an answer, too.
    """
    found = where.connect().path(a, b, which=every or "shortest", **given)
    if form == "json":
        show.raw(found.model_dump_json())
    elif found.found:
        show_walk(found.lineage, form)
    else:
        show.line(f"there is no path between {found.home} and {found.to}")
    if exit_code and not found.found:
        raise click.exceptions.Exit(1)
