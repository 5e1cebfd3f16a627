"""A walk as a pandas DataFrame. Extra: `[pandas]`."""

from __future__ import annotations

from typing import Any

from lineage_graph.bridges.extras import need
from lineage_graph.errors import ParameterWrong
from lineage_graph.formats.csv import COLUMNS, Rows, records
from lineage_graph.models import Lineage

TIMES = ("at", "started_at", "ended_at", "created_at")
NUMBERS = ("depth", "run_depth", "version_depth", "size")


def to_pandas(lineage: Lineage, rows: Rows = "edges") -> Any:
    """As `Lineage.to_pandas`. Raises ExtraMissing, ParameterWrong."""
    if rows not in COLUMNS:
        raise ParameterWrong("rows", f"it is 'edges' or 'nodes', not {rows!r}")
    pandas = need("pandas", "a Lineage as a DataFrame")
    frame = pandas.DataFrame(records(lineage, rows), columns=list(COLUMNS[rows]))
    for column in frame.columns.intersection(TIMES):
        frame[column] = pandas.to_datetime(frame[column], utc=True)
    for column in frame.columns.intersection(NUMBERS):
        frame[column] = frame[column].astype("Int64")
    return frame
