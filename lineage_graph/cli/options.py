"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lineage_graph.errors import ParameterWrong

if TYPE_CHECKING:
    from lineage_graph.recording.connection import LineageGraph
    from lineage_graph.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(frozen=True)
class Where:
    """Which graph a command is about."""

    uri: str | None = None
    user: str | None = None
    database: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        from lineage_graph.names import check_project

        if self.project is not None:
            check_project(self.project)

    def connect(self) -> LineageGraph:
        """The graph, opened. Raises GraphProblem, SettingWrong."""
        from lineage_graph.recording.connection import connect

        return connect(self.uri, user=self.user, database=self.database, project=self.project)

    def settings(self) -> Settings:
        from lineage_graph.settings import load

        return load(uri=self.uri, user=self.user, database=self.database, project=self.project)


def command(name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command; the function's docstring is its help."""
    return click.command(name, context_settings=CONTEXT, **options)


def project_option(function: F) -> F:
    """--project"""
    text = "What names without a project are in. Default: the setting `project`."
    return click.option("--project", metavar="PROJECT", help=text)(function)


def where_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--uri --user --database --project, given to the command as one `where`."""

    @functools.wraps(function)
    def with_where(
        *args: Any, uri: str | None, user: str | None, database: str | None, project: str | None, **kwargs: Any
    ) -> Any:
        return function(*args, where=Where(uri, user, database, project), **kwargs)

    project_option(with_where)
    click.option("--database", metavar="NAME", help="The database in it. Default: neo4j.")(with_where)
    click.option("--user", metavar="USER", help="Neo4j's user; the password is read from LINEAGE_GRAPH_PASSWORD.")(with_where)
    click.option("--uri", metavar="URI", help="Another Neo4j than the one that is set, such as neo4j://host:7687.")(with_where)
    return with_where


def format_option(*formats: str) -> Callable[[F], F]:
    """--format, the first one being the default."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How to show the answer."
    )


def time_options(function: F) -> F:
    """--as-of --known-at"""
    click.option("--known-at", metavar="TIME", help="Only what the graph knew by then.")(function)
    click.option("--as-of", metavar="TIME", help="Only what had happened by then, such as 2026-01-05T08:00:00Z.")(function)
    return function


def source_option(function: F) -> F:
    """--source-id"""
    text = "NAME is the id that it had in the record it was imported from; --project narrows where to look."
    return click.option("--source-id", "by_source", is_flag=True, help=text)(function)


def limits(what: str, late: str = "Answer with what is found by then.") -> Callable[[F], F]:
    """--limit --after --timeout, of answers that are made of `what`. late: what happens when the time is over."""

    def with_limits(function: F) -> F:
        seconds = click.FloatRange(0, min_open=True)
        click.option("--timeout", type=seconds, metavar="SECONDS", help=late)(function)
        click.option("--after", metavar="CURSOR", help="Go on where an answer was cut.")(function)
        click.option("--limit", type=click.IntRange(1), metavar="N", help=f"At most so many {what}.")(function)
        return function

    return with_limits


NOT_IN_PARTS = "Fail when it takes longer; a part would be a wrong answer."
limit_options = limits("runs and versions, the nearest first")


def exit_code_option(text: str) -> Callable[[F], F]:
    """--exit-code"""
    return click.option("--exit-code", is_flag=True, help=text)


def pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """'key=value' texts as a dictionary. Raises ParameterWrong."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ParameterWrong(option, f"{text!r} is not key=value")
        if key in found:
            raise ParameterWrong(option, f"{key!r} is given twice")
        found[key] = value
    return found


def values(given: Iterable[str], option: str) -> dict[str, Any]:
    """'key=value' texts; a value that is JSON (0.1, true, null, [1,2]) counts as that, else it is text."""
    return {key: as_value(text) for key, text in pairs(given, option).items()}


def as_value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
