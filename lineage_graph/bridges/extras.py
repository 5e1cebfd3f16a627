"""The optional libraries: imported when used, and named in one sentence where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lineage_graph.errors import ExtraMissing


def need(library: str, what: str) -> Any:
    """The library of that name, which is also the extra's. Raises ExtraMissing where it is not installed."""
    try:
        return import_module(library)
    except ImportError:
        raise ExtraMissing(f"{what} ({library})", library) from None
