"""Cypher from the command line: the query files (queries, query), and a person's own (cypher)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, limits, pairs, values, where_options
from lineage_graph.errors import ContentProblem, ParameterWrong

if TYPE_CHECKING:
    from lineage_graph.queries import Declared, Query


def find(name: str) -> Query:
    """The query of that name; its last word alone is enough where only one that people ask has it. Raises QueryUnknown."""
    from lineage_graph import queries

    alike = [q for q in queries.QUERIES.values() if q.name.rpartition("/")[2] == name and not q.name.startswith("evidence/")]
    return alike[0] if len(alike) == 1 else queries.get(name)


def typed(query: Query, given: Mapping[str, str]) -> dict[str, Any]:
    """Texts from the command line as the types that a query's header declares, and null for what may be left out.

    Raises ParameterWrong.
    """
    found = {}
    for name, text in given.items():
        declared = query.parameters.get(name)
        found[name] = text if declared is None else _as(query, declared, text)
    return query.filled(found)


def _as(query: Query, declared: Declared, text: str) -> Any:
    if text == "null" and declared.may_be_null:
        return None
    if declared.type == "STRING":
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise ParameterWrong(query.name, f"parameter ${declared.name} is {declared.type}, not {text!r}") from None


@command("queries")
@click.argument("name", required=False, metavar="[AREA|NAME]")
@format_option("table", "json")
def queries_(name: str | None, form: str) -> None:
    """Which Cypher queries are there, and what does each answer?

    All of them, those of one AREA (schema, record, lineage, …), or one in full: its question, parameters and columns.
    """
    from lineage_graph.queries import QUERIES

    area = [q for q in QUERIES.values() if name is None or q.name.startswith(f"{name}/")]
    if not area and name is not None:
        query = find(name)
        if form == "json":
            show.json(_described(query))
        else:
            _show_header(query)
    elif form == "json":
        show.json([_described(q) for q in area])
    else:
        show.table(("query", "question"), [(q.name, q.question) for q in area], "there are none")


def _described(query: Query) -> dict[str, Any]:
    return {
        "name": query.name,
        "path": query.path,
        "question": query.question,
        "about": query.about,
        "access": query.access,
        "parameters": [vars(p) for p in query.parameters.values()],
        "columns": [vars(c) for c in query.columns],
    }


def _show_header(query: Query) -> None:
    show.line(f"{query.name}: {query.question}")
    if query.about:
        click.echo(f"\n{query.about}")
    for title, declared in (("Parameters", list(query.parameters.values())), ("Columns", list(query.columns))):
        if declared:
            show.heading(title)
            show.facts([(d.name, f"{d.type}  {d.meaning}") for d in declared])


@command("query")
@click.argument("name")
@click.option("--param", "-p", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of the query; repeatable.")
@click.option("--show", "show_text", is_flag=True, help="Print the Cypher, ready to paste into Neo4j Browser; run nothing.")
@limits("rows of an audit")
@where_options
@format_option("table", "json")
def query(
    name: str,
    params: tuple[str, ...],
    show_text: bool,
    limit: int | None,
    after: str | None,
    timeout: float | None,
    where: Where,
    form: str,
) -> None:
    """Run one of the Cypher queries.

    `queries` lists them; `queries NAME` says what each takes and gives. Values are read as the type that the query declares;
    a parameter that may be null may be left out. Only queries that read are run.

    Audits (`queries audit`) take a version by any of its names and --project as their project, and say when their rows were
    cut; json is the whole answer, with its question and parameters. Other queries give their rows.

    Example: lineage-graph query audit/who_touched -p version=digits/classifier:best
    """
    asked = find(name)
    given = pairs(params, "--param")
    if show_text:
        show.raw(asked.paste(**typed(asked, given)) if given else asked.paste())
        return
    if asked.access != "read":
        raise ParameterWrong(asked.name, "it writes, and only the ledger runs it; `--show` prints it")
    if asked.name.startswith("audit/"):
        _audit(asked, given, limit, after, timeout, where, form)
        return
    if limit is not None or after is not None:
        raise click.UsageError("--limit and --after go with audits; other queries are given what they take with --param")
    rows = where.connect().query(asked.name, timeout, **typed(asked, given))
    columns = [c.name for c in asked.columns]
    from lineage_graph.formats.json import steady

    found = [{column: steady(row.get(column)) for column in columns} for row in rows]
    if form == "json":
        show.json(found)
    else:
        _table(columns, found)


def _audit(
    asked: Query, given: dict[str, str], limit: int | None, after: str | None, timeout: float | None, where: Where, form: str
) -> None:
    if where.project is not None and "project" in asked.parameters:
        given = {"project": where.project} | given
    parameters = typed(asked, given)
    own_limit, own_after = parameters.pop("limit"), parameters.pop("after")
    after = after if own_after is None else str(own_after)
    answer = where.connect().audit(asked.name, limit=limit or own_limit, after=after, timeout=timeout, **parameters)
    if form == "json":
        show.raw(answer.model_dump_json())
        return
    from lineage_graph.formats.tree import cut

    _table(answer.columns, answer.rows)
    if (why := cut(answer)) is not None:
        click.echo(why, err=True)


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from lineage_graph.formats.table import query_rows

    show.table(columns, query_rows(columns, rows), "no rows")


@command("cypher")
@click.argument("statement", required=False)
@click.option("--param", "-p", "params", multiple=True, metavar="KEY=VALUE", help="A parameter of the statement; repeatable.")
@click.option("--file", "file", metavar="FILE", help="Read the statement from a file.")
@click.option("--limit", type=click.IntRange(1), metavar="N", default=1_000, show_default=True, help="At most so many rows.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", default=30.0, show_default=True,
    help="Fail when it takes longer.",
)  # fmt: skip
@where_options
@format_option("table", "json", "csv")
def cypher(
    statement: str | None,
    params: tuple[str, ...],
    file: str | None,
    limit: int,
    timeout: float,
    where: Where,
    form: str,
) -> None:
    """Ask the graph in your own Cypher. It can read and nothing else.

    STATEMENT is one statement; - reads it from stdin. It runs as it is, when all that its plan does is read: no writing, no
    LOAD CSV, no procedure but those that describe the schema or search by words. Values that are JSON (0.1, true, [1,2]) count
    as that, others are text.

    Who asked what, when, and what came of it is recorded, also what is refused: `query audit/questions` tells.

    Example: lineage-graph cypher 'MATCH (r:Run {author: $who}) RETURN r.project, r.id' -p who=ann
    """
    from lineage_graph.cli.record import warnings_as_sentences

    text = _statement(statement, file)
    warnings_as_sentences()
    answer = where.connect().cypher(text, values(params, "--param"), limit=limit, timeout=timeout)
    if form == "json":
        show.raw(answer.model_dump_json())
    elif form == "csv":
        from lineage_graph.formats.csv import table

        click.echo(table(answer.columns, answer.rows), nl=False)
    else:
        _table(answer.columns, answer.rows)
    if answer.truncated is not None:
        unit = "rows" if answer.truncated.reason == "limit" else "bytes"
        click.echo(f"the answer ends at its limit of {answer.truncated.limit:,} {unit}: there is more", err=True)


def _statement(given: str | None, file: str | None) -> str:
    """The text of a statement: the one given, that of a file, or stdin's."""
    if (given is None) == (file is None):
        raise click.UsageError("give one statement, as STATEMENT or with --file")
    if given is not None and given != "-":
        return given
    try:
        if file is None:
            return sys.stdin.buffer.read().decode()
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ContentProblem(file or "stdin", f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ContentProblem(file or "stdin", "it is no text in UTF-8") from None
