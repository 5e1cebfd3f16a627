"""Answers on the screen: JSON for programs, tables and lines for people. Answers go to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

DRAWN_ROWS = 1_000  # beyond these a drawn table takes seconds, and aligned lines do
NO_WRAP = 100_000
Advance = Callable[[int, int], None]


def console(*, stderr: bool = False, wrap: bool = True) -> Console:
    """Where people read. Colours only on a terminal (and never with NO_COLOR); nothing is wrapped or cut in a file or pipe."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # the door answers for it

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() and wrap else NO_WRAP
    return Screen(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=not wrap)


def json(value: Any) -> None:
    """`value` as one line of JSON in UTF-8."""
    from lineage_graph.formats.json import compact

    raw(compact(value))


def raw(text: str) -> None:
    """A line as it is, in UTF-8."""
    click.echo(text.encode("utf-8", "backslashreplace"))


def line(text: str) -> None:
    """A line for people."""
    from lineage_graph.formats.words import printable

    click.echo(printable(text))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """Rows below their columns' names; the sentence `nothing` on stderr when there are none."""
    if not rows:
        click.echo(nothing, err=True)
        return
    if not sys.stdout.isatty() or len(rows) > DRAWN_ROWS:
        from lineage_graph.formats.table import lines

        click.echo("\n".join(lines(columns, rows)))
        return
    from rich.table import Table
    from rich.text import Text

    from lineage_graph.formats.words import printable

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(Text(column), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(text)) for text in row))
    console().print(drawn)


def facts(pairs: Sequence[tuple[str, Any]]) -> None:
    """'name  value' lines; what is not there is left out."""
    from lineage_graph.formats.table import cell
    from lineage_graph.formats.words import printable

    given = [(name, cell(value)) for name, value in pairs if value not in (None, "", (), [], {})]
    width = max((len(name) for name, _ in given), default=0)
    for name, text in given:
        click.echo(f"{click.style(name.ljust(width), bold=True) if _coloured() else name.ljust(width)}  {printable(text)}")


def heading(text: str) -> None:
    """A line above a list."""
    click.echo(f"\n{click.style(text, bold=True) if _coloured() else text}")


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A heading and its rows, or 'none' where there are none."""
    heading(title)
    if rows:
        table(columns, rows, "")
    else:
        click.echo("none")


def _coloured() -> bool:
    from os import environ

    return sys.stdout.isatty() and not environ.get("NO_COLOR")


@contextmanager
def progress(what: str, unit: str = "events") -> Iterator[Advance]:
    """A bar on stderr while something long goes on; nothing where stderr is no terminal. Call it with (done, in all)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn(),
        console=console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
