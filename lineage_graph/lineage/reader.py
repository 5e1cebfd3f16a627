"""`Reader`: every question that can be asked of one graph."""

from __future__ import annotations

from lineage_graph.lineage.grouping import Grouping


class Reader(Grouping):
    """Questions to one graph. project: what a name without a project is in."""
