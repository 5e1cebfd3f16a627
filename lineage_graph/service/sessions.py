"""A session for browsers: a token, given once in a form, becomes a cookie that no script reads and no other site sends."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lineage_graph.service.access import COOKIE
from lineage_graph.service.guard import Door


class Given(BaseModel):
    """The body of POST /api/session."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=200)


def router(door: Door) -> APIRouter:
    """The two routes."""
    found = APIRouter(prefix="/api", tags=["session"], default_response_class=Response)

    @found.post("/session", status_code=204)
    def begin(request: Request, given: Given) -> Response:
        """Keeps a token in a cookie (HttpOnly, SameSite=Strict) until the browser is closed or the session is ended."""
        token = given.token.strip()
        door.tried(request, token or "?", partial(door.tokens.check, token))
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/")
        return answer

    @found.delete("/session", status_code=204)
    def end(request: Request) -> Response:
        """Forgets it. The token itself stays good; `lineage-graph token revoke` ends it."""
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/")
        return answer

    return found
