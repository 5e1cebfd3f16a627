"""What one transaction may take of the local server."""

from __future__ import annotations

import pytest

from lineage_graph.local.launch import half


@pytest.mark.parametrize(("heap", "its_half"), [("1g", "524288k"), ("512m", "262144k"), ("3k", "1k"), ("2g", "1048576k")])
def test_one_transaction_may_have_half_of_the_heap(heap: str, its_half: str) -> None:
    assert half(heap) == its_half
