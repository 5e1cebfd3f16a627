"""An audit's answer: what was asked, and rows for people to read."""

from __future__ import annotations

from typing import Any

from lineage_graph.models import Frozen, Truncated


class Audit(Frozen):
    """The answer of one file of `cypher/audit/`.

    question:   what the file answers. name: 'audit/NAME'.
    parameters: every parameter as the file was given it: names in full, times in UTC, null where nothing was said.
    columns:    the names of the columns; rows: {column: value}, in the order that the file states.
    truncated:  null when these are all the rows (after those left out).
    """

    question: str
    name: str
    parameters: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    truncated: Truncated | None = None
