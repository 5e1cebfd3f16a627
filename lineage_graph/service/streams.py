"""Long work as server-sent events: that it goes on, how far it is, then the answer or what went wrong.

event: working   data: {"seconds": 3.0}                   each second
event: progress  data: {"done": 200, "of": 1000}           where the work counts
event: result    data: the answer                          the last one
event: problem   data: a problem, as elsewhere             or this
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from lineage_graph.service.access import seen, unhinted
from lineage_graph.service.answers import body_of
from lineage_graph.service.problems import problem_of
from lineage_graph.service.working import in_its_thread

EVENTS = "text/event-stream"
BEAT = 1.0  # seconds


def wanted(request: Request) -> bool:
    """Whether the caller takes events."""
    return EVENTS in request.headers.get("accept", "")


def stream(request: Request, ask: Callable[..., Any], *, progress: bool) -> StreamingResponse:
    """The events of a question, its answer as the caller may see it.

    progress: whether it tells how far it is; then it also ends when the caller goes away.
    """
    request.scope["veiled"] = True  # its answer is, at the end
    return StreamingResponse(_events(request, ask, progress), media_type=EVENTS, headers={"Cache-Control": "no-store"})


class _NobodyWaits(Exception):
    """Ends the work of a question whose caller went away."""


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


async def _events(request: Request, ask: Callable[..., Any], progress: bool) -> AsyncIterator[bytes]:
    loop, began = asyncio.get_running_loop(), time.monotonic()
    told: asyncio.Queue[tuple[int, int]] = asyncio.Queue(1)
    gone = threading.Event()

    def tell(done: int, of: int) -> None:
        if gone.is_set():
            raise _NobodyWaits

        def put() -> None:
            if told.full():
                told.get_nowait()  # only how far it is now matters
            told.put_nowait((done, of))

        loop.call_soon_threadsafe(put)

    asked = partial(ask, progress=tell) if progress else ask
    work = asyncio.ensure_future(in_its_thread(asked))
    try:
        while not work.done():
            news = asyncio.ensure_future(told.get())
            await asyncio.wait({work, news}, timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
            if news.done():
                done, of = news.result()
                yield _event("progress", json.dumps({"done": done, "of": of}).encode())
            else:
                news.cancel()
                if not work.done():
                    yield _event("working", json.dumps({"seconds": round(time.monotonic() - began, 1)}).encode())
        yield _event("result", body_of(seen(request, work.result())))
    except Exception as error:
        yield _event("problem", unhinted(request.scope, bytes(problem_of(error, request.scope.get("request_id")).body)))
    finally:
        gone.set()
        work.cancel()
