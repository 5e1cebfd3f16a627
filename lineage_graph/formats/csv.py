"""A walk as rows, for spreadsheets and programs: a row an edge, with both of its ends; or a row a run or version.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and such a cell may do harm. In CSV such a text
has an apostrophe before it, and so has a text that begins with an apostrophe: who reads it takes one leading apostrophe away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from lineage_graph.formats.json import compact
from lineage_graph.models import Edge, Lineage, RunNode, VersionNode

Rows = Literal["edges", "nodes"]
# Those that `import` reads have its names.
EDGES = (
    "kind", "run", "version", "at", "type", "digest", "job_type", "run_name", "step", "state", "author", "started_at",
    "ended_at", "size", "created_at", "aliases", "run_depth", "version_depth", "run_source_id", "version_source_id",
    "run_uid", "version_uid",
)  # fmt: skip
NODES = (
    "kind", "name", "depth", "type", "display_name", "step", "state", "author", "started_at", "ended_at", "digest", "size",
    "created_at", "aliases", "source_id", "uid",
)  # fmt: skip
COLUMNS = {"edges": EDGES, "nodes": NODES}
_GUARDED = ("=", "+", "-", "@", "'", "\t", "\r")


def write(lineage: Lineage, rows: Rows = "edges") -> str:
    """The walk as CSV (RFC 4180, UTF-8), its columns' names first; times in UTC, aliases by commas, nothing for null."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS[rows])
    writer.writerows([_cell(row[column]) for column in COLUMNS[rows]] for row in records(lineage, rows))
    return text.getvalue()


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A query's rows as CSV, its columns' names first; JSON for lists and mappings, nothing for null."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(column) for column in columns])
    for row in rows:
        values = (row.get(column) for column in columns)
        writer.writerow([_cell(compact(value) if isinstance(value, list | dict | bool) else value) for value in values])
    return text.getvalue()


def records(lineage: Lineage, rows: Rows = "edges") -> list[dict[str, Any]]:
    """The rows as values. edges: in order of time; of an end that is on an earlier page only the uid is known.
    nodes: the nearest first, versions before runs of the same depth."""
    if rows == "nodes":
        nodes: list[RunNode | VersionNode] = [*lineage.versions, *lineage.runs]
        nodes.sort(key=lambda node: node.depth)
        return [_of_version(node) if isinstance(node, VersionNode) else _of_run(node) for node in nodes]
    runs = {run.uid: run for run in lineage.runs}
    versions = {version.uid: version for version in lineage.versions}
    return [_of_edge(edge, runs.get(edge.run), versions.get(edge.version)) for edge in lineage.edges]


def _of_edge(edge: Edge, run: RunNode | None, version: VersionNode | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(EDGES)
    row |= {"kind": edge.kind, "at": edge.at, "run_uid": edge.run, "version_uid": edge.version}
    if run is not None:
        row |= {name: getattr(run, name) for name in ("job_type", "step", "state", "author", "started_at", "ended_at")}
        row |= {"run": run.full_name, "run_name": run.name, "run_depth": run.depth, "run_source_id": run.source_id}
    if version is not None:
        row |= {name: getattr(version, name) for name in ("type", "digest", "size", "created_at", "aliases")}
        row |= {"version": version.name, "version_depth": version.depth, "version_source_id": version.source_id}
    return row


def _of_run(run: RunNode) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(NODES)
    row |= {name: getattr(run, name) for name in NODES if name in RunNode.model_fields}
    return row | {"kind": "run", "name": run.full_name, "type": run.job_type, "display_name": run.name}


def _of_version(version: VersionNode) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(NODES)
    row |= {name: getattr(version, name) for name in NODES if name in VersionNode.model_fields}
    return row | {"kind": "version"}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(_GUARDED) else text
