"""`Reader`: every question that can be asked of one graph."""

from __future__ import annotations

from lineage_graph.lineage.auditing import Auditing
from lineage_graph.lineage.comparing import Comparing
from lineage_graph.lineage.consequences import Consequences
from lineage_graph.lineage.finding import Finding
from lineage_graph.lineage.looking import Looking
from lineage_graph.lineage.planning import Planning
from lineage_graph.lineage.viewing import Viewing
from lineage_graph.lineage.walking import Walking


class Reader(Auditing, Comparing, Consequences, Finding, Looking, Planning, Viewing, Walking):
    """Questions to one graph. project: what a name without a project is in."""
