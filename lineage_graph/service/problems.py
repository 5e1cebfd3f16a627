"""What goes wrong, as application/problem+json (RFC 9457): `detail` is the sentence that every other door says as well."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lineage_graph import errors
from lineage_graph.errors import LineageError

PROBLEM = "application/problem+json"
RETRY_AFTER = 2  # seconds

# The nearest class in an error's ancestry counts.
STATUS: dict[type[LineageError], int] = {
    errors.WrongUse: 422,
    errors.NotRecorded: 404,
    errors.QueryUnknown: 404,
    errors.StatementRefused: 403,
    errors.TokenRefused: 401,
    errors.NotAllowed: 403,
    errors.TooOften: 429,
    errors.TokensProblem: 503,
    errors.JournalProblem: 503,
    errors.ContentProblem: 404,
    errors.NotYetRecorded: 503,
    errors.GraphProblem: 502,
    errors.GraphUnreachable: 503,
    errors.TimeRanOut: 504,
    errors.LineageError: 500,
}


def status_of(error: LineageError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def problem(status: int, detail: str, *, request_id: str | None = None, **more: Any) -> Response:
    """The answer that says what went wrong. more: further members, such as the parameter it is about."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **({"request_id": request_id} if request_id else {}),
        **more,
    }
    headers = {"Retry-After": str(RETRY_AFTER)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    headers |= {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    body = json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, status, headers, media_type=PROBLEM)


def problem_of(error: Exception, request_id: str | None = None) -> Response:
    """The same for whatever was raised."""
    if isinstance(error, LineageError):
        answer = problem(status_of(error), str(error), request_id=request_id)
        if isinstance(error, errors.TooOften):
            answer.headers["Retry-After"] = str(error.seconds)
        return answer
    if isinstance(error, RequestValidationError):
        return problem(422, sentence_of(error), request_id=request_id)
    if isinstance(error, HTTPException):
        answer = problem(error.status_code, _of_http(error), request_id=request_id)
        answer.headers.update(error.headers or {})
        return answer
    return problem(500, "this should not happen; the service's log says more under this request_id", request_id=request_id)


def sentence_of(error: RequestValidationError) -> str:
    """What is wrong with a request, its first part, in one sentence."""
    first = error.errors()[0]
    if first.get("type") == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', first['msg'])} at character {first['loc'][-1]}"
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    given = first.get("input")
    said = f", not {given!r}" if isinstance(given, str | int | float) else ""
    return f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}{said[:200]}"


def _of_http(error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == "Not Found":
        return "there is nothing at this address; /api/docs lists what there is"
    return str(error.detail)


def install(app: FastAPI) -> None:
    """Has the app answer so."""

    async def answer(request: Request, error: Exception) -> Response:
        return problem_of(error, request.scope.get("request_id"))

    for kind in (LineageError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer)
