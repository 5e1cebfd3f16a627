"""Questions are asked in threads of their own: how many at once, and for how long the one who asks waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from lineage_graph.errors import TimeRanOut

THREADS = 24  # questions that are at Neo4j at once; the others wait
TIMEOUT = 30.0  # seconds that a question may take, unless it says less
LONGEST = 300.0
OVER = 3.0  # seconds beyond its own, after which a question is given up from outside
T = TypeVar("T")
_PLACES: RunVar[CapacityLimiter] = RunVar("places")


async def in_its_thread(ask: Callable[[], T]) -> T:
    """What a question answers, once there is a thread for it. Events that come in, files and health need none of these, and
    do not wait behind a Neo4j that is silent. Cancelled, it leaves the thread to its end."""
    try:
        places = _PLACES.get()
    except LookupError:
        places = CapacityLimiter(THREADS)
        _PLACES.set(places)
    return await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=places)


async def work(ask: Callable[[], T], seconds: float = TIMEOUT) -> T:
    """What a question answers. Raises what it raises, and TimeRanOut.

    Neo4j keeps its questions' time itself. Where nothing comes from there, not even that, the thread is left to the driver,
    which notices in its own time, and whoever asks is answered.
    """
    with anyio.move_on_after(seconds + OVER):
        return await in_its_thread(ask)
    raise TimeRanOut("the question", seconds)
