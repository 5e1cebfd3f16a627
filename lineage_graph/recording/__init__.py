"""Recording: runs, artifacts, and the way their events take from a call to the graph."""

import lineage_graph.bridges.views  # noqa: F401  # whoever gets a Lineage from here can draw it
