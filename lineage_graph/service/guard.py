"""In front of every route: who asks, whether he may, and that nothing of another project leaves here by a project's token."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_graph.errors import LineageError, NotAllowed, TokenRefused, TooOften
from lineage_graph.service.access import (
    OPEN,
    Identity,
    Need,
    identity,
    must_be_our_page,
    must_have,
    narrowed,
    need_of,
    token_in,
    unhinted,
)
from lineage_graph.service.problems import PROBLEM, problem, problem_of
from lineage_graph.service.veil import Veil
from lineage_graph.tokens import TEXT, Tokens

TRIES, WINDOW = 10, 60.0  # refused tokens, seconds
REMEMBERED = 10_000  # places they came from
T = TypeVar("T")


class Tries:
    """Refused tokens, by where they came from and which token they said to be: one who errs does not lock out others there."""

    def __init__(self) -> None:
        self._refused: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def must_be_few(self, place: tuple[str, str]) -> None:
        """Raises TooOften."""
        recent = self._recent(place)
        if len(recent) >= TRIES:
            raise TooOften(max(1, round(recent[0] + WINDOW - time.monotonic())))

    def refused(self, place: tuple[str, str]) -> None:
        """One more."""
        self._refused[place] = [*self._recent(place), time.monotonic()]
        self._refused.move_to_end(place)
        if len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)

    def _recent(self, place: tuple[str, str]) -> list[float]:
        return [at for at in self._refused.get(place, ()) if at > time.monotonic() - WINDOW]


class Door:
    """Who may come in. loopback: only this computer reaches the service."""

    def __init__(self, tokens: Tokens, loopback: bool) -> None:
        self.tokens, self.loopback = tokens, loopback
        self._tries = Tries()

    def admit(self, request: Request) -> Identity:
        """Who asks. Raises TokenRefused, TooOften, NotAllowed, TokensProblem."""
        text = token_in(request)
        return self.tried(request, text, lambda: identity(request, self.tokens, self.loopback))

    def tried(self, request: Request, text: str | None, look: Callable[[], T]) -> T:
        """What `look` finds, unless too many were refused. text: the token that is looked at."""
        if not text:
            return look()
        claimed = TEXT.fullmatch(text)
        known = claimed is not None and any(token.id == claimed[1] for token in self.tokens.all())
        place = (request.client.host if request.client else "", claimed[1] if claimed is not None and known else "")
        self._tries.must_be_few(place)
        try:
            return look()
        except TokenRefused:
            self._tries.refused(place)
            raise


class Guard:
    """The app, as far as the one who asks may have it."""

    def __init__(self, app: ASGIApp, door: Door, origins: Sequence[str] = ()) -> None:
        self.app, self.door, self.origins = app, door, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            need = self._let_in(request)
        except LineageError as error:
            answer = problem_of(error, scope.get("request_id"))
            await answer(scope, receive, _Veiled(scope, receive, send).send if "veil" in scope else send)
            return
        if need is None:
            why = "there is nothing at this address; /api/docs lists what there is"
            await problem(404, why, request_id=scope.get("request_id"))(scope, receive, send)
        elif "veil" not in scope:
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _Veiled(scope, receive, send).send)

    def _let_in(self, request: Request) -> Need | None:
        scope = request.scope
        must_be_our_page(request, self.origins)
        need = need_of(scope["method"], scope["path"])
        if need is None or need is OPEN:
            scope["who"] = Identity("reader")
            return need
        asks = scope["who"] = self.door.admit(request)
        scope["token"] = asks.token
        must_have(asks, need)
        if asks.project is not None and not need.plain:
            scope["veil"] = veil = Veil(asks.project, self.door.tokens.key())
            scope["query_string"] = narrowed(scope["query_string"].decode("latin-1"), veil, need).encode()
        return need


class _Veiled:
    """Lets an answer through only when it was looked at: `access.seen` says so in the scope."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self.receive, self._send = scope, receive, send
        self.stopped = False
        self._problem: Message | None = None

    async def send(self, message: Message) -> None:
        if self.stopped:
            return
        if message["type"] == "http.response.start" and Headers(raw=message["headers"]).get("content-type") == PROBLEM:
            self._problem = message  # problems are sent whole
            return
        if self._problem is not None:
            body = unhinted(self.scope, message["body"])
            MutableHeaders(raw=self._problem["headers"])["content-length"] = str(len(body))
            await self._send(self._problem)
            message, self._problem = {**message, "body": body}, None
        if message["type"] == "http.response.start" and message["status"] < 300 and not self.scope.get("veiled"):
            self.stopped = True
            error = NotAllowed("this answer may tell of other projects", "ask with a token of all projects")
            await problem_of(error, self.scope.get("request_id"))(self.scope, self.receive, self._send)
            return
        await self._send(message)
