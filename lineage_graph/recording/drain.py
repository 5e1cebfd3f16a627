"""Journals of this host → the graph: this process's, those of the living, and what the dead left behind.

`<home>/journals/<uid>.jsonl` waits or is being written; `<uid>.applied` beside it says how far it got; a journal whose writer
is gone and which is wholly applied moves to `journals/done/`.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, takewhile
from pathlib import Path

from lineage_graph import journal
from lineage_graph.errors import GraphFailed, JournalProblem, StoreProblem
from lineage_graph.events import RunFinished, RunStarted
from lineage_graph.journal import Entry, Position
from lineage_graph.ledger import Ledger, Receipt
from lineage_graph.limits import BATCH_BYTES, BATCH_EVENTS

DONE = "done"
OPEN_AT_ONCE = 500  # journals; a system has a limit
CHUNK = 16  # transactions' worth of entries that are given to the ledger at a time
MARK = ".applied"
Deliver = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A journal with entries that are not in the graph, as far as this host knows.

    size: of its file, in bytes. live: its writer still runs. torn: bytes at its end that were never finished.
    """

    path: Path
    applied: Position
    size: int
    live: bool
    torn: int = 0

    @property
    def uid(self) -> str:
        return self.path.stem

    @property
    def bytes(self) -> int:
        return max(0, self.size - self.applied.offset - self.torn)


def applied_position(path: Path) -> Position:
    """How far a journal was applied when somebody on this host last looked."""
    try:
        mark = json.loads(path.with_suffix(MARK).read_text())
        seq, offset, head = mark["seq"], mark["offset"], mark["head"]
        if type(seq) is int and type(offset) is int and isinstance(head, str) and _ends_a_line(path, offset):
            return Position(seq, offset, head)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return journal.start_of(path.stem)


def _ends_a_line(path: Path, offset: int) -> bool:
    if offset <= 0:
        return False
    with path.open("rb") as file:
        file.seek(offset - 1)
        return file.read(1) == b"\n"


def note_applied(path: Path, position: Position) -> None:
    """Remembers how far a journal is applied. Only a shortcut: the graph knows by itself."""
    if not path.exists():  # another process has just finished with it
        return
    mark = path.with_suffix(MARK)
    temporary = mark.with_name(f"{mark.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps({"seq": position.seq, "offset": position.offset, "head": position.head}))
        temporary.replace(mark)


def journals_in(place: Path) -> list[Waiting]:
    """The journals that were copied from another computer, whole: a file, a folder of them, or that computer's home.

    Raises JournalProblem when there are none.
    """
    home = place / "journals"
    paths = [place] if place.is_file() else sorted((home if home.is_dir() else place).glob(f"*{journal.SUFFIX}"))
    if not paths:
        raise JournalProblem(place, f"there is no journal (a file *{journal.SUFFIX}); give a journal, or the folder of some")
    return [Waiting(p, journal.start_of(p.stem), p.stat().st_size, live=False, torn=journal.torn_bytes(p)) for p in paths]


def waiting(folder: Path) -> list[Waiting]:
    """Every journal in a folder that is not done, oldest first."""
    found = []
    for path in sorted(folder.glob(f"*{journal.SUFFIX}")):
        with contextlib.suppress(FileNotFoundError, JournalProblem):  # another process has just finished with it
            live = journal.is_being_written(path)
            torn = 0 if live else journal.torn_bytes(path)
            found.append(Waiting(path, applied_position(path), path.stat().st_size, live, torn))
    return found


def retire(path: Path) -> None:
    """Moves a journal that is wholly applied out of the way."""
    done = path.parent / DONE
    with contextlib.suppress(OSError):
        done.mkdir(exist_ok=True)
        path.rename(done / path.name)
        path.with_suffix(MARK).unlink(missing_ok=True)


def open_runs(path: Path) -> list[str]:
    """The runs that a journal started as their owner and never finished, but for those of other processes, which a service
    recorded."""
    runs: dict[str, None] = {}
    for entry, _ in journal.read(path):
        if entry.via is not None:
            continue
        for event in entry.events:
            if isinstance(event, RunStarted) and event.role != "worker":
                runs[event.run] = None
            elif isinstance(event, RunFinished):
                runs.pop(event.run, None)
    return list(runs)


def apply_file(path: Path, ledger: Ledger, deliver: Deliver, done: Callable[[list[Receipt]], None]) -> None:
    """Applies what is in one journal's file and not applied yet. Raises JournalProblem, GraphProblem."""
    positions: dict[int, Position] = {}

    def entries() -> Iterator[Entry]:
        for entry, position in journal.read(path, applied_position(path)):
            deliver(entry)
            positions[entry.seq] = position
            yield entry

    def applied(receipts: list[Receipt]) -> None:
        for receipt in receipts:
            position = positions.pop(receipt.seq)
        note_applied(path, position)
        done(receipts)

    ledger.apply(entries(), applied)


@dataclass(slots=True)
class Drained:
    """What a drain did. entries: in the graph since it began; rejected: events the graph refused; problems: broken journals.

    resolved: uses refused before, as nobody had heard of what they name, that are recorded now.
    """

    entries: int = 0
    events: int = 0
    rejected: int = 0
    crashed: int = 0
    resolved: int = 0
    problems: list[JournalProblem] = field(default_factory=list)


def _first_at(head: tuple[Entry, Position]) -> str:
    events = head[0].events
    return events[0].at_text if events else ""


def in_order(
    journals: list[Waiting], problems: list[JournalProblem], has: Mapping[str, tuple[int, str]] | None = None
) -> Iterator[tuple[Path, Entry, Position]]:
    """All waiting entries: each journal in its own order, journals among each other by the time of what happened.

    has: how far the graph is with each journal; what it has comes first, and holds back nothing that waits.
    """
    has = has or {}

    def entries(one: Waiting) -> Iterator[tuple[Entry, Position]]:
        try:
            yield from journal.read(one.path, one.applied)
        except JournalProblem as problem:
            if one.path.exists():  # else another process has just finished with it
                problems.append(problem)

    journals = sorted(journals, key=lambda one: one.path)
    streams = [entries(one) for one in journals]
    heap: list[tuple[str, int]] = []
    heads: dict[int, tuple[Entry, Position]] = {}

    def advance(number: int) -> None:
        head = next(streams[number], None)
        if head is not None:
            heads[number] = head
            there = head[0].seq <= has.get(head[0].journal, (0, ""))[0]
            heapq.heappush(heap, ("" if there else _first_at(head), number))

    for number in range(len(streams)):
        advance(number)
    while heap:
        _, number = heapq.heappop(heap)
        entry, position = heads.pop(number)
        yield journals[number].path, entry, position
        advance(number)


def drain(
    folder: Path,
    ledger: Ledger,
    *,
    skip: str | None = None,
    live: bool = True,
    until: float | None = None,
    deliver: Deliver | None = None,
    crashed: Callable[[str, datetime], None] | None = None,
    settled: Callable[[list[Receipt]], None] | None = None,
) -> Drained:
    """Applies every waiting journal of a folder.

    skip:     uid of a journal to leave alone (this process's own).
    live:     whether to take journals of processes that still run, too; they also apply them themselves.
    until:    when to stop, by time.monotonic(), with what is not applied left for the next drain.
    deliver:  called with each entry before it is applied: uploads what was staged.
    crashed:  called for each run whose process died, with the time of its last sign.
    settled:  called with the receipts of each batch.
    A broken journal is applied up to the break and named in the result. Raises GraphProblem.
    """
    done = Drained()
    apply = partial(_apply, ledger=ledger, done=done, until=until, deliver=deliver, settled=settled)
    journals = [one for one in waiting(folder) if one.uid != skip and (live or not one.live)]
    for start in range(0, len(journals), OPEN_AT_ONCE):
        some = journals[start : start + OPEN_AT_ONCE]
        stuck = apply(some)
        for one in some:
            with contextlib.suppress(FileNotFoundError, JournalProblem):  # another process has just finished with it
                if one.uid not in stuck and _is_over(one):
                    if crashed is not None:
                        last_sign = datetime.fromtimestamp(one.path.stat().st_mtime, UTC)
                        for run in open_runs(one.path):
                            crashed(run, last_sign)
                            done.crashed += 1
                    retire(one.path)
    return done


def drain_copies(
    place: Path,
    ledger: Ledger,
    *,
    deliver: Deliver | None = None,
    settled: Callable[[list[Receipt]], None] | None = None,
) -> Drained:
    """Applies journals that were copied from another computer, in whatever state, and leaves the copies as they are.

    Whether their writers still live cannot be seen from here, so no run is closed as crashed. Parameters and result as
    `drain`. Raises JournalProblem when there are none, GraphProblem.
    """
    done = Drained()
    copies = journals_in(place)
    for start in range(0, len(copies), OPEN_AT_ONCE):
        some = copies[start : start + OPEN_AT_ONCE]
        _apply(some, ledger, done, until=None, deliver=deliver, settled=settled, mark=False)
    return done


def _chunk(first: Entry, following: Iterator[Entry]) -> Iterator[Entry]:
    """Some transactions' worth of entries: the ledger reads and decides one while the one before it is being written."""
    events = size = 0
    for entry in chain((first,), following):
        yield entry
        events += len(entry.events)
        size += entry.size
        if events >= CHUNK * BATCH_EVENTS or size >= CHUNK * BATCH_BYTES:
            return


def _is_over(one: Waiting) -> bool:
    """Whether nobody writes a journal any more, and all of it is applied."""
    if one.live or not one.path.exists():
        return False
    return applied_position(one.path).offset + one.torn >= one.path.stat().st_size


def _apply(
    journals: list[Waiting],
    ledger: Ledger,
    done: Drained,
    *,
    until: float | None,
    deliver: Deliver | None,
    settled: Callable[[list[Receipt]], None] | None,
    mark: bool = True,
) -> set[str]:
    """Applies some journals and returns the uids of those that are broken."""
    pending: dict[tuple[str, int], tuple[Entry, Position]] = {}  # given to the ledger, and not applied yet
    paths = {one.uid: one.path for one in journals}
    behind = [one for one in journals if one.bytes]
    known = ledger.applied([one.uid for one in behind]) if behind else {}
    # A mark from before the graph was emptied, or of another graph, is no mark.
    behind = [
        replace(one, applied=journal.start_of(one.uid)) if one.applied.seq > known.get(one.uid, (0, ""))[0] else one
        for one in behind
    ]
    there: dict[Path, tuple[Entry, Position]] = {}  # each journal's last entry that the graph has
    problems: list[JournalProblem] = []
    stuck: set[str] = set()

    def in_time(_: object) -> bool:
        return until is None or time.monotonic() <= until

    def entries() -> Iterator[Entry]:
        for path, entry, position in takewhile(in_time, in_order(behind, problems, known)):
            if entry.seq <= known.get(path.stem, (0, ""))[0]:
                there[path] = (entry, position)
                continue
            if entry.journal in stuck:
                continue
            try:
                if deliver is not None:
                    deliver(entry)
            except StoreProblem as problem:  # its events wait for their content; other journals go on
                problems.append(JournalProblem(path, f"entry {entry.seq} waits for its content ({problem})"))
                stuck.add(entry.journal)
                continue
            pending[entry.journal, entry.seq] = (entry, position)
            yield entry

    def applied(receipts: list[Receipt]) -> None:
        for receipt in receipts:
            was = pending.pop((receipt.journal, receipt.seq), None)
        if was is not None and mark:
            note_applied(paths[receipts[-1].journal], was[1])
        done.entries += len(receipts)
        done.events += sum(len(r.outcomes) for r in receipts)
        done.rejected += sum(o["result"] == "rejected" for r in receipts for o in r.outcomes)
        if settled is not None:
            settled(receipts)

    def refused(problem: JournalProblem | GraphFailed, left: list[Entry]) -> None:
        """Applies what is left but for those of journals with one that is refused, which is looked for by halves."""
        uids = {entry.journal for entry in left}
        if len(uids) == 1:
            [uid] = uids
            problems.append(problem if isinstance(problem, JournalProblem) else JournalProblem(paths[uid], str(problem)))
            stuck.add(uid)
            return
        for half in (left[: len(left) // 2], left[len(left) // 2 :]):
            some = [entry for entry in half if entry.journal not in stuck]
            try:
                ledger.apply(takewhile(in_time, some), applied)
            except (JournalProblem, GraphFailed) as again:
                refused(again, [entry for entry in some if (entry.journal, entry.seq) in pending])

    following = entries()
    for first in following:
        try:
            ledger.apply(_chunk(first, following), applied)
        except (JournalProblem, GraphFailed) as problem:
            refused(problem, [entry for entry, _ in pending.values()])
            pending.clear()
    for path, (entry, position) in there.items():
        seq, head = known[path.stem]
        if entry.hash != (head if entry.seq == seq else ledger.hash_of(path.stem, entry.seq)):
            if path.stem not in stuck:
                problems.append(JournalProblem(path, f"entry {entry.seq} is another one in the graph; one of them was changed"))
        elif mark and applied_position(path).seq < entry.seq:
            note_applied(path, position)
    done.problems += problems
    return stuck | {Path(problem.path.split(",")[0]).stem for problem in problems}
