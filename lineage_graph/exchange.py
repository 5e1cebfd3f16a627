"""The record as a file, out of the graph and into it.

Out: a project's journals as their lines with receipts (`jsonl`, a backup: it verifies and restores elsewhere), or its runs,
versions and edges as one JSON object. In: a backup, whole entries, checked link by link, or events (in the clear, or what a
reader made of another's file), sealed into a journal of their own. A file is checked to its last line, and against what the
graph holds, before anything is applied: it is applied whole or not at all. A file imported again changes nothing.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from lineage_graph.archive import LINES, Archive, Packed, pack
from lineage_graph.backup import Backup, Rest, Span, linked, must_fit, restore
from lineage_graph.canonical import canonical
from lineage_graph.errors import ImportRefused, JournalProblem, NotJson, NotRecorded, ParameterWrong
from lineage_graph.events import Event, Logged, RunStarted, Used
from lineage_graph.formats import jsonl
from lineage_graph.intake import Imported, Progress, import_events, silent
from lineage_graph.journal import Entry, Position, genesis
from lineage_graph.ledger import Given, Ledger, Receipt, given
from lineage_graph.limits import ENTRY_BYTES
from lineage_graph.lineage import Reader, to_version
from lineage_graph.models import Edge
from lineage_graph.recording.drain import Waiting, in_order
from lineage_graph.store import Store

PAGE = 500  # entries asked of the graph at once
OPEN_AT_ONCE = 200  # journal files read side by side
# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Exported:
    """What an export wrote. contents: digests of the versions in it, and whether a store should have their content;
    patches: of what its runs' code differed by from their commit."""

    journals: int = 0
    entries: int = 0
    events: int = 0
    contents: dict[str, bool] = field(default_factory=dict)
    patches: set[str] = field(default_factory=set)

    def count(self, entry: Entry) -> None:
        """Adds an entry."""
        self.entries += 1
        self.events += len(entry.events)
        for event in entry.events:
            if isinstance(event, Logged | Used) and event.digest is not None:
                self.contents[event.digest] = self.contents.get(event.digest, False) or event.content == "stored"
            elif isinstance(event, RunStarted) and event.patch is not None:
                self.patches.add(event.patch)


def export_entries(
    reader: Reader, project: str | None, write: Callable[[bytes], object], progress: Progress = silent
) -> Exported:
    """Writes every journal that speaks of a project (or every one), whole, with its receipts: by journal, then number.

    After them come journals that they rest on: those of runs, in other projects, that made what is used here, and so on. The
    last line counts the others, so a file that was cut short is told.

    progress: called with entries done and entries in all.
    Raises NotRecorded, JournalProblem where the graph's entries or receipts do not verify. Runs lineage/journals,
    lineage/journals_before and lineage/entries.
    """
    found = reader.query("lineage/journals", project=project)
    if not found:
        raise NotRecorded("project", project or "of any name", "`ls` shows what is")
    done, said, rest, total = Exported(), sha256(), Rest(project), 0
    taken: set[str] = set()
    while found:
        total += sum(row["entries"] for row in found)
        for row in found:
            taken.add(row["journal"])
            for entry in _entries(reader, row["journal"], row["entries"]):
                line = jsonl.with_receipt(entry, entry.receipt.body, entry.receipt.hash)
                said.update(line)
                write(line)
                done.count(entry)
                rest.take(entry)
                progress(done.entries, total)
        found = [] if project is None else [row for row in rest.journals(reader) if row["journal"] not in taken]
    done.journals = len(taken)
    counts = {"entries": done.entries, "events": done.events, "journals": done.journals}
    write(jsonl.last_line(counts | {"lines": f"sha256:{said.hexdigest()}", "project": project}))
    return done


def export_archive(
    reader: Reader,
    project: str | None,
    stores: Sequence[Store],
    write: Callable[[bytes], object],
    progress: Progress = silent,
) -> tuple[Exported, Packed]:
    """Writes the same with the versions' content, as one tar file. stores: where it is, the nearest first.

    What no store has is left out, and said. Raises as `export_entries`, and ContentProblem for content that was changed.
    """
    with tempfile.TemporaryFile() as lines:
        done = export_entries(reader, project, lines.write, progress)
        packed = pack(write, lines, done.contents, sorted(done.patches), stores)
    return done, packed


def _entries(reader: Reader, uid: str, upto: int) -> Iterator[Given]:
    """A journal's entries with their receipts, both chains checked. upto: the number of the last one."""
    head = last = genesis(uid)
    after = 0
    while after < upto:
        page = reader.query("lineage/entries", journal=uid, after=after, limit=min(PAGE, upto - after))
        for row in page:
            where = f"{uid}, entry {row['seq']} in the graph"
            entry = jsonl.entry_of(row["body"], row["hash"], row["openings"], where)
            if entry.prev != head or entry.seq != after + 1:
                raise JournalProblem(uid, f"entry {entry.seq} in the graph does not follow the one before it")
            try:
                yield given(entry, json.loads(row["receipt"]), row["receipt_hash"], last)
            except ValueError as error:
                raise JournalProblem(where, f"{error}; restore the graph from a backup") from None
            after, head, last = entry.seq, entry.hash, row["receipt_hash"]
        if not page:
            raise JournalProblem(uid, f"entry {after + 1} is not in the graph, which had {upto}; restore it from a backup")


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


def import_archive(
    file: BinaryIO,
    name: str,
    reader: Reader,
    ledger: Ledger,
    folder: Path,
    store: Store,
    progress: Progress = silent,
    dry_run: bool = False,
    renumber: bool = False,
) -> Imported:
    """Imports a backup with content. store: where the content goes, before the entries that speak of it are applied.

    All of it is checked before that, and the entries are rehearsed. Otherwise as `import_lines`; raises ContentProblem too.
    """
    archive = Archive(file, name)
    return import_lines(archive.lines, name, reader, ledger, folder, progress, dry_run, renumber, lambda: archive.put(store))


def import_lines(
    file: BinaryIO,
    name: str,
    reader: Reader,
    ledger: Ledger,
    folder: Path,
    progress: Progress = silent,
    dry_run: bool = False,
    renumber: bool = False,
    content: Callable[[], object] | None = None,
) -> Imported:
    """Imports a file of lines, once: whole entries, with receipts or without, or events in the clear (one JSON object a line).

    Entries with receipts, which a backup has, become what they were; others are decided anew, as events are.

    file:     one that can be read again from its beginning.
    name:     what to call it in a message. folder: where this host's journals are.
    dry_run:  a backup and events in the clear are checked, and nothing is applied.
    renumber: a backup's entries are decided anew, too.
    content:  of a backup: called when all is checked, before anything is applied.
    Raises ImportRefused (nothing of the file is applied), JournalProblem, GraphProblem.
    """
    lines = _lines(file, name)
    first = next(lines, None)
    if first is None:
        raise ImportRefused(name, None, "it has no line")
    if jsonl.is_backup(first[1]):
        backup = Backup(file, name)
        if not renumber:
            return restore(backup, reader, ledger, progress, dry_run=dry_run, content=content)
        file.seek(0)
        lines = ((number, line) for number, line in enumerate(file, 1) if line.strip() and not jsonl.is_last(line))
        first = next(lines, first)
    elif content is not None:
        raise ImportRefused(name, LINES, "it is no backup's lines")
    kind = jsonl.kind_of(first[1])
    all_lines = _of_kind(first, lines, kind, name)
    if kind == "events":
        uid, events, places = _checked_events(all_lines, name)
        return import_events(Imported(name, "events", dry_run=dry_run), uid, events, places, ledger, folder, progress)
    if dry_run:
        raise ParameterWrong("dry run", f"{name} has whole entries, which were decided when they were recorded; import it")
    if content is not None:
        content()
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


def _import_entries(lines: Lines, name: str, reader: Reader, ledger: Ledger, spare: Path, progress: Progress) -> Imported:
    result = Imported(name, "entries")
    spans = _split(lines, name, spare, result)
    before = ledger.applied(list(spans))
    for uid, span in spans.items():
        must_fit(uid, span, before.get(uid, (0, genesis(uid))), name, reader)

    def settle(receipts: list[Receipt]) -> None:
        result.count(receipts, before)
        progress(result.applied + result.repeated + result.rejected, result.events)

    result.journals = len(spans)
    ordered = sorted(spans.items(), key=lambda item: item[1].at)
    for start in range(0, len(ordered), OPEN_AT_ONCE):
        problems: list[JournalProblem] = []
        some = [
            Waiting(_own(spare, uid), Position(span.first - 1, 0, span.prev), _own(spare, uid).stat().st_size, live=False)
            for uid, span in ordered[start : start + OPEN_AT_ONCE]
        ]
        ledger.apply((entry for _, entry, _ in in_order(some, problems)), settle)
        for problem in problems:
            raise problem
    return result


def _split(lines: Lines, name: str, spare: Path, result: Imported) -> dict[str, Span]:
    """Each journal's lines into a file of its own, every entry and every link checked."""
    spans: dict[str, Span] = {}
    file: BinaryIO | None = None
    try:
        for number, line in lines:
            try:
                entry = jsonl.to_entry(line)
                linked(spans, entry, number)
            except ValueError as error:
                raise ImportRefused(name, number, str(error)) from None
            path = _own(spare, entry.journal)
            if file is None or file.name != str(path):
                if file is not None:
                    file.close()
                file = path.open("ab")
            file.write(entry.line())
            result.entries += 1
            result.events += len(entry.events)
    finally:
        if file is not None:
            file.close()
    return spans


def _own(spare: Path, journal: str) -> Path:
    return spare / f"{journal}.jsonl"
