"""Comparing: diff, why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
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

if TYPE_CHECKING:
    from rich.text import Text


def _two(function: Any) -> Any:
    """A, B and the times of each, given to the command as `a`, `b`, `at`."""
    click.option(
        "--at", multiple=True, metavar="TIME", help="A's time, and given again B's: what had happened by then. Default: now."
    )(function)
    click.argument("b", required=False)(function)
    return click.argument("a")(function)


def _times(b: str | None, at: tuple[str, ...], as_of: str | None) -> dict[str, Any]:
    """The times as the facade takes them."""
    if len(at) > 2:
        raise click.UsageError("--at is given at most twice, for A and for B")
    if at and as_of is not None:
        raise click.UsageError("--at and --as-of contradict each other; --as-of is for both, --at for one each")
    if len(at) == 1 and b is not None:
        raise click.UsageError("--at is given twice when there are two names, for A and for B; --as-of is for both")
    if b is None and not at:
        raise click.UsageError("one name is compared at two times: give --at TIME, twice or against now, or a second name")
    return {"as_of": as_of, **dict(zip(("a_as_of", "b_as_of"), at, strict=False))}


def _print(lines: Iterable[Text]) -> None:
    screen = show.console(wrap=False)
    for line in lines:
        screen.print(line)


@command("diff")
@_two
@click.option("--both", is_flag=True, help="List what lies upstream of both, too; it is always counted.")
@exit_code_option("Exit with 1 when anything differs, for CI.")
@time_options
@limits("runs and versions, the nearest first", NOT_IN_PARTS)
@where_options
@format_option("text", "json")
def diff(
    a: str,
    b: str | None,
    at: tuple[str, ...],
    as_of: str | None,
    exit_code: bool,
    where: Where,
    form: str,
    **given: Any,
) -> None:
    """In what does B differ from A?

    Two versions ([project/]name with :vN, :alias or @digest), two runs (project/runs/ID), or one of them at two times:
    `diff NAME --at TIME --at TIME`, or `diff NAME --at TIME` for then and now. What lies upstream of one of them only; inputs,
    outputs, config, code, command and environment of the two runs; metadata and files of two versions. `-` is of A, `+` of B,
    `~` of both and not the same.
    """
    found = where.connect().diff(a, b, **_times(b, at, as_of), **given)
    if form == "json":
        show.raw(found.model_dump_json())
    else:
        from lineage_graph.formats.compare import diff_lines

        _print(diff_lines(found))
    if exit_code and found.differ:
        raise click.exceptions.Exit(1)


@command("why")
@_two
@exit_code_option("Exit with 1 when there is something to explain, for CI.")
@time_options
@limits("causes, the furthest upstream first", NOT_IN_PARTS)
@where_options
@format_option("text", "json")
def why(
    a: str,
    b: str | None,
    at: tuple[str, ...],
    as_of: str | None,
    exit_code: bool,
    where: Where,
    form: str,
    **given: Any,
) -> None:
    """Why is B not the same as A?

    The first difference upstream that explains it (data from outside, code, config, command, environment, or nothing that is
    recorded), with the pairs of versions and runs that lead there; then the other ones. A, B and --at as in `diff`.
    """
    found = where.connect().why(a, b, **_times(b, at, as_of), **given)
    if form == "json":
        show.raw(found.model_dump_json())
    else:
        from lineage_graph.formats.compare import why_lines

        _print(why_lines(found))
    if exit_code and not found.same:
        raise click.exceptions.Exit(1)
