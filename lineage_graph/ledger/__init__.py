"""The only writer of the graph: entries in order, many in one transaction, a receipt for each.

ask → what must be known; state → what is; decide → the rows to write, by pure rules; writer → the transactions.
receipt → what became of an entry; one that comes with its receipt becomes what it was.
"""

from lineage_graph.ledger.receipt import Given, Misfit, Receipt, given
from lineage_graph.ledger.writer import Ledger, batches

__all__ = ["Given", "Ledger", "Misfit", "Receipt", "batches", "given"]
