"""Receipts: what became of an entry. They are chained as entries are, and written into the graph beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from lineage_graph.canonical import canonical_plain, digest_of
from lineage_graph.errors import NotJson
from lineage_graph.events import Json
from lineage_graph.journal import Entry


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an entry. outcomes: one for each event, in order."""

    journal: str
    seq: int
    body: str
    hash: str
    outcomes: tuple[Json, ...]
    recorded_at: str

    @classmethod
    def of(cls, entry: Entry, outcomes: tuple[Json, ...], recorded_at: str, prev: str) -> Self:
        """The receipt of an entry. prev: the hash of the receipt before it."""
        said: Json = {
            "entry": entry.hash,
            "journal": entry.journal,
            "outcomes": outcomes,
            "prev": prev,
            "recorded_at": recorded_at,
            "seq": entry.seq,
        }
        body = canonical_plain(said if entry.via is None else said | {"via": entry.via})
        return cls(entry.journal, entry.seq, body.decode(), digest_of(body), outcomes, recorded_at)

    @classmethod
    def read(cls, body: str, digest: str) -> Self:
        """A receipt from the graph."""
        said = json.loads(body)
        return cls(said["journal"], said["seq"], body, digest, tuple(said["outcomes"]), said["recorded_at"])


@dataclass(frozen=True)
class Given(Entry):
    """An entry that comes with the receipt it had: it becomes what it was, instead of being decided."""

    receipt: Receipt


class Misfit(Exception):
    """An entry that cannot become in this graph what its receipt says. place: which one."""

    def __init__(self, entry: Entry, why: str) -> None:
        self.place = f"journal {entry.journal}, entry {entry.seq}"
        super().__init__(why)


def given(entry: Entry, said: object, digest: object, prev: str) -> Given:
    """An entry with its receipt. said: the receipt as JSON. prev: the hash of the receipt before it.

    Raises ValueError where the receipt was changed, is another entry's, or does not follow.
    """
    if not isinstance(said, dict) or not isinstance(digest, str):
        raise ValueError("the entry has no receipt, and those before have theirs")
    try:
        body = canonical_plain(said)
    except NotJson as error:
        raise ValueError(str(error)) from None
    if digest_of(body) != digest:
        raise ValueError("the receipt was changed (its hash differs)")
    try:
        receipt = Receipt.read(body.decode(), digest)
        events = [outcome["event"] for outcome in receipt.outcomes]
        whole = said["entry"] == entry.hash and (receipt.journal, receipt.seq) == (entry.journal, entry.seq)
    except (KeyError, TypeError) as error:
        raise ValueError(f"the receipt cannot be read ({error})") from None
    if not whole or events != [event.uid for event in entry.events]:
        raise ValueError("the receipt is another entry's")
    if said["prev"] != prev:
        raise ValueError("the receipt does not follow the one before it; one is missing or moved")
    return Given(
        entry.journal, entry.seq, entry.prev, entry.hash, entry.body, entry.openings, entry.events, receipt, via=entry.via
    )
