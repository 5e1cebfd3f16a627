"""Moved to `lineage_graph.ledger`."""

from lineage_graph.ledger.decide import Receipt

__all__ = ["Receipt"]
