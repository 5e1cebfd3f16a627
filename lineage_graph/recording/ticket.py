"""The answer to a recorded event, when it comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lineage_graph.errors import NotYetRecorded, Rejected
from lineage_graph.events import Json

if TYPE_CHECKING:
    from lineage_graph.ledger import Receipt
    from lineage_graph.recording.recorder import Recorder


class Ticket:
    """The answer to one recorded event, when it comes."""

    def __init__(self, recorder: Recorder, seq: int, index: int, what: str) -> None:
        self.what = what
        self._recorder = recorder
        self._seq = seq
        self._index = index
        self._there = threading.Event()
        self._outcome: Json = {}

    @property
    def kept(self) -> bool:
        """Whether there was room for it, on the disk or in memory."""
        return self._seq > 0

    def settle(self, receipt: Receipt) -> None:
        self._outcome = receipt.outcomes[self._index]
        self._there.set()

    def settled(self) -> bool:
        return self._there.is_set()

    def outcome(self, timeout: float | None = None) -> Json:
        """What the graph said. timeout: seconds to wait, the setting by default.

        Raises NotYetRecorded when no answer came in time, Rejected when the graph refused the event.
        """
        if not self._there.is_set():
            why = self._recorder.drain(timeout, upto=self._seq)
            if not self._there.is_set():
                raise NotYetRecorded(self.what, why or "it takes longer than the timeout")
        if self._outcome["result"] == "rejected":
            raise Rejected(self.what, self._outcome["reason"])
        return self._outcome
