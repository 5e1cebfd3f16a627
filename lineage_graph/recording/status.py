"""How it stands with recording here: whether Neo4j answers, what waits in journals, and what the graph refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lineage_graph import journal
from lineage_graph.errors import JournalProblem, LineageError
from lineage_graph.graph import Graph
from lineage_graph.lineage import Reader
from lineage_graph.recording.connect import open_graph
from lineage_graph.recording.drain import Waiting, waiting
from lineage_graph.settings import Settings


def status(settings: Settings, limit: int = 20) -> dict[str, Any]:
    """As JSON has it: `server`, with its `problem` where it does not answer; `home`, `mode`; the `journals` of this computer
    that are not wholly in the graph; `rejections`, the newest first, at most `limit`."""
    server, rejections = _server(settings, limit)
    journals = _journals(settings.journals)
    return {"server": server, "home": settings.home, "mode": settings.mode, "journals": journals, "rejections": rejections}


def _server(settings: Settings, limit: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
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


def _rejections(graph: Graph, limit: int) -> list[dict[str, Any]]:
    keys = ("journal", "seq", "event", "reason")
    return [{"at": row["recorded_at"]} | {key: row[key] for key in keys} for row in Reader(graph).rejections(limit)]


def _journals(folder: Path) -> list[dict[str, Any]]:
    """The journals in a folder, and in those for graphs that were named in a call, that are not wholly applied."""
    found = []
    for place in (folder, *sorted(folder.glob("to-*/"))):
        for one in waiting(place):
            events, problem = _unapplied(one)
            if events or problem or one.torn:
                said = {"uid": one.uid, "path": one.path, "events": events, "bytes": one.bytes}
                found.append(said | {"live": one.live, "torn": one.torn, "problem": problem})
    return found


def _unapplied(one: Waiting) -> tuple[int, str | None]:
    """How many events of a journal are not in the graph, as far as this computer knows, and what is wrong with it."""
    events = 0
    try:
        for entry, _ in journal.read(one.path, one.applied):
            events += len(entry.events)
    except JournalProblem as problem:
        return events, str(problem)
    return events, None
