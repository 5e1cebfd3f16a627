"""Making recorded work again: raw inputs into an empty folder, the recorded code, the commands in order, and a comparison."""

from lineage_graph.reproduction.engine import reproduce

__all__ = ["reproduce"]
