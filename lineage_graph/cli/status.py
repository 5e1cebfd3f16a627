"""`lineage-graph status`: which Neo4j, what waits, what was refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage_graph.cli import show
from lineage_graph.cli.options import Where, command, format_option, where_options
from lineage_graph.errors import JournalProblem, LineageError

if TYPE_CHECKING:
    from lineage_graph.graph import Graph
    from lineage_graph.recording.drain import Waiting
    from lineage_graph.settings import Settings


@command("status")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="At most so many rejections.")
@where_options
@format_option("text", "json")
def status(limit: int, where: Where, form: str) -> None:
    """Which Neo4j is it, does it answer, what waits, and what was refused?

    Journals that wait are those of this computer whose events are not in the graph yet; `sync` applies them. Rejections are
    events the graph took note of and refused, the newest first.
    """
    settings = where.settings()
    server, rejections = _server(settings, limit)
    journals = _journals(settings.journals)
    if form == "json":
        show.json(
            {"server": server, "home": settings.home, "mode": settings.mode, "journals": journals, "rejections": rejections}
        )
        return
    state = f"answers (Neo4j {server['version']})" if server["reachable"] else server["problem"]
    show.facts(
        [
            ("server", server["uri"] or "none"),
            ("state", state),
            ("schema", _schema(server["schema"])),
            ("home", settings.home),
            ("mode", settings.mode),
        ]
    )
    rows = [
        (j["uid"], str(j["events"]), str(j["bytes"]), "yes" if j["live"] else "", str(j["torn"] or ""), j["problem"] or "")
        for j in journals
    ]
    show.section("journals waiting", ("journal", "events", "bytes", "live", "torn", "problem"), rows)
    if server["reachable"]:
        refused = [(r["at"], r["journal"], str(r["seq"]), r["reason"]) for r in rejections]
        show.section("rejected", ("at", "journal", "entry", "reason"), refused)


def _server(settings: Settings, limit: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The server's address and whether it answers, and the newest rejections in it."""
    from lineage_graph.recording.connect import open_graph

    said: dict[str, Any] = {"uri": settings.uri, "version": None, "schema": None, "reachable": False, "problem": None}
    try:
        graph = open_graph(settings)
        try:
            said |= {"uri": graph.uri, "version": graph.version(), "schema": graph.schema(), "reachable": True}
            return said, _rejections(graph, limit)
        finally:
            graph.close()
    except LineageError as problem:
        return said | {"problem": str(problem)}, []


def _schema(version: int | None) -> str | None:
    """The graph's schema version, for people."""
    from lineage_graph.migrations import LATEST

    if version is None or version == LATEST:
        return None if version is None else str(version)
    return f"{version}; the next write brings it to {LATEST}" if version else f"none; the first write brings it to {LATEST}"


def _rejections(graph: Graph, limit: int) -> list[dict[str, Any]]:
    from lineage_graph.lineage import Reader

    keys = ("journal", "seq", "event", "reason")
    return [{"at": row["recorded_at"]} | {key: row[key] for key in keys} for row in Reader(graph).rejections(limit)]


def _journals(folder: Path) -> list[dict[str, Any]]:
    """The journals in a folder, and in those for graphs that were named in a call, that are not wholly applied."""
    from lineage_graph.recording.drain import waiting

    found = []
    for place in (folder, *sorted(folder.glob("to-*/"))):
        for one in waiting(place):
            events, problem = _unapplied(one)
            if events or problem or one.torn:
                found.append(
                    {
                        "uid": one.uid,
                        "path": one.path,
                        "events": events,
                        "bytes": one.bytes,
                        "live": one.live,
                        "torn": one.torn,
                        "problem": problem,
                    }
                )
    return found


def _unapplied(one: Waiting) -> tuple[int, str | None]:
    """How many events of a journal are not in the graph, as far as this computer knows, and what is wrong with it."""
    from lineage_graph import journal

    events = 0
    try:
        for entry, _ in journal.read(one.path, one.applied):
            events += len(entry.events)
    except JournalProblem as problem:
        return events, str(problem)
    return events, None
