"""One time limit over the several queries of one question, and what to answer when it does not last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lineage_graph.errors import TimeRanOut
from lineage_graph.lineage.values import seconds

T = TypeVar("T")
FIRST_LOOK = 16  # how far a walk that has little time looks at first


class Deadline:
    """How much of `timeout` seconds is left; None is all the time there is. Raises ParameterWrong."""

    def __init__(self, question: str, timeout: float | None) -> None:
        self.question = question
        self.timeout = seconds(timeout, "timeout")
        self._until = None if timeout is None else time.monotonic() + timeout

    def left(self, query: str | None = None) -> float | None:
        """Seconds for the next query. query: its name, for the error where the question's would say less. Raises TimeRanOut."""
        if self._until is None:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeRanOut(query or self.question, self.timeout)
        return left


def look_on(look: Callable[[int | None], tuple[T, int]], depth: int | None, deadline: Deadline) -> tuple[T, int | None]:
    """(what was found, how far was looked where the time did not last, else None).

    look: looks so many relationships far, within the deadline, and says what it found and how deep that lies. With a time limit
    it looks four times as far each time, as long as the time lasts. Raises TimeRanOut when there was time for no look at all.
    """
    if deadline.timeout is None:
        return look(depth)[0], None
    found: tuple[T, int] | None = None
    looked = FIRST_LOOK
    while True:
        bound = looked if depth is None else min(looked, depth)
        try:
            now, deepest = look(bound)
        except TimeRanOut:
            if found is None:
                raise TimeRanOut(deadline.question, deadline.timeout) from None
            return found
        if bound == depth or deepest < bound:
            return now, None
        found, looked = (now, bound), looked * 4
