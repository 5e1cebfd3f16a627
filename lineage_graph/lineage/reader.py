"""`Reader`: every question that can be asked of one graph."""

from __future__ import annotations

from lineage_graph.lineage.auditing import Auditing
from lineage_graph.lineage.comparing import Comparing
from lineage_graph.lineage.finding import Finding


class Reader(Comparing, Finding, Auditing):
    """Questions to one graph. project: what a name without a project is in."""
