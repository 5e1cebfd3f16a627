"""Asking: names to nodes, walks to `Lineage`, and the larger questions to their answers. Reads only.

Times may be datetimes with a zone or texts such as '2026-01-05T08:00:00Z'; they reach the graph in UTC. Each kind of question
has a module; `Reader` is all of them.
"""

from lineage_graph.lineage.reader import Reader
from lineage_graph.lineage.values import Time, to_run, to_version

__all__ = ["Reader", "Time", "to_run", "to_version"]
