"""POST /api/events: events from elsewhere into this service's own journal.

A body is lines of JSON, one event each, as `import` takes them. They are read as they come, a few at a time, and each line
stands for itself: what is wrong with one is said, and the others are taken. The answer comes when all that it calls accepted is
on the disk, whether Neo4j is there or not; what is in the journal gets into the graph, now or after the next start.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import fastapi
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lineage_graph.canonical import canonical, recordable
from lineage_graph.errors import NotJson
from lineage_graph.events import Asked, Erased, Event
from lineage_graph.formats import jsonl
from lineage_graph.limits import LINE_BYTES, POST_BYTES, POST_LINES
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.recording.recorder import Recorder
from lineage_graph.service.access import Identity, who
from lineage_graph.service.answers import body_of
from lineage_graph.service.problems import problem
from lineage_graph.service.veil import project_of

MEDIA = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
AT_ONCE = 500  # lines that are looked at together
AT_ONCE_BYTES = 4_000_000
EVENTS_AN_ENTRY = 100
PATIENCE = 2.0  # seconds for the graph to have it
JSON_FIELDS = ("config", "summary", "metadata", "environment")
NAMED = ("run", "child_of", "retry_of", "resumed_from", "artifact")
STORED = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(slots=True)
class Taken:
    """What became of a body. lines: read so far, the empty ones too; accepted: uids of events; refused: lines, and why."""

    lines: int = 0
    accepted: list[str] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, why: str) -> None:
        self.refused.append({"line": line, "reason": why if len(why) <= 300 else f"{why[:299]}…"})


def router(graph: LineageGraph) -> APIRouter:
    """The route."""
    found = APIRouter(prefix="/api", tags=["recording"], default_response_class=Response)

    @found.post("/events")
    async def events(
        request: Request,
        wait: Annotated[
            float, fastapi.Query(ge=0, le=30, description="Seconds to wait for the graph to have them.")
        ] = PATIENCE,
    ) -> Response:
        """Takes events in: lines of JSON as application/jsonl, each with its `kind` and `uid`, as `import` takes them.

        Answers {"accepted": [uid, …], "refused": [{"line", "reason"}, …], "lines": n, "applied": bool}: with 200 when the graph
        has what was accepted, with 202 while that waits (it is on the disk, and comes by itself). To send an event again
        changes nothing. A body that is too large is taken up to there, and answered with 413.
        """
        request_id = request.scope.get("request_id")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA:
            return problem(415, f"events are lines of JSON; send them as {MEDIA[0]}", request_id=request_id)
        if request.headers.get("content-encoding", "identity") != "identity":
            return problem(415, "events are not compressed; send them as they are", request_id=request_id)
        if graph.recorder.settings.mode == "disabled":
            return problem(503, "recording is disabled here; set `mode` to online", request_id=request_id)
        taken = Taken()
        why = await _take(request, graph.recorder, who(request), taken)
        await run_in_threadpool(graph.recorder.secure)
        applied = await run_in_threadpool(partial(_applied, graph.recorder, wait)) if taken.accepted else True
        said = {"accepted": taken.accepted, "refused": taken.refused, "lines": taken.lines, "applied": applied}
        if why is not None:
            return problem(413, why, request_id=request_id, **said)
        return Response(body_of(said), 200 if applied else 202, media_type="application/json")

    return found


async def _take(request: Request, recorder: Recorder, asks: Identity, taken: Taken) -> str | None:
    """Takes a body in, a few lines at a time; returns why it was not read to its end, if it was not."""
    some: list[tuple[int, bytes]] = []
    size = total = 0

    async def record() -> None:
        nonlocal size
        await run_in_threadpool(partial(_record, some, recorder, asks, taken))
        some.clear()
        size = 0

    why = None
    async for line in lines_of(request):
        total += len(line) + 1
        if taken.lines == POST_LINES or total > POST_BYTES:
            why = (
                f"a body has at most {POST_LINES:,} lines and {POST_BYTES:,} bytes; send what is after line {taken.lines} again"
            )
            break
        taken.lines += 1
        if len(line) > LINE_BYTES:
            taken.refuse(taken.lines, f"the line is longer than {LINE_BYTES:,} bytes, which no event is")
        elif line.strip():
            some.append((taken.lines, line))
            size += len(line)
        if len(some) == AT_ONCE or size > AT_ONCE_BYTES:
            await record()
    if some:
        await record()
    taken.refused.sort(key=lambda one: one["line"])
    return why


async def lines_of(request: Request) -> AsyncIterator[bytes]:
    """The lines of a body, without their breaks; of one that is too long no more than says so."""
    held = bytearray()
    length = 0
    async for piece in request.stream():
        *whole, rest = piece.split(b"\n")
        for part in whole:
            if length <= LINE_BYTES:
                held += part
            yield bytes(held)
            held.clear()
            length = 0
        if length <= LINE_BYTES:
            held += rest
        length += len(rest)
    if held:
        yield bytes(held)


def _record(some: list[tuple[int, bytes]], recorder: Recorder, asks: Identity, taken: Taken) -> None:
    """Writes the events of some lines into the journal, and says of each what became of it."""
    good: list[tuple[int, Event]] = []
    for line, text in some:
        try:
            good.append((line, event_of(text, asks)))
        except (ValueError, NotJson) as error:
            taken.refuse(line, str(error))
    for entry in _entries(good):
        if recorder.record(*(event for _, event in entry), what="events", via=asks.via).kept:
            taken.accepted += [event.uid for _, event in entry]
        else:
            for line, _ in entry:
                taken.refuse(line, "there is no room for it, on the disk or in memory; send it again later")


def _entries(events: list[tuple[int, Event]]) -> Iterable[list[tuple[int, Event]]]:
    for start in range(0, len(events), EVENTS_AN_ENTRY):
        yield events[start : start + EVENTS_AN_ENTRY]


def event_of(line: bytes, asks: Identity) -> Event:
    """A line's event, as far as this caller may say it. Raises ValueError, NotJson."""
    value = jsonl.to_json(line)
    if value.get("uid") is None:
        raise ValueError("the event has no uid; give it one (a UUIDv7), so that it is the same event when it is sent again")
    for name in JSON_FIELDS:
        if isinstance(value.get(name), dict):
            value[name] = recordable(value[name], name)
    canonical(value)
    event = jsonl.to_event(value)
    if isinstance(event, Asked) or (isinstance(event, Erased) and asks.role != "admin"):
        raise ValueError(f"events of kind {event.kind!r} are not taken from a {asks.role}")
    if getattr(event, "content", None) == "stored" and not STORED.fullmatch(getattr(event, "digest", None) or ""):
        raise ValueError("content: what is stored has a digest of 'sha256:' and 64 hex digits")
    for name in NAMED:
        named = getattr(event, name, None)
        if asks.project is not None and named is not None and project_of(named) != asks.project:
            raise ValueError(f"{name}: {named[:100]!r} is not of project {asks.project!r}, which the token is for")
    if asks.project is not None and isinstance(event, Erased) and event.events:
        raise ValueError("events: of which project they are is not said, and the token is for one")
    return event


def _applied(recorder: Recorder, wait: float) -> bool:
    """Whether the graph has all that was recorded, after at most so many seconds."""
    return bool(wait) and not recorder.silent() and recorder.drain(timeout=wait) is None
