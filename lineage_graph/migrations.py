"""The graph's schema as numbered steps: `cypher/schema/NNNN_name.cypher`, each applied once, in order.

The graph notes each step with the checksum of its statements. A step may be tried again after a crash, so its statements are
such that a second time changes nothing; comments may change, statements may not: what is new goes into a new step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage_graph import queries
from lineage_graph.errors import GraphTooNew, QueryBroken, SchemaDiffers
from lineage_graph.queries import Query
from lineage_graph.version import __version__

STEP = re.compile(r"schema/(\d{4})_\w+")


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    version: int
    query: Query

    @property
    def name(self) -> str:
        return self.query.name.partition("/")[2]

    @property
    def noted(self) -> dict[str, Any]:
        """What the graph notes of it, besides when it was applied."""
        return {"version": self.version, "name": self.name, "checksum": self.query.checksum, "program": __version__}


def steps(known: Mapping[str, Query]) -> tuple[Migration, ...]:
    """The steps among these queries, in order, from 0. Raises QueryBroken where a number is missing or given twice."""
    found = sorted((int(match[1]), query) for name, query in known.items() if (match := STEP.fullmatch(name)))
    for number, (version, query) in enumerate(found):
        if version != number:
            raise QueryBroken(query.path, f"it is step {version} of the schema where step {number} should be; number it anew")
    return tuple(Migration(version, query) for version, query in found)


FIRST, *KNOWN = steps(queries.QUERIES)
LATEST = len(KNOWN)


def pending(uri: str, applied: Sequence[Mapping[str, Any]], known: Sequence[Migration] = tuple(KNOWN)) -> list[Migration]:
    """The steps that a graph still needs. applied: the steps it has, as lineage/schema_steps gives them.

    Raises GraphTooNew for a graph with steps that this program does not know, SchemaDiffers where a step is not what it was.
    """
    not_newer(uri, applied, len(known))
    for row, step in zip(applied, known, strict=False):
        if (row["version"], row["checksum"]) != (step.version, step.query.checksum):
            raise SchemaDiffers(uri, row["name"], row["program"], str(row["applied_at"]), __version__)
    return list(known[len(applied) :])


def not_newer(uri: str, applied: Sequence[Mapping[str, Any]], latest: int = LATEST) -> None:
    """Raises GraphTooNew for a graph with steps that this program does not know."""
    if applied and applied[-1]["version"] > latest:
        raise GraphTooNew(uri, applied[-1]["version"], applied[-1]["program"], latest, __version__)
