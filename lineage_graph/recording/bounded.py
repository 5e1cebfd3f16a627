"""Work that a training does not wait for longer than it was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
FIRST_SILENCE, LONGEST_SILENCE = 30.0, 600.0  # seconds


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises. Raises TimeoutError after `seconds`; the work goes on in its thread."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="lineage-bounded", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"it takes longer than {seconds:g} s")
    return results[0]


class Silence:
    """Whether a server that did not answer is worth waiting for again: after a while, twice as long each time, or when it
    gives a sign. Else each of a pipeline's small steps would wait for it in full.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._length = FIRST_SILENCE
        self._sign = 0

    def begins(self, sign: int) -> None:
        """It did not answer. sign: what will be another number once it does."""
        self._length = min(2 * self._length, LONGEST_SILENCE) if self._until and sign == self._sign else FIRST_SILENCE
        self._until, self._sign = time.monotonic() + self._length, sign

    def lasts(self, sign: int) -> bool:
        """Whether it is not to be waited for."""
        return time.monotonic() < self._until and sign == self._sign
