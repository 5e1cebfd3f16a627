"""The answer to a statement that somebody wrote."""

from __future__ import annotations

from typing import Any, Literal

from lineage_graph.models import Frozen


class Cut(Frozen):
    """Why rows are missing: more than `limit` rows ('limit'), or more than `limit` bytes ('memory')."""

    reason: Literal["limit", "memory"]
    limit: int


class Table(Frozen):
    """What a person's own statement answered.

    statement_digest:  SHA-256 of its text, as the trail has it.
    columns:           as the statement names them; rows: {column: value}, values as JSON has them.
    truncated:         null when these are all the rows. Where to go on is the statement's own business (ORDER BY, SKIP).
    milliseconds:      from sending it to the last row that was taken.
    """

    statement_digest: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    truncated: Cut | None = None
    milliseconds: int
