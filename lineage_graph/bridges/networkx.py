"""A walk as a networkx graph. Extra: `[networkx]`."""

from __future__ import annotations

from typing import Any

from lineage_graph.bridges.extras import need
from lineage_graph.models import Lineage


def to_networkx(lineage: Lineage) -> Any:
    """As `Lineage.to_networkx`. Raises ExtraMissing."""
    networkx = need("networkx", "a Lineage as a networkx graph")
    about = {name: getattr(lineage, name) for name in ("home", "direction", "as_of", "known_at", "truncated")}
    graph = networkx.DiGraph(**about)
    for version in lineage.versions:
        graph.add_node(version.uid, kind="version", **version.model_dump(exclude={"uid"}))
    for run in lineage.runs:
        graph.add_node(run.uid, kind="run", full_name=run.full_name, **run.model_dump(exclude={"uid"}))
    for edge in lineage.edges:
        ends = (edge.version, edge.run) if edge.kind == "used" else (edge.run, edge.version)
        graph.add_edge(*ends, kind=edge.kind, at=edge.at)
    return graph
