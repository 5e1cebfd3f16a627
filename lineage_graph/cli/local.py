"""The managed local Neo4j: up, down, doctor, browser; and the demo on it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import command, format_option

if TYPE_CHECKING:
    from lineage_graph.local import Check, Server
    from lineage_graph.settings import Settings


@command("up")
@click.option("--version", metavar="VERSION", help="Which Neo4j. Default: the newest this package knows.")
@click.option("--heap", metavar="SIZE", help="Memory for Java's heap, such as 512m. Default: LINEAGE_GRAPH_HEAP, or 1g.")
@click.option("--http", is_flag=True, help="With Neo4j Browser.")
@format_option("text", "json")
def up(version: str | None, heap: str | None, http: bool, form: str) -> None:
    """Start the local Neo4j, or find it started.

    A real Neo4j Community on this computer's loopback address, with its own password and data folder. Its jars are fetched
    once, and checked. It outlives this command; `down` stops it.
    """
    from lineage_graph import local
    from lineage_graph.settings import load

    progress = show.console(stderr=True) if sys.stderr.isatty() else None
    server = local.up(load().server, version=version or local.DEFAULT_VERSION, heap=heap, http=http, progress=progress)
    if form == "json":
        show.json(_public(server))
        return
    show.line(f"Neo4j {server.version} is up at {server.uri} (process {server.pid}), data in {server.folder}")
    if server.http:
        show.line(f"Neo4j Browser is at {server.http}, user {server.user}, password in {server.folder / 'password'}")


def _public(server: Server) -> dict[str, Any]:
    """What may be shown of a server: all but its password."""
    said = {k: v for k, v in asdict(server).items() if k != "password"}
    return said | {"password_file": server.folder / "password"}


@command("down")
@format_option("text", "json")
def down(form: str) -> None:
    """Stop the local Neo4j; its data stay."""
    from lineage_graph import local
    from lineage_graph.settings import load

    folder = load().server
    stopped = local.down(folder)
    if form == "json":
        show.json({"stopped": stopped, "folder": folder})
    else:
        show.line(f"the local Neo4j in {folder} {'is stopped' if stopped else 'was not running'}")


@command("doctor")
@format_option("text", "json")
@click.pass_context
def doctor(ctx: click.Context, form: str) -> None:
    """Is everything there that this needs?

    Looks at the settings, the folders and the Neo4j that is set, or at all that the local one depends on, and says what to do
    about what is not in order. Exit code 1 when something is not.
    """
    from lineage_graph.settings import load

    checks = _checks(load())
    if form == "json":
        show.json({"ok": all(c.ok for c in checks), "checks": [asdict(c) for c in checks]})
    else:
        rows = [("ok" if c.ok else "NO", c.name, f"{c.what}; {c.todo}" if c.todo else c.what) for c in checks]
        show.table(("", "what", "found"), rows, "")
    ctx.exit(0 if all(c.ok for c in checks) else 1)


def _checks(settings: Settings) -> list[Check]:
    from lineage_graph import local
    from lineage_graph.errors import GraphProblem
    from lineage_graph.recording.connect import open_graph
    from lineage_graph.settings import config_file

    config = config_file()
    home = next(parent for parent in (settings.home, *settings.home.parents) if parent.exists())
    writable = home.is_dir() and os.access(home, os.W_OK | os.X_OK)
    checks = [
        local.Check("config", True, f"{config} is {'read' if config.exists() else 'not there, which is fine'}"),
        local.Check(
            "home",
            writable,
            f"{settings.home} {'can' if writable else 'cannot'} be written",
            "" if writable else "make it writable, or set LINEAGE_GRAPH_HOME to a folder that is",
        ),
    ]
    if settings.uri is None:
        return checks + local.doctor(settings.server)
    try:
        graph = open_graph(settings)
        try:
            what = f"Neo4j {graph.version()} answers at {settings.uri}, its graph has schema {graph.schema()}"
            return [*checks, local.Check("graph", True, what)]
        finally:
            graph.close()
    except GraphProblem as problem:
        what, _, todo = str(problem).partition("; ")
        return [*checks, local.Check("graph", False, what, todo)]


@command("browser")
@click.option("--query", "query_name", metavar="NAME", help="Fill one of our queries in, such as lineage/upstream.")
@click.option("--print", "only_print", is_flag=True, help="Print the address, open nothing.")
@format_option("text", "json")
def browser(query_name: str | None, only_print: bool, form: str) -> None:
    """Open Neo4j Browser on the local Neo4j.

    Starts the server if need be; Neo4j Browser's files are fetched on first use. It asks for the password, which is in the
    file that is named.
    """
    from lineage_graph import local
    from lineage_graph.cli.cypher import find
    from lineage_graph.settings import load

    text = find(query_name).paste() if query_name else None
    folder = load().server
    running = local.running(folder)
    version = running.version if running else local.DEFAULT_VERSION
    progress = show.console(stderr=True) if sys.stderr.isatty() else None
    server = local.up(folder, version=version, http=True, progress=progress)
    url = local.browser_url(server, text)
    if form == "json":
        show.json({"url": url, "user": server.user, "password_file": server.folder / "password"})
    else:
        show.line(url)
    if not only_print and form != "json":
        click.launch(url)
        show.line(f"user {server.user}, password in {server.folder / 'password'}")


@command("demo")
@click.option("--serve/--no-serve", default=True, help="End with the lineage explorer in the browser; only in a terminal.")
@click.pass_context
def demo(ctx: click.Context, serve: bool) -> None:
    """Record a real pipeline and look at its lineage.

    Starts the local Neo4j, runs a scikit-learn pipeline on real data, each step a process of its own, then shows where the
    best model came from: as a tree, and in the lineage explorer until Ctrl-C. Needs the extras [local] and [demo].
    """
    from lineage_graph.errors import ExtraMissing

    try:
        from lineage_graph.demo import run_demo
    except ImportError:
        raise ExtraMissing("the demo", "local,demo") from None
    ctx.exit(run_demo(show.console(), serve=serve))
