"""Entries of a file, link by link, and those with receipts into a graph.

What a backup records becomes what it was: numbers, creators, what aliases meant, and when it was recorded. That is checked to
the last line, and rehearsed against what the graph holds, before anything is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

from lineage_graph.errors import ImportRefused, JournalProblem
from lineage_graph.events import SEALED, Edited, Logged, Used
from lineage_graph.formats import jsonl
from lineage_graph.intake import Imported, Progress
from lineage_graph.journal import Entry, genesis
from lineage_graph.ledger import Given, Ledger, Misfit, Receipt, given
from lineage_graph.ledger.erasing import spoken_of
from lineage_graph.lineage import Reader

JOURNAL_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COMMITMENT = b'_commitment":"'  # in an entry's body, of each value that may be erased
ANEW = "`import --renumber` gives it the numbers that are free here"

# ── chains ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Span:
    """The part of one journal that a file has: entries first … last, without a gap."""

    line: int
    first: int
    prev: str
    at: str
    last: int = 0
    head: str = ""
    hashes: bytearray = field(default_factory=bytearray)

    def hash(self, seq: int) -> str:
        at = 32 * (seq - self.first)
        return f"sha256:{self.hashes[at : at + 32].hex()}"


def linked(spans: dict[str, Span], entry: Entry, number: int) -> Span:
    """The part of a journal that an entry is the next of. Raises ValueError where it is not."""
    if not isinstance(entry.journal, str) or not JOURNAL_UID.fullmatch(entry.journal):
        raise ValueError(f"{entry.journal!r} is no journal's uid")
    span = spans.get(entry.journal)
    if span is None:
        if type(entry.seq) is not int or entry.seq < 1:
            raise ValueError(f"{entry.seq!r} is no entry's number")
        if entry.seq == 1 and entry.prev != genesis(entry.journal):
            raise ValueError("it is a journal's first entry and does not begin its chain")
        at = entry.events[0].at_text if entry.events else ""
        span = Span(number, entry.seq, entry.prev, at)
        spans[entry.journal] = span
    elif entry.seq != span.last + 1 or entry.prev != span.head:
        raise ValueError(f"entry {entry.seq} does not follow entry {span.last} of its journal; one is missing or moved")
    span.last, span.head = entry.seq, entry.hash
    span.hashes += bytes.fromhex(entry.hash.removeprefix("sha256:"))
    return span


def must_fit(uid: str, span: Span, graph_has: tuple[int, str], name: str, reader: Reader) -> None:
    """Raises ImportRefused unless these entries go on from where the graph is with the journal, or were in it before."""
    applied, head = graph_has
    if span.first > applied + 1:
        has = f"the graph has {applied} of it" if applied else "the graph has none of it"
        raise ImportRefused(name, span.line, f"journal {uid} begins at entry {span.first} here, and {has}; give those before")
    common = min(span.last, applied)
    if span.first == applied + 1:
        same = span.prev == head
    elif common == applied:
        same = span.hash(common) == head
    else:
        [row] = reader.query("lineage/entries", journal=uid, after=common - 1, limit=1)
        same = span.hash(common) == row["hash"]
    if not same:
        raise ImportRefused(name, span.line, f"journal {uid} tells another history here than in the graph")


# ── with receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Backup:
    """The entries of a backup with their receipts, in the order in which they were recorded; may be gone through again.

    Of each entry only its place in the file is in memory.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Checks every line: entries, receipts, both chains, and the last line's counts. Raises ImportRefused."""
        self.file, self.name = file, name
        self.spans: dict[str, Span] = {}
        self.entries = self.events = 0
        self.known: Mapping[str, tuple[int, str]] = {}
        self._places: list[tuple[str, str, int, int]] = []
        self._check()

    def _check(self) -> None:
        said, last = sha256(), None
        before: dict[str, tuple[str, str]] = {}  # of a journal: the last receipt's hash, and the latest time so far
        self.file.seek(0)
        for number, line in enumerate(iter(self.file.readline, b""), 1):
            offset = self.file.tell() - len(line)
            if not line.strip():
                continue
            if last is not None:
                raise ImportRefused(self.name, number, "it comes after the line that ends the backup")
            if jsonl.is_last(line):
                last = line
                continue
            try:
                entry = self._entry(line, number, before)
            except ValueError as error:
                raise ImportRefused(self.name, number, str(error)) from None
            moment = max(before.get(entry.journal, ("", ""))[1], entry.receipt.recorded_at)
            before[entry.journal] = entry.receipt.hash, moment
            self._places.append((moment, entry.journal, entry.seq, offset))
            said.update(line)
            self.entries += 1
            self.events += len(entry.events)
        counts = {"entries": self.entries, "events": self.events, "journals": len(self.spans)}
        ends(last, counts | {"lines": f"sha256:{said.hexdigest()}"}, self.name)
        self._places.sort()

    def _entry(self, line: bytes, number: int, before: Mapping[str, tuple[str, str]]) -> Given:
        """A line's entry. Raises ValueError."""
        if jsonl.kind_of(line) != "entries":
            raise ValueError("the lines before are a backup's, and this is none of its entries")
        entry = jsonl.to_entry(line)
        linked(self.spans, entry, number)
        if self.spans[entry.journal].first > 1:
            raise ValueError(
                f"journal {entry.journal} begins at entry {entry.seq} here; a backup has journals from their first"
            )
        said, digest = jsonl.receipt_in(line) or (None, None)
        prev = before[entry.journal][0] if entry.journal in before else genesis(entry.journal)
        return given(entry, said, digest, prev)

    def __iter__(self) -> Iterator[Given]:
        """Those entries that the graph does not know."""
        for _, journal, seq, offset in self._places:
            if seq > self.known.get(journal, (0, ""))[0]:
                self.file.seek(offset)
                line = self.file.readline()
                said, digest = jsonl.receipt_in(line) or ({}, None)
                yield given(jsonl.to_entry(line), said, digest, said.get("prev", ""))


def ends(line: bytes | None, counts: Mapping[str, object], name: str) -> None:
    """Raises ImportRefused unless a backup's last line is there and counts what was found."""
    if line is None:
        raise ImportRefused(name, None, "its last line, which counts the others, is missing: it was cut short")
    try:
        last = jsonl.to_json(line)["backup"]
        form = last["format"]
        other = [key for key, value in counts.items() if last[key] != value]
    except (ValueError, KeyError, TypeError):
        raise ImportRefused(name, "its last line", "it does not count the others as a backup's does") from None
    if form > jsonl.BACKUP:
        raise ImportRefused(name, "its last line", "it is of a newer lineage-graph: pip install -U lineage-graph")
    if other:
        key = other[0]
        has = "other lines" if key == "lines" else f"{counts[key]} {key}"
        raise ImportRefused(name, "its last line", f"it counts {last[key]} {key}, and the file has {has}; it was changed")


def restore(
    backup: Backup,
    reader: Reader,
    ledger: Ledger,
    progress: Progress,
    *,
    dry_run: bool = False,
    content: Callable[[], object] | None = None,
) -> Imported:
    """Restores a backup, once: what the graph knows of it is left, and the rest becomes what it was.

    dry_run: nothing is applied. content: called before anything is.
    Raises ImportRefused (nothing is applied), JournalProblem where others wrote meanwhile, GraphProblem. A restoring that was
    interrupted goes on where it was when the backup is imported again.
    """
    name = backup.name
    result = Imported(name, "entries", dry_run=dry_run)
    result.journals, result.entries, result.events = len(backup.spans), backup.entries, backup.events
    backup.known = before = ledger.applied(list(backup.spans))
    for uid, span in backup.spans.items():
        must_fit(uid, span, before.get(uid, (0, genesis(uid))), name, reader)
    try:
        receipts = ledger.rehearse(backup)
    except Misfit as misfit:
        raise ImportRefused(name, misfit.place, f"{misfit}; {ANEW}") from None
    result.repeated = backup.events - sum(len(receipt.outcomes) for receipt in receipts)
    if dry_run:
        result.count(receipts, before)
        return result
    if content is not None:
        content()

    def settle(receipts: list[Receipt]) -> None:
        result.count(receipts, before)
        progress(result.applied + result.repeated + result.rejected, result.events)

    try:
        ledger.apply(backup, settle)
    except Misfit as misfit:
        raise JournalProblem(misfit.place, f"others wrote meanwhile: {misfit}; {ANEW}") from None
    return result


# ── what a backup rests on ────────────────────────────────────────────────────────────────────────────────────────────


class Rest:
    """What some journals' entries speak of that others tell: who made their inputs, what they do not introduce, and who erased
    what is not in them any more."""

    def __init__(self, project: str | None) -> None:
        """project: the one whose journals are all taken."""
        self.project = project
        self.spoken: set[str] = set()
        self.foreign: set[str] = set()
        self.told: set[str] = set()
        self.asked: set[str] = set()
        self.edited: dict[str, set[str]] = {"runs": set(), "artifacts": set()}
        self.here: dict[str, set[str]] = {"runs": set(), "artifacts": set()}
        self.holes: set[str] = set()
        self.sought: set[str] = set()

    def take(self, entry: Given) -> None:
        """Takes an entry into account."""
        if entry.body.count(COMMITMENT) != sum(map(len, entry.openings)):
            self._take_holes(entry)
        for event, outcome in zip(entry.events, entry.receipt.outcomes, strict=True):
            if outcome["result"] == "rejected":
                continue
            uid = outcome.get("version_uid")
            if uid is not None:
                self.spoken.add(uid)
                if outcome["version"].rpartition("/")[0] != self.project:
                    self.foreign.add(uid)
            edits = isinstance(event, Edited)
            for kind, name in (("runs", getattr(event, "run", None)), ("artifacts", getattr(event, "artifact", None))):
                if name is not None:
                    (self.edited if edits else self.here)[kind].add(name)
            if isinstance(event, Logged | Used) and event.digest is not None and event.type is not None:
                self.told.add(outcome["version_uid"])

    def _take_holes(self, entry: Given) -> None:
        written = json.loads(entry.body)["events"]
        for event, said, opening, outcome in zip(entry.events, written, entry.openings, entry.receipt.outcomes, strict=True):
            if any(key in said and group not in opening for group, key in SEALED.items()):
                self.holes.update(uid for uid, _ in spoken_of(event, outcome.get("version_uid")))

    def journals(self, reader: Reader) -> list[dict[str, Any]]:
        """The journals that tell it, as rows of journal and entries; what was asked for once is not asked for again."""
        made, told = self.foreign - self.asked, self.spoken - self.told
        missing = {kind: names - self.here[kind] for kind, names in self.edited.items()}
        self.asked |= made
        self.told |= told
        holes = self.holes - self.sought
        self.sought |= holes
        for kind, names in missing.items():
            self.here[kind] |= names
        runs, artifacts = sorted(missing["runs"]), sorted(missing["artifacts"])
        rest: dict[str, Any] = {"runs": runs, "artifacts": artifacts, "erased": sorted(holes)}
        return reader.query("lineage/journals_before", made=sorted(made), told=sorted(told), **rest)
