"""Events into the graph: all of an import, or none of it.

They are sealed into a journal whose uid follows from what they say. What the ledger would make of it is rehearsed first,
against what the graph holds; only then is the journal written, and applied. A process that dies before that has changed
nothing, and one that dies after it has left the rest to `sync`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lineage_graph import journal
from lineage_graph.errors import ImportRefused, JournalProblem
from lineage_graph.events import Event
from lineage_graph.formats import jsonl
from lineage_graph.journal import Entry, genesis
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.limits import ENTRY_BYTES
from lineage_graph.readers import LeftOut, Mapped, Reading
from lineage_graph.recording.drain import DONE, retire

EVENTS_AN_ENTRY = 100
Progress = Callable[[int, int], None]  # events done, events in all


def silent(done: int, total: int) -> None:
    """Shows no progress."""


@dataclass(slots=True)
class Imported:
    """What an import did. events: read; applied: new in the graph; repeated: there before; rejected: refused by the graph.

    read, mapped, left_out: what a reader of another's format found, the names it mapped, and what it left out.
    dry_run: nothing was applied; the counts are what an import would have done.
    """

    file: str
    kind: jsonl.Kind
    format: str = "jsonl"
    dry_run: bool = False
    journals: int = 0
    entries: int = 0
    events: int = 0
    applied: int = 0
    repeated: int = 0
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    mapped: list[Mapped] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def count(self, receipts: list[Receipt], before: dict[str, tuple[int, str]]) -> None:
        """Adds what became of some entries. before: how far the graph was with their journals when the import began."""
        for receipt in receipts:
            new = receipt.seq > before.get(receipt.journal, (0, ""))[0]
            for outcome in receipt.outcomes:
                if not new or outcome["result"] == "repeated":
                    self.repeated += 1
                elif outcome["result"] == "rejected":
                    self.rejected += 1
                    self.reasons.append(outcome["reason"])
                else:
                    self.applied += 1


def import_reading(
    reading: Reading, ledger: Ledger, folder: Path, progress: Progress = silent, dry_run: bool = False
) -> Imported:
    """Imports what a reader made of a file, once. Parameters and errors as `import_events`."""
    result = Imported(reading.file, "events", reading.format, dry_run)
    result.read, result.mapped, result.left_out = reading.counts, reading.mapped, reading.left_out
    return import_events(result, reading.uid, reading.events, reading.places, ledger, folder, progress)


def import_events(
    result: Imported,
    uid: str,
    events: list[Event],
    places: Sequence[int | str | None],
    ledger: Ledger,
    folder: Path,
    progress: Progress,
) -> Imported:
    """Imports events as the journal `uid`, once.

    result: what is known of the import, and gets the counts. places: where in the file each event is said. folder: where this
    host's journals are. Raises ImportRefused (nothing is applied), JournalProblem, GraphProblem.
    """
    if not events:
        raise ImportRefused(result.file, None, "it says nothing of a run")
    result.journals, result.events, result.entries = 1, len(events), -(-len(events) // EVENTS_AN_ENTRY)
    before = ledger.applied([uid])
    applied = before.get(uid, (0, ""))[0]
    path = next((p for p in (folder / f"{uid}.jsonl", folder / DONE / f"{uid}.jsonl") if p.exists()), None)
    if applied >= result.entries:
        result.repeated = len(events)
        return result
    if path is None and applied:
        why = "another computer began to import it; finish it there with `lineage-graph sync`"
        raise ImportRefused(result.file, None, why)
    entries = (
        [entry for entry, _ in journal.read(path)] if path is not None else list(_sealed(result.file, uid, events, places))
    )
    # What waits in the folder was rehearsed before, and will be applied by `sync` if not here.
    if path is None or path.parent != folder or result.dry_run:
        receipts = ledger.rehearse(entries)
        outcomes = [outcome for receipt in receipts for outcome in receipt.outcomes]
        for place, outcome in zip(places[len(events) - len(outcomes) :], outcomes, strict=True):
            if outcome["result"] == "rejected":
                raise ImportRefused(result.file, place, outcome["reason"])
        if result.dry_run:
            result.repeated = len(events) - len(outcomes)
            result.count(receipts, before)
            return result
    ours = path is None and _written(uid, entries, folder)
    path = path or folder / f"{uid}.jsonl"
    done = 0

    def settle(receipts: list[Receipt]) -> None:
        nonlocal done
        result.count(receipts, before)
        done += sum(len(receipt.outcomes) for receipt in receipts)
        progress(done, len(events))

    try:
        # Read again: another process here may have written the same import first.
        ledger.apply((entry for entry, _ in journal.read(path)), settle)
    except JournalProblem:
        if not ours:
            raise
        path.unlink(missing_ok=True)
        raise ImportRefused(
            result.file, None, "another computer imports it at this moment; import it again after that"
        ) from None
    if path.parent == folder:
        retire(path)
    return result


def _sealed(file: str, uid: str, events: list[Event], places: Sequence[int | str | None]) -> Iterator[Entry]:
    head = genesis(uid)
    for seq, at in enumerate(range(0, len(events), EVENTS_AN_ENTRY), 1):
        entry = journal.seal(uid, seq, head, events[at : at + EVENTS_AN_ENTRY])
        if entry.size > ENTRY_BYTES:
            why = f"with the {EVENTS_AN_ENTRY} events from here on, an entry would be more than {ENTRY_BYTES:,} bytes"
            raise ImportRefused(file, places[at], why)
        head = entry.hash
        yield entry


def _written(uid: str, entries: Iterable[Entry], folder: Path) -> bool:
    """Writes entries as the journal `uid`, in one step: should this process end, `sync` goes on with it.

    False when another process did so at this moment.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{uid}-") as file:
            for entry in entries:
                file.write(entry.line())
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, folder / f"{uid}.jsonl")
    except FileExistsError:
        return False
    except OSError as error:
        raise JournalProblem(folder, f"it cannot be written ({error.strerror}); set LINEAGE_GRAPH_HOME elsewhere") from None
    return True
