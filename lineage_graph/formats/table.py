"""Rows as aligned columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rich.cells import cell_len

from lineage_graph.formats import words
from lineage_graph.formats.json import compact
from lineage_graph.models import Lineage, RunNode, VersionNode

WALK = ("depth", "kind", "name", "type", "state / aliases", "digest / run", "size / took", "at")
Row = tuple[str, ...]


def walk_rows(lineage: Lineage) -> list[Row]:
    """One row a node of a walk, the nearest first; the columns are `WALK`."""
    return node_rows(lineage.runs, lineage.versions)


def node_rows(runs: Iterable[RunNode], versions: Iterable[VersionNode]) -> list[Row]:
    """One row a node, the nearest first; the columns are `WALK`."""
    rows: list[tuple[int, Row]] = [
        (v.depth, (str(v.depth), "version", v.name, v.type, ", ".join(v.aliases), words.digest(v.digest), words.size(v.size),
                   words.moment(v.created_at)))
        for v in versions
    ]  # fmt: skip
    rows += [
        (r.depth, (str(r.depth), "run", r.name, r.job_type or r.step or "", r.state, r.full_name,
                   words.took(r.started_at, r.ended_at), words.moment(r.started_at)))
        for r in runs
    ]  # fmt: skip
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def cell(value: Any) -> str:
    """A value as a cell: texts as they are, nothing for null, JSON for lists and mappings."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str | PurePath) else compact(value)


def query_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """A query's rows as cells, in the order of its columns."""
    return [tuple(cell(row.get(column)) for column in columns) for row in rows]


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows below their columns' names, aligned, nothing cut and nothing wrapped."""
    table = [tuple(columns), *(tuple(map(words.printable, row)) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True)).rstrip()
