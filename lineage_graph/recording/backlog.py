"""What this process recorded and the graph has not yet: its journal, and the newest entries beside it in memory."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lineage_graph.errors import JournalProblem
from lineage_graph.events import Event
from lineage_graph.journal import Entry, Journal, parse_line
from lineage_graph.limits import KEPT_BYTES, PENDING_BYTES, PENDING_ENTRIES

# What applies is imported by the thread that does: the driver takes a third of a second.
if TYPE_CHECKING:
    from lineage_graph.ledger import Ledger, Receipt
    from lineage_graph.settings import Settings

MARK = 0.5  # seconds between notes, for other processes, of how far this journal is applied
RENEW_BYTES = KEPT_BYTES // 8


class Backlog:
    """Entries by their number: from 1, and through where one journal follows another.

    folder: where the journal is. warn: says a thing once. lock: held by whoever calls `add`.
    Where neither the folder nor the system's one for temporary files takes a journal, it is in memory until one of them does.
    """

    def __init__(self, settings: Settings, folder: Path, warn: Callable[[str, str], None], lock: threading.Lock) -> None:
        self.folder = folder
        self.journal: Journal | None = None
        self.applied = 0
        self.lost = 0
        self._settings = settings
        self._warn = warn
        self._lock = lock
        self._before = 0
        self._pending: deque[Entry] = deque()
        self._pending_bytes = 0
        self._read_back = False
        self._marked = 0.0

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return self._before + (self.journal.seq if self.journal is not None else 0)

    def add(self, events: tuple[Event, ...], via: str | None = None) -> int | None:
        """One more entry, and its number; None when there is no room for it any more, and it is lost."""
        if self.journal is None:
            self.journal = self._new_journal()
        try:
            entry = self.journal.append(events, via)
        except JournalProblem as problem:
            self.lost += len(events)
            self._warn("lost", f"{problem}; what is recorded from now on is lost")
            return None
        if self.journal.problem is not None:
            self._warn("journal", f"{self.journal.problem}; until then events are kept in memory only")
        if self._read_back or len(self._pending) >= PENDING_ENTRIES or self._pending_bytes > PENDING_BYTES:
            self._read_back = True
            self._pending.clear()
            self._pending_bytes = 0
        else:
            self._pending.append(entry)
            self._pending_bytes += entry.size
        return self.last

    def secure(self) -> None:
        """Returns when every entry that is not applied is on this host's disk. Raises JournalProblem."""
        own = self.journal
        if own is not None:
            if own.path.parent != self.folder:
                raise JournalProblem(self.folder, "it cannot be written, and what came is kept elsewhere; make it writable")
            own.sync()

    def _new_journal(self) -> Journal:
        journal = Journal(self.folder, self._settings.fsync, self._settings.fsync_interval)
        if journal.problem is None:
            return journal
        try:
            spare = Path(tempfile.mkdtemp(prefix="lineage-graph-"))
            other = Journal(spare, self._settings.fsync, self._settings.fsync_interval)
        except OSError:
            return journal
        if other.problem is not None:
            other.close()
            return journal
        self._warn("spare", f"{journal.problem}; until then events go to {spare} (`lineage-graph sync --from` applies them)")
        journal.close()
        return other

    def apply(
        self,
        ledger: Ledger,
        deliver: Callable[[Entry], None],
        settled: Callable[[int, list[Receipt]], None],
    ) -> None:
        """Applies all that is not applied. Raises GraphProblem, JournalProblem.

        settled: called with the number before the first entry of the journal that the receipts are of, and the receipts.
        """
        from lineage_graph.recording import drain as draining

        def settle(receipts: list[Receipt]) -> None:
            self.applied = self._before + receipts[-1].seq
            settled(self._before, receipts)

        while True:
            with self._lock:
                own, read_back, batch = self.journal, self._read_back, list(self._pending)
                if own is None or self.applied >= self.last:
                    self._renew()
                    return
                written, kept = own.position, own.kept() if read_back else []
            if read_back:
                draining.apply_file(own.path, ledger, deliver, settle)
                entries = [parse_line(line, str(own.path)) for line in kept]
                batch = [entry for entry in entries if self._before + entry.seq > self.applied]
            for entry in batch:
                deliver(entry)
            try:
                ledger.apply(batch, settle)
            except JournalProblem:  # an interrupt can leave a gap here that is not in the file
                with self._lock:
                    self._read_back = True
                raise
            if not read_back and time.monotonic() - self._marked > MARK:
                self._marked = time.monotonic()
                draining.note_applied(own.path, written)
            with self._lock:
                while self._pending and self._before + self._pending[0].seq <= self.applied:
                    self._pending_bytes -= self._pending.popleft().size
                if read_back and self.applied >= self.last:
                    self._read_back = False

    def _renew(self) -> None:
        """Ends a journal whose file lacks much that the graph has, so that what comes has a file again."""
        own = self.journal
        if own is None or own.problem is None or own.kept_bytes < RENEW_BYTES:
            return
        self._before = self.last
        self.journal = None
        self._pending.clear()
        self._pending_bytes = 0
        self._read_back = False
        own.close()
        self._retire(own)

    def close(self) -> None:
        """Closes the journal, and moves it out of the way where the graph has all of it."""
        if self.journal is not None:
            self.journal.close()
            if self.applied >= self.last > self._before:
                self._retire(self.journal)
            self.lost += max(0, self.last - max(self.applied, self._before + self.journal.position.seq))
        if self.lost:
            self._warn("lost at the end", f"{self.lost:,} events are lost: neither the disk nor the graph took them")

    def _retire(self, own: Journal) -> None:
        if own.path.parent == self.folder:
            from lineage_graph.recording import drain as draining

            draining.retire(own.path)
