"""What the ledger will write for a batch of entries, decided without a database.

The rules of recording take the events in, one by one; here the entries get their receipts, each chained to the one before.
Entries that are given with a receipt get that one, or are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineage_graph.events import Erased, Json, without
from lineage_graph.journal import Entry, genesis
from lineage_graph.ledger.again import Again
from lineage_graph.ledger.erasing import Erasures, Spoken, openings_text, to_erase
from lineage_graph.ledger.receipt import Given, Misfit, Receipt
from lineage_graph.ledger.rows import Row
from lineage_graph.ledger.rules import Rules
from lineage_graph.ledger.state import State


@dataclass(frozen=True, slots=True)
class Decision:
    """The parameters of record/write, record/amend and record/erase.

    new: artifacts that have no sequence yet. begins: whether a journal is not in the graph yet.
    """

    write: Row
    amend: Row | None
    erase: Row | None
    new: list[str]
    begins: bool
    receipts: list[Receipt]


def decide(entries: Sequence[Entry], state: State, now: str, said: Sequence[Spoken] = ()) -> Decision:
    """What to write for `entries` (each journal's next ones). The state becomes what it will be after that write.

    Entries that come with their receipts are all of one time, which is recorded in place of `now`. Raises Misfit.
    said: where something is erased, the graph's entries that may speak of it.
    """
    again = Again(state) if isinstance(entries[0], Given) else None
    rules, erasures, before = again or Rules(state), state.erasures, state.erasures.count or 0
    # First of all: what is erased is erased of all these entries, in whichever order they say it.
    learnt = [erasures.learn(event) for entry in entries for event in entry.events if isinstance(event, Erased)]
    begins = any(state.journals[entry.journal] is None for entry in entries)
    heads: dict[str, Row] = {}  # of each journal: how far the graph is, and how far it will be
    receipts: list[Receipt] = []
    rows: list[Row] = []
    for entry in entries:
        events = [without(event, erasures.groups(event)) for event in entry.events]
        if again is not None and isinstance(entry, Given):
            now, outcomes = entry.receipt.recorded_at, again.outcomes(entry, events)
        else:
            outcomes = tuple([rules.outcome(event) for event in events])
        head = heads.get(entry.journal) or heads.setdefault(entry.journal, _head(entry.journal, state))
        receipt = Receipt.of(entry, outcomes, now, head["receipt"])
        if isinstance(entry, Given) and receipt.hash != entry.receipt.hash:
            raise Misfit(entry, "the graph has other receipts of the entries before it")
        head |= {"applied": entry.seq, "head": entry.hash, "receipt": receipt.hash}
        receipts.append(receipt)
        rejected = sum(o["result"] == "rejected" for o in outcomes)
        rows.append(
            {
                "journal": entry.journal,
                "seq": entry.seq,
                "hash": entry.hash,
                "body": entry.body.decode(),
                "openings": _openings(entry, outcomes, erasures),
                "receipt": receipt.body,
                "receipt_hash": receipt.hash,
                "rejected": rejected or None,
            }
        )
    write, amend, new = rules.rows.finish()
    write |= {
        "journals": [head for _, head in sorted(heads.items())],
        "now": now,
        "entries": rows,
        "erasures": before,
    }
    if amend is not None:
        amend["now"] = now
    state.journals |= {uid: (head["applied"], head["head"], head["receipt"]) for uid, head in heads.items()}
    gone = to_erase(said, erasures)
    gone["placed"] += [row for entry in entries for event in entry.events for row in erasures.placed(event)]
    erase = {"now": now, "erasures": rules.rows.erasures, **gone} if any(learnt) or gone["placed"] else None
    return Decision(write, amend, erase, new, begins, receipts)


def _head(journal: str, state: State) -> Row:
    applied, head, receipt = state.journals[journal] or (0, "", genesis(journal))
    return {"uid": journal, "was": [applied, receipt], "applied": applied, "head": head, "receipt": receipt}


def _openings(entry: Entry, outcomes: Sequence[Json], erasures: Erasures) -> str:
    """An entry's openings as the graph gets them: what was erased does not come back."""
    gone = [erasures.groups(event, o.get("version_uid")) for event, o in zip(entry.events, outcomes, strict=True)]
    return openings_text(entry.openings, gone) if any(gone) else entry.openings_text
