"""Recording: runs, artifacts, and the way their events take from a call to the graph."""
