"""Runs the demonstration, and keeps what it said and where it recorded."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from lineage_graph.demo import run_demo
from tests.conftest import Address


@dataclass(frozen=True)
class Demonstration:
    """home: the data folder it ran with; said: what it printed."""

    address: Address = field(repr=False)
    home: Path
    said: str
    code: int

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to see what was recorded."""
        return settings(self.address, self.home)


def settings(address: Address, home: Path) -> dict[str, str]:
    return {
        "LINEAGE_GRAPH_URI": address.uri,
        "LINEAGE_GRAPH_USER": address.user,
        "LINEAGE_GRAPH_PASSWORD": address.password,
        "LINEAGE_GRAPH_HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
    }


@contextmanager
def surroundings(values: dict[str, str]) -> Iterator[None]:
    """The environment with no setting of ours but `values`, for as long as the block runs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LINEAGE_GRAPH_", "NEO4J_"))}
    with patch.dict(os.environ, kept | values, clear=True):
        yield


def demonstrate(address: Address, home: Path) -> Demonstration:
    """Runs it."""
    out = io.StringIO()
    with surroundings(settings(address, home)):
        code = run_demo(Console(file=out, width=100))
    return Demonstration(address, home, out.getvalue(), code)
