"""The Merkle root, against RFC 6962's own recursion, and its known values."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from lineage_graph.evidence import merkle


def plainly(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + plainly(leaves[:k]) + plainly(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_the_root_is_that_of_the_standard(leaves: list[bytes]) -> None:
    assert merkle.root([merkle.leaf(one) for one in leaves]) == plainly(leaves)


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=20, unique=True), st.data())
def test_another_order_is_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.permutations(leaves))
    same = merkle.root([merkle.leaf(one) for one in other]) == merkle.root([merkle.leaf(one) for one in leaves])
    assert same == (other == leaves)


def test_a_leaf_does_not_pass_for_a_node() -> None:
    a, b = merkle.leaf(b"a"), merkle.leaf(b"b")
    assert merkle.leaf(a + b) != merkle.node(a, b)
