"""The only writer of the graph: entries in order, many in one transaction, a receipt for each.

The graph remembers how far each journal is applied and refuses a gap, so an entry counts once, however often and by
whomever it is delivered, whatever became of the commit before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from lineage_graph import queries
from lineage_graph.decide import Receipt, ask, decide
from lineage_graph.errors import JournalProblem
from lineage_graph.graph import Graph, Run
from lineage_graph.journal import Entry, genesis

BATCH_EVENTS = 4_000
LOOK = queries.get("record/lock_and_look")
APPLY = queries.get("record/apply")
RECEIPTS = queries.get("record/receipts")
APPLIED = queries.get("record/applied")


def batches(entries: Iterable[Entry], most: int = BATCH_EVENTS) -> Iterator[list[Entry]]:
    """Entries in order, in lists of one journal's and of about `most` events."""
    batch: list[Entry] = []
    events = 0
    for entry in entries:
        if batch and (entry.journal != batch[0].journal or events + len(entry.events) > most):
            yield batch
            batch, events = [], 0
        batch.append(entry)
        events += len(entry.events)
    if batch:
        yield batch


class Ledger:
    """Applies entries to one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def apply(self, entries: Iterable[Entry], done: Callable[[list[Receipt]], None] | None = None) -> int:
        """Applies entries (each journal's in order) and returns how many were new.

        done: called with the receipts of each batch once it is committed, also of entries applied before by others.
        Raises JournalProblem for a gap or a second history, GraphProblem when the server does not take them.
        """
        new = 0
        for batch in batches(entries):
            applied = self.graph.write(lambda run, batch=batch: self._apply(run, batch), "record/apply")  # type: ignore[misc]
            before = len(batch) - len(applied)
            new += len(applied)
            if done is not None:
                if before:
                    done(self.receipts(batch[0].journal, batch[0].seq - 1, batch[before - 1].seq))
                if applied:
                    done(applied)
        return new

    @staticmethod
    def _apply(run: Run, entries: Sequence[Entry]) -> list[Receipt]:
        journal = entries[0].journal
        [seen] = run(LOOK, journal=journal, genesis=genesis(journal), **ask(entries))
        applied, head, _ = seen["journal"]
        new = [e for e in entries if e.seq > applied]
        if not new:
            return []
        if new[0].seq != applied + 1:
            raise JournalProblem(journal, f"entry {new[0].seq} came after entry {applied}; give the entries between them first")
        if new[0].prev != head:
            raise JournalProblem(journal, f"entry {new[0].seq} follows another history than the graph's; it was not applied")
        decision = decide(new, seen)
        run(APPLY, **decision.rows)
        return decision.receipts

    def receipts(self, journal: str, after: int, upto: int) -> list[Receipt]:
        """The receipts of a journal's entries after < seq <= upto that are applied. Raises GraphProblem."""
        [row] = self.graph.read(RECEIPTS, journal=journal, after=after, upto=upto)
        found = []
        for text, receipt_hash in row["receipts"]:
            body = json.loads(text)
            found.append(Receipt(journal, body["seq"], text, receipt_hash, tuple(body["outcomes"]), body["recorded_at"]))
        return found

    def applied(self, journals: Sequence[str]) -> dict[str, tuple[int, str]]:
        """How far the graph is with each of these journals: uid → (seq, head). Raises GraphProblem."""
        [row] = self.graph.read(APPLIED, journals=list(journals))
        return {uid: (seq, head) for uid, seq, head in row["journals"]}
