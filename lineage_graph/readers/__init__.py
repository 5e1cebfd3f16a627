"""Other people's records as events: WfFormat, the history of `dvc.lock`, and edges as CSV.

A reader takes a text and gives a `Reading`, or raises ImportRefused with the place that is wrong. It asks no graph. The same
text for the same project gives the same events with the same uids, on every computer, so that reading it again adds nothing.
"""

from lineage_graph.readers.reading import LeftOut, Mapped, Reading

__all__ = ["LeftOut", "Mapped", "Reading"]
