"""Looking: ls, show, upstream, downstream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, limit_options, source_option, time_options, where_options
from lineage_graph.cli.write import output_option, written

if TYPE_CHECKING:
    from lineage_graph.answers.erasure import Erasure
    from lineage_graph.models import ArtifactVersion, Lineage, Run
    from lineage_graph.recording.connection import LineageGraph

FORMS = ("tree", "table", "json", "csv", "dot", "mermaid", "svg")


@command("ls")
@click.argument("in_project", required=False, metavar="[PROJECT]")
@click.option("--runs", "what", flag_value="runs", help="The project's runs, the newest first.")
@click.option("--artifacts", "what", flag_value="artifacts", help="The project's artifacts (the default).")
@click.option("--versions", metavar="ARTIFACT", help="The versions of one artifact, the oldest first.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="At most so many runs.")
@where_options
@format_option("table", "json")
def ls(in_project: str | None, what: str | None, versions: str | None, limit: int, where: Where, form: str) -> None:
    """What is recorded?

    Without PROJECT: the projects. With it: its artifacts, its runs, or the versions of one artifact.
    """
    if versions is not None and what is not None:
        raise click.UsageError("--versions goes without --runs and --artifacts")
    where = Where(where.uri, where.user, where.database, in_project or where.project)
    if what is not None and where.project is None:
        raise click.UsageError(f"--{what} needs a PROJECT")
    graph = where.connect()
    if versions is not None:
        _versions(graph.versions(versions), form)
    elif what == "runs":
        _runs(graph, where.project, limit, form)
    elif where.project is None:
        found = graph.projects()
        rows = [(p["project"], str(p["artifacts"]), str(p["runs"])) for p in found]
        _list(found, form, ("project", "artifacts", "runs"), rows, "nothing is recorded yet")
    else:
        _artifacts(graph, where.project, form)


def _list(records: Any, form: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], nothing: str) -> None:
    if form == "json":
        show.json(records)
    else:
        show.table(columns, rows, nothing)


def _artifacts(graph: LineageGraph, project: str, form: str) -> None:
    found = graph.artifacts(project)
    if not found:
        graph.must_be_project(project)
    rows = [(a.full_name, a.type, str(a.versions), ", ".join(a.aliases)) for a in found]
    _list(found, form, ("artifact", "type", "versions", "aliases"), rows, f"project {project} has no artifacts")


def _runs(graph: LineageGraph, project: str | None, limit: int, form: str) -> None:
    from lineage_graph.formats import words

    found = graph.runs(project, limit=limit + 1)
    if not found and project is not None:
        graph.must_be_project(project)
    more, found = found[limit:], found[:limit]
    rows = [
        (r.full_name, r.name, r.job_type or "", r.state, words.moment(r.started_at), words.took(r.started_at, r.ended_at))
        for r in found
    ]
    _list(found, form, ("run", "name", "job type", "state", "started", "took"), rows, "there are no runs")
    if more:
        click.echo(f"the newest {limit} are shown; --limit shows more", err=True)


def _versions(found: list[ArtifactVersion], form: str) -> None:
    from lineage_graph.formats import words

    rows = [
        (v.name, v.type, ", ".join(v.aliases), words.digest(v.digest), words.size(v.size), words.moment(v.created_at))
        for v in found
    ]
    _list(found, form, ("version", "type", "aliases", "digest", "size", "created"), rows, "there are no versions")


@command("show")
@click.argument("name")
@source_option
@where_options
@format_option("text", "json")
def show_(name: str, by_source: bool, where: Where, form: str) -> None:
    """What is recorded of this version or run?

    NAME is [project/]name with :vN, :alias or @digest (:latest if nothing is said), or project/runs/ID. Everything recorded
    of it, the runs that made and used it (or the versions it used and logged), a version's files, and what was erased of it.
    """
    from lineage_graph.models import Run

    graph = where.connect()
    found = graph.by_source(name) if by_source else graph.find(name)
    if isinstance(found, Run):
        _show_run(found, graph, form)
    else:
        _show_version(found, graph, form)


def _show_run(run: Run, graph: LineageGraph, form: str) -> None:
    inputs, outputs = graph.inputs(run.full_name), graph.outputs(run.full_name)
    erased = graph.erasures(run.uid)
    if form == "json":
        show.json({"kind": "run", "run": run, "used": inputs, "logged": outputs, "erased": erased})
        return
    fields = run.model_dump(mode="json", exclude={"environment", "stub"})
    show.facts([("run", run.full_name), *fields.items()])
    show.facts([(f"environment.{k}", v) for k, v in run.environment.items() if k != "packages"])
    _show_erased(erased)
    for title, versions in (("used", inputs), ("logged", outputs)):
        show.section(title, ("version", "type", "aliases"), [(v.name, v.type, ", ".join(v.aliases)) for v in versions])


def _show_version(version: ArtifactVersion, graph: LineageGraph, form: str) -> None:
    producers, consumers = graph.producers(version.name), graph.consumers(version.name)
    files, erased = _files(graph, version), graph.erasures(version.uid)
    if form == "json":
        answer = {"kind": "version", "version": version, "logged_by": producers, "used_by": consumers, "erased": erased}
        show.json(answer | {"files": None if files is None else [f._asdict() for f in files]})
        return
    from lineage_graph.formats import words

    show.facts(list(version.model_dump(mode="json").items()))
    _show_erased(erased)
    for title, runs in (("logged by", producers), ("used by", consumers)):
        rows = [(r.full_name, r.name, r.job_type or "", r.state, words.moment(r.started_at)) for r in runs]
        show.section(title, ("run", "name", "job type", "state", "started"), rows)
    if files is not None:
        parts = [(f.path, words.size(f.size), f.digest, f.ref or "") for f in files]
        show.section("files", ("path", "size", "digest", "at"), parts)


def _show_erased(erased: list[Erasure]) -> None:
    from lineage_graph.formats import words

    show.facts([("erased", f"{', '.join(one.groups)} ({one.reason}, {words.moment(one.at)})") for one in erased])


def _files(graph: LineageGraph, version: ArtifactVersion) -> list[Any] | None:
    """The version's files; None where no store that can be reached has its manifest."""
    from lineage_graph.errors import ContentProblem

    try:
        return list(graph.artifact(version.name).manifest.values())
    except (ContentProblem, OSError):
        return None


def rows_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--rows, given to the command as `rows`."""
    text = "With csv: a row an edge (the default), or a row a run or version."
    return click.option("--rows", type=click.Choice(("edges", "nodes")), help=text)(function)


def check_rows(rows: str | None, form: str) -> None:
    """Raises UsageError where --rows would do nothing."""
    if rows is not None and form != "csv":
        raise click.UsageError("--rows is of --format csv")


def named(graph: LineageGraph, name: str, by_source: bool) -> str:
    """The name to ask by, of what has `name` as its source id or as its name."""
    if not by_source:
        return name

    found = graph.by_source(name)
    return found.full_name


def _walk_command(direction: str, help_text: str) -> click.Command:
    @click.argument("name")
    @click.option("--depth", type=click.IntRange(0), metavar="N", help="How many relationships to look; 1 is the nearest runs.")
    @source_option
    @time_options
    @limit_options
    @output_option
    @rows_option
    @where_options
    @format_option(*FORMS)
    def walk(name: str, by_source: bool, where: Where, form: str, output: str, rows: str | None, **given: Any) -> None:
        check_rows(rows, form)
        graph = where.connect()
        ask = graph.upstream if direction == "upstream" else graph.downstream
        show_walk(ask(named(graph, name, by_source), **given), form, output, rows)

    walk.__doc__ = help_text
    return command(direction)(walk)


upstream = _walk_command(
    "upstream",
    """What was this made from, all the way back?

    NAME is a version ([project/]name with :vN, :alias or @digest) or a run (project/runs/ID). The tree opens each run and
    version once; the table has a row for each; json is the whole answer, with its edges; csv is
    for spreadsheets; dot, mermaid and svg are pictures.
    """,
)
downstream = _walk_command(
    "downstream",
    """What was made from this, all the way on?

    NAME is a version ([project/]name with :vN, :alias or @digest) or a run (project/runs/ID). The tree opens each run and
    version once; the table has a row for each; json is the whole answer, with its edges; csv is
    for spreadsheets; dot, mermaid and svg are pictures.
    """,
)


def show_walk(lineage: Lineage, form: str, output: str = "-", rows: str | None = None) -> None:
    """A walk in one of `FORMS`, on stdout or in a file."""
    from lineage_graph.formats.tree import cut

    if output == "-" and form == "tree":
        _show_tree(lineage)
    elif output == "-" and form == "table":
        from lineage_graph.formats.table import WALK, walk_rows

        show.table(WALK, walk_rows(lineage), "nothing")
    else:
        with written(output) as write:
            write(_text_of(lineage, form, rows).encode("utf-8", "backslashreplace"))
    if form in {"table", "csv"} and (why := cut(lineage)) is not None:
        click.echo(why, err=True)
    if output != "-":
        show.line(f"{lineage.home} is in {output}")


def _show_tree(lineage: Lineage) -> None:
    from lineage_graph.formats.tree import draw

    drawn = draw(lineage)
    show.console(wrap=False).print(drawn.tree)
    click.echo()
    for note in drawn.notes:
        show.line(note)


def _text_of(lineage: Lineage, form: str, rows: str | None) -> str:
    """A walk as the text of a file."""
    if form == "json":
        return lineage.model_dump_json() + "\n"
    if form == "csv":
        from lineage_graph.formats import csv

        return csv.write(lineage, "nodes" if rows == "nodes" else "edges")
    if form == "tree":
        from lineage_graph.formats import tree

        return tree.write(lineage)
    if form == "table":
        from lineage_graph.formats import table

        return "".join(f"{line}\n" for line in table.lines(table.WALK, table.walk_rows(lineage)))
    from lineage_graph.formats import dot, mermaid, svg

    return {"dot": dot.draw, "mermaid": mermaid.draw, "svg": svg.draw}[form](lineage)
