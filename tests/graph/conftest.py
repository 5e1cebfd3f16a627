"""What tests of a graph share: events said one call after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lineage_graph.events import Event, new_uid
from lineage_graph.graph import Graph
from lineage_graph.journal import genesis, seal
from lineage_graph.ledger import Ledger

Say = Callable[..., str]


@pytest.fixture
def say(graph: Graph) -> Say:
    """Applies events to the graph, each call an entry; gives the time the graph learnt of them."""
    journal = new_uid()
    ledger, seq, head = Ledger(graph), 0, genesis(journal)

    def apply(*events: Event) -> str:
        nonlocal seq, head
        seq += 1
        entry = seal(journal, seq, head, events)
        head = entry.hash
        receipts: list[Any] = []
        ledger.apply([entry], receipts.extend)
        assert [o["result"] for o in receipts[0].outcomes] == ["recorded"] * len(events), receipts[0].outcomes
        return str(receipts[0].recorded_at)

    return apply
