"""The record as a file, out of the graph and into it.

Out: a project's journals as their lines (`jsonl`, which verifies and imports elsewhere), or its runs, versions and edges as one
JSON object. In: whole entries, checked link by link, or events (in the clear, or what a reader made of another's file), sealed
into a journal of their own. A file is checked to its last line, and events against what the graph holds, before anything is
applied: it is applied whole or not at all. A file imported again changes nothing.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from lineage_graph.canonical import canonical
from lineage_graph.errors import ImportRefused, JournalProblem, NotJson, NotRecorded, ParameterWrong
from lineage_graph.events import Event
from lineage_graph.formats import jsonl
from lineage_graph.intake import Imported, Progress, import_events, silent
from lineage_graph.journal import Entry, Position, genesis
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.limits import ENTRY_BYTES
from lineage_graph.lineage import Reader, to_version
from lineage_graph.models import Edge
from lineage_graph.recording.drain import Waiting, in_order

PAGE = 500  # entries asked of the graph at once
OPEN_AT_ONCE = 200  # journal files read side by side
JOURNAL_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Exported:
    """What an export wrote."""

    journals: int = 0
    entries: int = 0
    events: int = 0


def export_entries(
    reader: Reader, project: str | None, write: Callable[[bytes], object], progress: Progress = silent
) -> Exported:
    """Writes every journal that speaks of a project (or every one), whole: by journal, then number, as journals have them.

    progress: called with entries done and entries in all.
    Raises NotRecorded, JournalProblem where the graph's entries do not verify. Runs lineage/journals and lineage/entries.
    """
    found = reader.query("lineage/journals", project=project)
    if not found:
        raise NotRecorded("project", project or "of any name", "`ls` shows what is")
    done, total = Exported(journals=len(found)), sum(row["entries"] for row in found)
    for row in found:
        head = genesis(row["journal"])
        for entry in _entries(reader, row["journal"]):
            if entry.prev != head:
                raise JournalProblem(row["journal"], f"entry {entry.seq} in the graph does not follow the one before it")
            head = entry.hash
            write(entry.line())
            done.entries += 1
            done.events += len(entry.events)
            progress(done.entries, total)
    return done


def _entries(reader: Reader, uid: str, after: int = 0) -> Iterator[Entry]:
    while True:
        page = reader.query("lineage/entries", journal=uid, after=after, limit=PAGE)
        for row in page:
            after = row["seq"]
            yield jsonl.entry_of(row["body"], row["hash"], row["openings"], f"{uid}, entry {after} in the graph")
        if len(page) < PAGE:
            return


def export_project(reader: Reader, project: str) -> dict[str, Any]:
    """A project's artifacts, runs, versions (its own and those its runs used) and its runs' edges.

    Raises NotRecorded. Runs lineage/artifacts, lineage/runs, lineage/project_versions and lineage/edges.
    """
    artifacts, runs = reader.artifacts(project), reader.runs(project, limit=2**31)
    if not artifacts and not runs:
        raise NotRecorded("project", project, "`ls` shows what is")
    versions = reader.query("lineage/project_versions", project=project)
    return {
        "project": project,
        "artifacts": artifacts,
        "runs": runs,
        "versions": [to_version(row["version"]) for row in versions],
        "edges": [Edge.model_validate(row) for row in reader.query("lineage/edges", project=project)],
    }


# ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def import_lines(
    file: BinaryIO,
    name: str,
    reader: Reader,
    ledger: Ledger,
    folder: Path,
    progress: Progress = silent,
    dry_run: bool = False,
) -> Imported:
    """Imports a file of lines, once: whole entries, or events in the clear (one JSON object a line), never both.

    name:    what to call the file in a message. folder: where this host's journals are.
    dry_run: events in the clear are checked, and nothing is applied.
    Raises ImportRefused (nothing of the file is applied), JournalProblem, GraphProblem.
    """
    lines = _lines(file, name)
    first = next(lines, None)
    if first is None:
        raise ImportRefused(name, None, "it has no line")
    kind = jsonl.kind_of(first[1])
    all_lines = _of_kind(first, lines, kind, name)
    if kind == "events":
        uid, events, places = _checked_events(all_lines, name)
        return import_events(Imported(name, "events", dry_run=dry_run), uid, events, places, ledger, folder, progress)
    if dry_run:
        raise ParameterWrong("dry run", f"{name} has whole entries, which were decided when they were recorded; import it")
    with tempfile.TemporaryDirectory(prefix="lineage-graph-") as spare:
        return _import_entries(all_lines, name, reader, ledger, Path(spare), progress)


Lines = Iterable[tuple[int, bytes]]


def _lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, with their numbers."""
    number = 0
    while line := file.readline(ENTRY_BYTES + 1):
        number += 1
        if len(line) > ENTRY_BYTES:
            raise ImportRefused(name, number, f"it is longer than {ENTRY_BYTES:,} bytes, which no entry or event is")
        if line.strip():
            yield number, line


def _of_kind(first: tuple[int, bytes], rest: Lines, kind: jsonl.Kind, name: str) -> Iterator[tuple[int, bytes]]:
    yield first
    for number, line in rest:
        if jsonl.kind_of(line) != kind:
            raise ImportRefused(name, number, f"the lines before are {kind}, and this is none; import them as two files")
        yield number, line


# ── events in the clear ───────────────────────────────────────────────────────────────────────────────────────────────


def _checked_events(lines: Lines, name: str) -> tuple[str, list[Event], list[int]]:
    """The uid of the journal that a file becomes, a function of what its lines say; its events, and the line of each."""
    said = sha256()
    values: list[tuple[int, dict[str, Any]]] = []
    for number, line in lines:
        try:
            value = jsonl.to_json(line)
            said.update(canonical(value) + b"\n")
        except (ValueError, NotJson) as error:
            raise ImportRefused(name, number, str(error)) from None
        values.append((number, value))
    uid = str(uuid.UUID(bytes=said.digest()[:16], version=5))
    events: list[Event] = []
    for number, value in values:
        # An event without a uid gets one from its place, so that it is the same event the next time.
        value.setdefault("uid", str(uuid.uuid5(uuid.UUID(uid), str(number))))
        try:
            events.append(jsonl.to_event(value))
        except ValueError as error:
            raise ImportRefused(name, number, str(error)) from None
    return uid, events, [number for number, _ in values]


# ── whole entries ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Span:
    """The part of one journal that a file has: entries first … last, without a gap."""

    path: Path
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


def _import_entries(lines: Lines, name: str, reader: Reader, ledger: Ledger, spare: Path, progress: Progress) -> Imported:
    result = Imported(name, "entries")
    spans = _split(lines, name, spare, result)
    before = ledger.applied(list(spans))
    for uid, span in spans.items():
        _must_fit(uid, span, before.get(uid, (0, genesis(uid))), name, reader)

    def settle(receipts: list[Receipt]) -> None:
        result.count(receipts, before)
        progress(result.applied + result.repeated + result.rejected, result.events)

    result.journals = len(spans)
    ordered = sorted(spans.values(), key=lambda span: span.at)
    for start in range(0, len(ordered), OPEN_AT_ONCE):
        problems: list[JournalProblem] = []
        some = [
            Waiting(span.path, Position(span.first - 1, 0, span.prev), span.path.stat().st_size, live=False)
            for span in ordered[start : start + OPEN_AT_ONCE]
        ]
        ledger.apply((entry for _, entry, _ in in_order(some, problems)), settle)
        for problem in problems:
            raise problem
    return result


def _split(lines: Lines, name: str, spare: Path, result: Imported) -> dict[str, _Span]:
    """Each journal's lines into a file of its own, every entry and every link checked."""
    spans: dict[str, _Span] = {}
    file: BinaryIO | None = None
    try:
        for number, line in lines:
            try:
                entry = jsonl.to_entry(line)
                span = _next(spans, entry, number, spare)
            except ValueError as error:
                raise ImportRefused(name, number, str(error)) from None
            if file is None or file.name != str(span.path):
                if file is not None:
                    file.close()
                file = span.path.open("ab")
            file.write(entry.line())
            result.entries += 1
            result.events += len(entry.events)
    finally:
        if file is not None:
            file.close()
    return spans


def _next(spans: dict[str, _Span], entry: Entry, number: int, spare: Path) -> _Span:
    if not isinstance(entry.journal, str) or not JOURNAL_UID.fullmatch(entry.journal):
        raise ValueError(f"{entry.journal!r} is no journal's uid")
    span = spans.get(entry.journal)
    if span is None:
        if type(entry.seq) is not int or entry.seq < 1:
            raise ValueError(f"{entry.seq!r} is no entry's number")
        if entry.seq == 1 and entry.prev != genesis(entry.journal):
            raise ValueError("it is a journal's first entry and does not begin its chain")
        at = entry.events[0].at_text if entry.events else ""
        span = _Span(spare / f"{entry.journal}.jsonl", number, entry.seq, entry.prev, at)
        spans[entry.journal] = span
    elif entry.seq != span.last + 1 or entry.prev != span.head:
        raise ValueError(f"entry {entry.seq} does not follow entry {span.last} of its journal; one is missing or moved")
    span.last, span.head = entry.seq, entry.hash
    span.hashes += bytes.fromhex(entry.hash.removeprefix("sha256:"))
    return span


def _must_fit(uid: str, span: _Span, graph_has: tuple[int, str], name: str, reader: Reader) -> None:
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
