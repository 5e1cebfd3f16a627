"""What the ledger will write for a batch of entries, decided without a database.

The rules of recording take the events in, one by one; here the entries get their receipts, each chained to the one before.
Entries that are given with a receipt get that one, or are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineage_graph.journal import Entry, genesis
from lineage_graph.ledger.again import Again
from lineage_graph.ledger.receipt import Given, Misfit, Receipt
from lineage_graph.ledger.rows import Row
from lineage_graph.ledger.rules import Rules
from lineage_graph.ledger.state import State


@dataclass(frozen=True, slots=True)
class Decision:
    """The parameters of record/write and record/amend.

    new: artifacts that have no sequence yet. begins: the journal is not in the graph yet.
    """

    write: Row
    amend: Row | None
    new: list[str]
    begins: bool
    receipts: list[Receipt]


def decide(entries: Sequence[Entry], state: State, now: str) -> Decision:
    """What to write for `entries` (one journal's next ones). The state becomes what it will be after that write.

    Entries that come with their receipts are all of one time, which is recorded in place of `now`. Raises Misfit.
    """
    again = Again(state) if isinstance(entries[0], Given) else None
    rules = again or Rules(state)
    journal = entries[0].journal
    known = state.journals[journal]
    applied, _, previous = known or (0, "", genesis(journal))
    was = [applied, previous]
    receipts: list[Receipt] = []
    rows: list[Row] = []
    for entry in entries:
        if again is not None and isinstance(entry, Given):
            now, outcomes = entry.receipt.recorded_at, again.outcomes(entry)
        else:
            outcomes = tuple([rules.outcome(event) for event in entry.events])
        receipt = Receipt.of(entry, outcomes, now, previous)
        if isinstance(entry, Given) and receipt.hash != entry.receipt.hash:
            raise Misfit(entry, "the graph has other receipts of the entries before it")
        previous = receipt.hash
        receipts.append(receipt)
        rejected = sum(o["result"] == "rejected" for o in outcomes)
        rows.append(
            {
                "journal": journal,
                "seq": entry.seq,
                "hash": entry.hash,
                "body": entry.body.decode(),
                "openings": entry.openings_text,
                "receipt": receipt.body,
                "receipt_hash": previous,
                "rejected": rejected or None,
            }
        )
    last = entries[-1]
    write, amend, new = rules.rows.finish()
    write |= {
        "journal": journal,
        "was": was,
        "applied": last.seq,
        "head": last.hash,
        "receipt": previous,
        "now": now,
        "entries": rows,
    }
    if amend is not None:
        amend["now"] = now
    state.journals[journal] = (last.seq, last.hash, previous)
    return Decision(write, amend, new, known is None, receipts)
