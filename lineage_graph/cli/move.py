"""The record on its way: export, import, sync."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

import click

from lineage_graph.cli import show
from lineage_graph.cli.ask import FORMS, check_rows, rows_option, show_walk
from lineage_graph.cli.door import say
from lineage_graph.cli.options import Where, command, format_option, where_options
from lineage_graph.cli.write import output_option, written
from lineage_graph.errors import ImportRefused, LineageError


@command("export")
@click.argument("name", required=False)
@output_option
@rows_option
@where_options
@format_option("json", "jsonl", *(form for form in FORMS if form != "json"))
def export(name: str | None, output: str, rows: str | None, where: Where, form: str) -> None:
    """Write the record to a file.

    With NAME: all that this version or run was made from, in any format that `upstream` has. With --project alone, the
    project: as json its artifacts, runs, versions and edges; as jsonl its journals' entries, whole, which verify by
    themselves and which `import` takes.
    """
    if name is None and where.project is None:
        raise click.UsageError("say what to export: a NAME, or --project")
    if name is not None and form == "jsonl":
        raise click.UsageError("jsonl is of whole journals; leave NAME out and give --project")
    if name is None and form not in {"json", "jsonl"}:
        raise click.UsageError(f"{form} is of one walk; give a NAME")
    check_rows(rows, form)
    from lineage_graph import exchange
    from lineage_graph.formats.json import compact

    graph = where.connect()
    if name is not None:
        show_walk(graph.upstream(name), form, output, rows)
        return
    with written(output) as write:
        if form == "jsonl":
            with show.progress("exporting", "entries") as advance:
                done = exchange.export_entries(graph, where.project, write, advance)
            what = f"{done.events} events of {done.journals} journals are"
        else:
            write(compact(exchange.export_project(graph, where.project or "")).encode("utf-8", "backslashreplace") + b"\n")
            what = f"{where.project} is"
    if output != "-":
        show.line(f"{what} in {output}")


@command("import")
@click.argument("file", metavar="FILE|-")
@where_options
@format_option("text", "json")
def import_(file: str, where: Where, form: str) -> None:
    """Read events or journal entries from a file, one a line.

    Lines are either whole entries, as journals and `export --format jsonl` have them (their chain is verified), or events in
    the clear, as people and other programs write them: {"kind": "run_started", "run": "digits/runs/a", "at": …}. The file is
    checked to its end before anything is applied. Importing it again changes nothing.
    """
    from lineage_graph import exchange
    from lineage_graph.ledger import Ledger

    with _opened(file) as (stream, name):
        graph = where.connect()
        recorder = graph.recorder
        with show.progress("importing") as advance:
            done = exchange.import_lines(stream, name, graph, Ledger(recorder.graph()), recorder.folder, advance)
    if form == "json":
        show.json(asdict(done))
        return
    show.line(
        f"{done.events} events read from {name}: {done.applied} applied, {done.repeated} there before, {done.rejected} rejected"
    )
    for reason in dict.fromkeys(done.reasons[:20]):
        show.line(f"rejected: {reason}")


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    if file != "-":
        try:
            with Path(file).open("rb") as stream:
                yield stream, file
        except IsADirectoryError:
            raise ImportRefused(file, None, "it is a folder; give a file of lines") from None
        except OSError as error:
            if isinstance(error, LineageError | BrokenPipeError) or error.filename != file:
                raise
            raise ImportRefused(file, None, f"it cannot be read ({error.strerror})") from None
        return
    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield cast("BinaryIO", spool), "stdin"


@command("sync")
@where_options
@format_option("text", "json")
@click.pass_context
def sync(ctx: click.Context, where: Where, form: str) -> None:
    """Apply the journals of this computer that wait.

    What was recorded offline, or while Neo4j was down, goes into the graph; runs whose process died are closed as crashed.
    `status` shows what waits. Exit code 2 when a journal is broken; the others are applied.
    """
    graph = where.connect()
    events = 0
    with show.progress("applying") as advance:

        def count(new: int) -> None:
            nonlocal events
            events += new
            advance(events, 0)

        done = graph.recorder.drain_host(count)
        why = graph.recorder.drain()
    problems = [str(problem) for problem in done.problems or []] + ([why] if why else [])
    if form == "json":
        counts = {"entries": done.entries, "events": done.events, "rejected": done.rejected, "crashed": done.crashed}
        show.json(counts | {"problems": problems})
    else:
        crashed = f", {done.crashed} runs closed as crashed" if done.crashed else ""
        show.line(f"{done.entries} entries ({done.events} events) applied, {done.rejected} events rejected{crashed}")
    for problem in problems:
        say(problem)
    sys.stdout.flush()
    ctx.exit(2 if problems else 0)
