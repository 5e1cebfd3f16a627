"""What an earlier process took in and did not get into the graph: applied as soon as the graph is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lineage_graph.errors import LineageError
from lineage_graph.recording.recorder import FIRST_RETRY, LONGEST_RETRY, Recorder


@contextmanager
def catching_up(recorder: Recorder) -> Iterator[None]:
    """Applies the journals that processes of this host left behind, in a thread of its own, while the service runs."""
    over = threading.Event()

    def work() -> None:
        pause = FIRST_RETRY
        while not over.is_set():
            try:
                if not recorder.drain_host(live=False).problems:
                    return
            except LineageError:
                pass  # /readyz says that there is no graph
            over.wait(pause)
            pause = min(2 * pause, LONGEST_RETRY)

    if recorder.settings.mode == "online":
        threading.Thread(target=work, name="lineage-catching-up", daemon=True).start()
    try:
        yield
    finally:
        over.set()
