"""Runs the demonstration and shows it: a server, the steps one by one, the model's lineage, what to try next."""

from __future__ import annotations

import os
import secrets
import shutil
import string
import sys
import time
import webbrowser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from lineage_graph.demo.pipeline import STEPS, Done, Step, run_all
from lineage_graph.demo.steps import PROJECT
from lineage_graph.errors import ExtraMissing, NotRecorded, SettingWrong

if TYPE_CHECKING:
    from lineage_graph.recording.connection import LineageGraph
    from lineage_graph.settings import Settings

MODEL = f"{PROJECT}/classifier:best"
REPORT = f"{PROJECT}/report:latest"
EXPLORER = "http://127.0.0.1:8137/"
VIEW = f"#/lineage/{MODEL}"

# What to try, and why. Every line works as it stands once the demonstration has run.
NEXT = (
    (f"upstream {REPORT}", "everything behind the report: data, sweep, evaluation"),
    (f"downstream {PROJECT}/digits-raw:v0", "everything the raw data touched"),
    (f"show {MODEL}", "one version: type, digest, size, metadata, aliases"),
    (f"download {MODEL}", "the model's files, checked"),
    (f"ls {PROJECT}", "what the project has"),
    (f"query lineage/producers --param version={PROJECT}/classifier:v0", "one of the questions kept as Cypher files"),
    ("status", "the server, what waits, what was refused"),
)


def show(console: Console, *, serve: bool = True) -> int:
    """What `lineage_graph.demo.run_demo` does."""
    from lineage_graph.recording.connection import connect
    from lineage_graph.settings import load

    if find_spec("sklearn") is None:
        raise ExtraMissing("the demonstration (scikit-learn)", "demo")
    began = time.monotonic()
    settings = load(mode="online")
    _server(settings, console)
    folder = settings.home / "demo" / _suffix()
    with connect() as graph:
        graph.sync()
        failed = _pipeline(console, graph, settings, folder)
        if failed is not None:
            _explain(console, failed, folder)
            return 2
        shutil.rmtree(folder, ignore_errors=True)
        _lineage(console, graph)
    console.print(f"\nDone in {time.monotonic() - began:.0f} seconds. Try next:\n")
    _next(console)
    _explorer(console, settings, serve and console.is_terminal)
    return 0


def _server(settings: Settings, console: Console) -> None:
    """Sees to a Neo4j: the one that is set, or the local one, started."""
    if settings.uri is not None:
        console.print(f"Neo4j at {settings.uri}")
        return
    from lineage_graph import local

    found = local.running(settings.server)
    if found is None:
        console.print("Starting the local Neo4j; it is fetched once.")
    found = local.up(settings.server, progress=console)
    console.print(f"Neo4j {found.version} at {found.uri}, in {settings.server}")


def _suffix() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(6))


def _pipeline(console: Console, graph: LineageGraph, settings: Settings, folder: Path) -> Done | None:
    """Runs all steps, with a line for each. Returns the one that failed, or None."""
    environment = dict(os.environ) | {
        "LINEAGE_GRAPH_MODE": "online",
        "OMP_NUM_THREADS": "1",
        # The steps hand files to each other through the store.
        "LINEAGE_GRAPH_STORE": str(settings.home / "store") if settings.store == "off" else settings.store_url,
    }
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("running the pipeline", total=len(STEPS))
        for done in run_all(
            folder,
            environment,
            lambda step: _run_id(graph, step, folder.name),
            lambda step: progress.update(task, description=step.id),
        ):
            if done.problem is not None:
                return done
            progress.advance(task)
            console.print(_line(graph, done), soft_wrap=True)
    return None


def _run_id(graph: LineageGraph, step: Step, suffix: str) -> str:
    """The step's own id the first time, and a fresh one ever after: a run that is recorded is not begun again."""
    try:
        graph.run(f"{PROJECT}/runs/{step.id}")
    except NotRecorded:
        return step.id
    return f"{step.id}-{suffix}"


def _line(graph: LineageGraph, done: Done) -> Text:
    rows = graph.query("lineage/outputs", run=f"{PROJECT}/runs/{done.run}", as_of=None)
    names = ", ".join(row["version"]["name"].rpartition("/")[2] + ("" if row["created"] else " again") for row in rows)
    logged = f"logged {names}" if names else "moved the alias best" if done.step.name == "choose" else ""
    return Text(f"  {done.run:<18} {done.seconds:4.1f} s   {logged}")


def _explain(console: Console, failed: Done, folder: Path) -> None:
    console.print(Text(failed.problem or "", style="dim"))
    console.print(Text(f"step {failed.step.id} failed; the lines above are the end of what it said, its files are in {folder}"))


def _lineage(console: Console, graph: LineageGraph) -> None:
    """The model's upstream as a tree, and the counts of the walks."""
    from lineage_graph.formats.tree import counts, draw

    console.print(f"\nWhere {MODEL} came from:\n")
    walks = []
    for name in (MODEL, REPORT):
        started = time.perf_counter()
        walks.append((name, graph.upstream(name), time.perf_counter() - started))
    # Lines of a tree are not broken; a terminal that is too narrow breaks them itself, and no name is cut.
    wide = Console(file=console.file, width=max(console.width, 160), force_terminal=console.is_terminal)
    wide.print(draw(walks[0][1]).tree)
    console.print()
    for name, walk, seconds in walks:
        console.print(Text(f"  upstream of {name}: {counts(walk)}, in {seconds * 1000:.0f} ms"), soft_wrap=True)


def _explorer(console: Console, settings: Settings, serve: bool) -> None:
    """The explorer on the chosen model: opened, or where it would be."""
    import lineage_graph

    if not serve:
        console.print(Text(f"\nIn the lineage explorer: {_program()} serve, then {EXPLORER}{VIEW}"), soft_wrap=True)
        return

    def up(address: str) -> None:
        console.print(Text(f"\nThe lineage explorer is at {address}{VIEW} (Ctrl-C ends it)"), soft_wrap=True)
        webbrowser.open(address + VIEW)

    try:
        lineage_graph.serve(settings, up=up)
    except SettingWrong:  # something else has that port
        lineage_graph.serve(settings, port=0, up=up)


def _next(console: Console) -> None:
    for command, why in commands():
        console.print(Text(f"  {why}", style="dim"), soft_wrap=True)
        console.print(Text(f"    {command}"), soft_wrap=True)


def commands() -> Iterator[tuple[str, str]]:
    """What to try next, as it can be pasted here and now, and why."""
    program = _program()
    for words, why in NEXT:
        yield f"{program} {words}", why


def _program() -> str:
    """`lineage-graph` as the caller's shell finds it: by its name, else by its path."""
    here = Path(sys.executable).parent / "lineage-graph"
    found = shutil.which("lineage-graph")
    if not here.exists() or (found is not None and Path(found).resolve() == here.resolve()):
        return "lineage-graph"
    return str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here)
