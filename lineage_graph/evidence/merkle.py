"""One hash over many leaves, as in RFC 6962: leaves and nodes are hashed apart, so that neither passes for the other."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over hashed leaves: the left half of n leaves is the largest power of two below n."""
    if not leaves:
        return sha256(b"").digest()
    row = list(leaves)
    while len(row) > 1:  # a last one without a neighbour goes up as it is, which comes to the same tree
        row = [node(*row[i : i + 2]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0]
