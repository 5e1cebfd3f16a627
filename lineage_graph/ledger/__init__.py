"""The only writer of the graph: entries in order, many in one transaction, a receipt for each.

ask → what must be known; state → what is; decide → the rows to write, by pure rules; writer → the transactions.
"""

from lineage_graph.ledger.decide import Receipt
from lineage_graph.ledger.writer import Ledger, batches

__all__ = ["Ledger", "Receipt", "batches"]
