"""The record on its way: export, import, sync."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from lineage_graph.cli import show
from lineage_graph.cli.ask import FORMS, check_rows, rows_option, show_walk
from lineage_graph.cli.door import say
from lineage_graph.cli.options import Where, command, format_option, where_options
from lineage_graph.cli.write import output_option, written
from lineage_graph.errors import ImportRefused, LineageError

if TYPE_CHECKING:
    from lineage_graph.intake import Imported
    from lineage_graph.readers import Reading


@command("export")
@click.argument("name", required=False)
@output_option
@click.option("--with-content", is_flag=True, help="The versions' files too: jsonl becomes a tar file with both.")
@click.option("--all", "every", is_flag=True, help="Every project, as jsonl.")
@rows_option
@where_options
@format_option("json", "jsonl", *(form for form in FORMS if form != "json"))
def export(name: str | None, output: str, with_content: bool, every: bool, rows: str | None, where: Where, form: str) -> None:
    """Write the record to a file.

    With NAME: all that this version or run was made from, in any format that `upstream` has. With --project alone, the
    project: as json its artifacts, runs, versions and edges; as jsonl a backup: its journals' entries, whole, with their
    receipts, and those of other projects that made what it used. A backup verifies by itself, and `import` restores it:
    numbers, aliases and times are what they were.
    """
    if name is None and where.project is None and not every:
        raise click.UsageError("say what to export: a NAME, --project, or --all")
    if every and (name is not None or where.project is not None):
        raise click.UsageError("--all is every project; leave NAME and --project out")
    if (every or with_content) and form != "jsonl":
        raise click.UsageError(f"{'--all' if every else '--with-content'} is for backups; give --format jsonl")
    if name is not None and form == "jsonl":
        raise click.UsageError("jsonl is of whole journals; leave NAME out and give --project")
    if name is None and form not in {"json", "jsonl"}:
        raise click.UsageError(f"{form} is of one walk; give a NAME")
    check_rows(rows, form)
    from lineage_graph import exchange
    from lineage_graph.formats.json import compact
    from lineage_graph.recording import content

    graph = where.connect()
    if name is not None:
        show_walk(graph.upstream(name), form, output, rows)
        return
    missing = []
    with written(output) as write:
        if form == "jsonl":
            with show.progress("exporting", "entries") as advance:
                if with_content:
                    places = content.stores(graph.recorder.settings)
                    done, packed = exchange.export_archive(graph, where.project, places, write, advance)
                    missing = packed.missing
                    files = f" and {packed.blobs} files ({packed.size} bytes)"
                else:
                    done, files = exchange.export_entries(graph, where.project, write, advance), ""
            what = f"{done.events} events of {done.journals} journals{files} are"
        else:
            write(compact(exchange.export_project(graph, where.project or "")).encode("utf-8", "backslashreplace") + b"\n")
            what = f"{where.project} is"
    if output != "-":
        show.line(f"{what} in {output}")
    if missing:
        say(f"the content of {len(missing)} versions is not in the store and was left out, first {missing[0]}")


FORMATS = ("jsonl", "wfformat", "dvc", "csv")
SHOWN = 3  # of each kind of thing in a summary for people


@command("import")
@click.argument("given", nargs=-1, metavar="[FORMAT] FILE|-")
@click.option("--at", metavar="TIME", help="When it happened, for rows of csv that do not say so.")
@click.option("--dry-run", is_flag=True, help="Check it all and say what would be done; change nothing.")
@click.option("--renumber", is_flag=True, help="Give a backup's versions the numbers that are free here.")
@where_options
@format_option("text", "json")
def import_(given: tuple[str, ...], at: str | None, dry_run: bool, renumber: bool, where: Where, form: str) -> None:
    """Read a record from a file, one's own or another tool's.

    FORMAT says what FILE is; --project says where its runs and versions go:

    \b
    jsonl     (the default) a backup that `export --format jsonl` wrote, with
              content or without: it is restored as it was, or refused where
              it does not fit to what is here; a journal's whole entries,
              whose chain is verified; or events in the clear, one JSON
              object a line, each with its own project:
              {"kind": "run_started", "run": "digits/runs/a", "at": …}
    wfformat  a workflow that ran, WfFormat 1.5: a task is a run, a file a
              version (type file)
    dvc       a Git repository (a folder) with its history of dvc.lock, or
              that history as a JSON list of {commit, author_name,
              authored_at, dvc_lock}: a run is one distinct entry of a
              stage, a version one distinct path and hash (type file)
    csv       edges, one a row; the header names the columns: kind (used or
              logged), run, version; artifact, digest, at, type, size,
              used_as; of the run run_name, job_type, step, group, author,
              command, commit, state

    A file is checked to its end, and against what the graph holds, before anything is applied: all of it is, or nothing.
    Importing it again changes nothing. Names that the grammar does not allow are mapped one to one; the original stays as
    `source_id`, by which --source-id finds it.
    """
    from lineage_graph import archive, exchange
    from lineage_graph.intake import import_reading
    from lineage_graph.ledger import Ledger
    from lineage_graph.recording import content

    kind, file = _format_and_file(given)
    if at is not None and kind != "csv":
        raise click.UsageError("--at is for csv; the other formats say when")
    if renumber and kind != "jsonl":
        raise click.UsageError("--renumber is for backups; what is imported otherwise is numbered here anyway")
    project = _project(where, kind)
    with show.progress("reading", "commits") as advance:
        reading = _read(kind, file, project, at, advance) if kind != "jsonl" else None
    with _opened(file) if reading is None else nullcontext((None, file)) as (stream, name):
        graph = where.connect()
        recorder = graph.recorder
        ledger = Ledger(recorder.graph())
        with show.progress("importing") as advance:
            if stream is not None and archive.is_archive(stream):
                store = content.store_for(recorder.settings)
                done = exchange.import_archive(stream, name, graph, ledger, recorder.folder, store, advance, dry_run, renumber)
            elif stream is not None:
                done = exchange.import_lines(stream, name, graph, ledger, recorder.folder, advance, dry_run, renumber)
            elif reading is not None:
                done = import_reading(reading, ledger, recorder.folder, advance, dry_run)
    if form == "json":
        show.json(asdict(done))
    else:
        _show_import(done)


def _format_and_file(given: tuple[str, ...]) -> tuple[str, str]:
    if not given or len(given) > 2:
        raise click.UsageError("say what to import: FILE, or FORMAT and FILE")
    if len(given) == 1:
        if given[0] in FORMATS and not Path(given[0]).exists():
            raise click.UsageError(f"say which file of {given[0]} to import")
        return "jsonl", given[0]
    if given[0] not in FORMATS:
        raise click.UsageError(f"there is no format {given[0]!r}; there are {', '.join(FORMATS)}")
    return given[0], given[1]


def _project(where: Where, kind: str) -> str:
    """Where the runs and versions of another's file go."""
    project = where.project or where.settings().project
    if project is None and kind != "jsonl":
        raise click.UsageError("say where its runs and versions go: --project")
    return project or ""


def _read(kind: str, file: str, project: str, at: str | None, advance: show.Advance) -> Reading:
    """What a reader makes of a file, or of a Git repository."""
    from lineage_graph.readers import csv, dvc, git, wfformat

    if kind == "dvc" and file != "-" and Path(file).is_dir():
        return git.read(Path(file), project, advance)
    with _opened(file) as (stream, name):
        data = stream.read()
    if kind == "csv":
        return csv.read(data, name, project, at)
    return wfformat.read(data, name, project) if kind == "wfformat" else dvc.read(data, name, project)


def _show_import(done: Imported) -> None:
    """What an import did, for people."""
    if done.read:
        counts = ", ".join(f"{count:,} {what}" for what, count in done.read.items())
        show.line(f"{counts} read from {done.file}")
    would = "would be " if done.dry_run else ""
    events = f"{done.events} events" + ("" if done.read else f" read from {done.file}")
    show.line(f"{events}: {would}{done.applied} applied, {done.repeated} there before, {done.rejected} rejected")
    for reason in dict.fromkeys(done.reasons[:20]):
        show.line(f"rejected: {reason}")
    if done.mapped:
        some = ", ".join(f"{one.source_id!r} as {one.name!r}" for one in done.mapped[:SHOWN])
        show.line(f"{len(done.mapped):,} names are mapped: {some}{_more(len(done.mapped))}")
    reasons: dict[str, list[str]] = {}
    for one in done.left_out:
        times, first = (f"{one.count:,} × ", f" (first: {one.where})") if one.count > 1 else ("", "")
        reasons.setdefault(one.why, []).append(f"{times}{one.what}{first}")
    for why, things in reasons.items():
        show.line(f"left out: {', '.join(things)}: {why}")


def _more(count: int) -> str:
    return f" and {count - SHOWN:,} more (--format json has all)" if count > SHOWN else ""


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    if file != "-":
        try:
            with Path(file).open("rb") as stream:
                yield stream, file
        except IsADirectoryError:
            raise ImportRefused(file, None, "it is a folder; give a file") from None
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
@click.option("--from", "copied", metavar="PATH", help="Journals copied from another computer instead.")
@where_options
@format_option("text", "json")
@click.pass_context
def sync(ctx: click.Context, copied: str | None, where: Where, form: str) -> None:
    """Apply the journals of this computer that wait.

    What was recorded offline, or while Neo4j was down, goes into the graph; runs whose process died are closed as crashed.
    `status` shows what waits. Exit code 2 when a journal is broken; the others are applied.

    PATH is a journal of another computer, a folder of them, or a copy of its home, whose content is then taken over as well.
    Each chain is checked, the copies stay as they are, and to apply them again changes nothing.
    """
    graph = where.connect()
    events = 0
    with show.progress("applying") as advance:

        def count(new: int) -> None:
            nonlocal events
            events += new
            advance(events, 0)

        done, why = graph.recorder.sync(None if copied is None else Path(copied), count)
    problems = [str(problem) for problem in done.problems or []] + ([why] if why else [])
    if form == "json":
        counts = {key: getattr(done, key) for key in ("entries", "events", "rejected", "crashed", "resolved")}
        show.json(counts | {"problems": problems})
    else:
        crashed = f", {done.crashed} runs closed as crashed" if done.crashed else ""
        crashed += f", {done.resolved} uses refused before are recorded now" if done.resolved else ""
        show.line(f"{done.entries} entries ({done.events} events) applied, {done.rejected} events rejected{crashed}")
    for problem in problems:
        say(problem)
    sys.stdout.flush()
    ctx.exit(2 if problems else 0)
