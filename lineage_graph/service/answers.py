"""Answers as JSON, with an ETag, so that what did not change is not sent again."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from lineage_graph.formats.json import plain
from lineage_graph.service.access import seen


def body_of(value: Any) -> bytes:
    """A value as JSON."""
    if isinstance(value, BaseModel):
        return value.__pydantic_serializer__.to_json(value)
    return to_json(value, fallback=plain, inf_nan_mode="null")


def things_in(value: Any) -> int:
    """How many runs, versions, cards or rows an answer has, for the metrics."""
    if isinstance(value, list | tuple):
        return len(value)
    found = value.get if isinstance(value, dict) else partial(getattr, value)
    several = (found(name, None) for name in ("runs", "versions", "cards", "rows"))
    return sum(len(one) for one in several if isinstance(one, list | tuple))


def answer(request: Request, value: Any) -> Response:
    """JSON with an ETag, as the caller may see it; 304 where he has it."""
    request.scope["things"] = things_in(value)
    return tagged(request, body_of(seen(request, value)), "application/json")


def tagged(request: Request, body: bytes, media_type: str, **headers: str) -> Response:
    """Bytes with an ETag. headers: with '_' for '-'."""
    tag = f'W/"{blake2b(body, digest_size=16).hexdigest()}"'
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Authorization, Cookie"}
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=sent)
    return Response(body, headers=sent, media_type=media_type)
