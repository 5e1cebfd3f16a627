"""One time limit over the several queries of one question."""

from __future__ import annotations

import time

from lineage_graph.errors import TimeRanOut
from lineage_graph.lineage.values import seconds


class Deadline:
    """How much of `timeout` seconds is left; None is all the time there is. Raises ParameterWrong."""

    def __init__(self, question: str, timeout: float | None) -> None:
        self.question = question
        self.timeout = seconds(timeout, "timeout")
        self._until = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        """Seconds for the next query. Raises TimeRanOut."""
        if self._until is None:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeRanOut(self.question, self.timeout)
        return left
