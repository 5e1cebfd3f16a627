"""Around every request: its id, its limits, the headers of its answer, its metrics and its line in the log."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
import time
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_graph.limits import POST_BYTES
from lineage_graph.service.health import Metrics
from lineage_graph.service.problems import problem

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
EVENTS = "/api/events"
REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Limits:
    """body: bytes of a request; events: of one that brings events, which says itself how far it was taken; query: bytes of its
    query string; at_once: requests that are worked on; patience: seconds between two pieces of a body, or for an answer's next
    piece to be taken; pace: bytes a second that a body comes with at least, once that time is over."""

    body: int = 16_000_000
    events: int = POST_BYTES + 1_000_000
    query: int = 16_000
    at_once: int = 200
    patience: float = 30.0
    pace: float = 1_000.0


class _TooMuch(HTTPException):
    """A body over its limit, or one that does not come. FastAPI hands no other exceptions on that a body brings."""


class Shell:
    """The outermost part of the app."""

    def __init__(self, app: ASGIApp, metrics: Metrics, limits: Limits) -> None:
        self.app, self.metrics, self.limits = app, metrics, limits
        self.at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request(scope, receive, send, self.limits)
        began = time.perf_counter()
        self.at_once += 1
        self.metrics.in_flight.set(self.at_once)
        try:
            await self._answer(request)
        finally:
            self.at_once -= 1
            self.metrics.in_flight.set(self.at_once)
            took = time.perf_counter() - began
            things = scope.get("things", 0)
            self.metrics.answered(scope["method"], request.route, request.status, took, request.sent, things)
            log(
                request_id=request.id, method=scope["method"], route=request.route, path=scope["path"], status=request.status,
                ms=round(took * 1000, 1), bytes=request.sent, things=things or None, token=scope.get("token"),
            )  # fmt: skip

    async def _answer(self, request: _Request) -> None:
        refused = request.refused(self.at_once)
        try:
            if refused is not None:
                raise refused
            await self.app(request.scope, request.receive, request.send)
        except _TooMuch as why:
            await request.instead(why.status_code, why.detail)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            lines = traceback.format_exception(error)
            log(request_id=request.id, error=f"{type(error).__name__}: {error}", traceback="".join(lines))
            await request.instead(500, "this should not happen; the service's log says more under this request_id")


class _Request:
    """One request on its way in and its answer on its way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: Limits) -> None:
        self.scope, self._receive, self._send, self.limits = scope, receive, send, limits
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id", b"")
        self.id = given.decode() if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["request_id"] = self.id
        self.status, self.sent, self.taken = 0, 0, 0
        self.began = time.monotonic()
        self.whole = False
        self.most = limits.events if scope["path"] == EVENTS else limits.body

    @property
    def route(self) -> str:
        """The route's own path: metrics have no line for each name that is asked for."""
        return str(getattr(self.scope.get("route"), "path", None) or "other")

    def refused(self, at_once: int) -> _TooMuch | None:
        """Why this request is not looked at, if it is not."""
        if at_once > self.limits.at_once:
            return _TooMuch(503, f"{self.limits.at_once} requests are being worked on; ask again")
        if len(self.scope["query_string"]) > self.limits.query:
            return _TooMuch(414, f"a query string has at most {self.limits.query} bytes; ask for less at once")
        length = self.headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.most:
            return self._too_large()
        return None

    def _too_large(self) -> _TooMuch:
        return _TooMuch(413, f"a body has at most {self.most} bytes; send it in parts")

    async def receive(self) -> Message:
        if self.whole:  # what comes now is that the caller goes away, whenever that is
            return await self._receive()
        late = self.began + self.limits.patience + self.taken / self.limits.pace - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), min(self.limits.patience, late))
        except TimeoutError:
            pace, patience = self.limits.pace, self.limits.patience
            why = f"the body came too slowly; send {pace:g} bytes a second, without pauses of {patience:g} s"
            raise _TooMuch(408, why) from None
        self.whole = not message.get("more_body", False)
        self.taken += len(message.get("body", b""))
        if self.taken > self.most:
            raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers["X-Request-ID"] = self.id
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        else:
            self.sent += len(message.get("body", b""))
        try:
            await asyncio.wait_for(self._send(message), self.limits.patience)
        except TimeoutError:
            raise ConnectionAbortedError("the caller takes nothing any more") from None

    async def instead(self, status: int, detail: str) -> None:
        """A problem as the answer, unless one has begun."""
        if not self.status:
            await problem(status, detail, request_id=self.id)(self.scope, _nothing, self.send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def log(**fields: Any) -> None:
    """A line of JSON on stderr. Values of None are left out."""
    said: MutableMapping[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    said.update((name, value) for name, value in fields.items() if value is not None)
    sys.stderr.write(json.dumps(said, ensure_ascii=True) + "\n")
