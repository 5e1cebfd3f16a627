"""The query files as routes: their list, their texts, and their answers; audits with names checked and pages."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import fastapi
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from lineage_graph import queries
from lineage_graph.errors import ParameterWrong
from lineage_graph.formats.json import steady
from lineage_graph.lineage import auditing
from lineage_graph.queries import Declared, Query
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.service.answers import answer
from lineage_graph.service.parameters import ALL_READ, Timeout, must_be_among
from lineage_graph.service.working import TIMEOUT, work

OURS = frozenset({"timeout", "limit", "after"})


def router(graph: LineageGraph) -> APIRouter:
    """The routes."""
    found = APIRouter(prefix="/api", default_response_class=Response)

    @found.get("/queries", tags=["queries"], dependencies=ALL_READ)
    def list_of_queries(request: Request) -> Response:
        """Every question that is kept as a Cypher file and reads the graph: its parameters, its columns, its plan."""
        return answer(request, told())

    @found.get("/audit", tags=["queries"], dependencies=ALL_READ)
    def list_of_audits(request: Request) -> Response:
        """The questions that auditors ask, the same way."""
        return answer(request, told(auditing.AREA))

    @found.get("/queries/{area}/{name}/text", tags=["queries"], dependencies=ALL_READ)
    def text_of_query(area: str, name: str) -> Response:
        """A query file as it is: it pastes into Neo4j Browser."""
        return PlainTextResponse(queries.get(f"{area}/{name}").text)

    @found.get("/query/{area}/{name}", tags=["queries"])
    async def rows_of(request: Request, area: str, name: str, timeout: Timeout = TIMEOUT) -> Response:
        """A query file's rows. Its parameters are those of its header, a list repeated; null is left out."""
        asked = queries.get(f"{area}/{name}")
        given = read(asked, request, frozenset({"timeout"}) - set(asked.parameters))
        rows = await work(partial(graph.query, asked.name, timeout, **given), timeout)
        return answer(request, {"query": asked.name, "question": asked.question, "rows": steady(rows)})

    @found.get("/audit/{name}", tags=["queries"])
    async def audit(
        request: Request,
        name: str,
        limit: Annotated[int, fastapi.Query(ge=1, le=10_000)] = 1000,
        after: str | None = None,
        timeout: Timeout = TIMEOUT,
    ) -> Response:
        """An audit's answer: its question, columns and rows; `truncated` says when there are more."""
        given = read(auditing.find(name), request, OURS)
        ask = partial(graph.audit, name, limit=limit, after=after, timeout=timeout, **given)
        return answer(request, await work(ask, timeout))

    return found


def told(area: str = "") -> list[dict[str, Any]]:
    """What the headers of the query files say that read the graph. area: only of those in it, such as 'audit/'."""
    return [_told(query) for query in queries.QUERIES.values() if query.access == "read" and query.name.startswith(area)]


def _told(query: Query) -> dict[str, Any]:
    return {
        "name": query.name,
        "question": query.question,
        "about": query.about,
        "parameters": [{"name": p.name, "type": p.type, "meaning": p.meaning} for p in query.parameters.values()],
        "columns": [{"name": c.name, "type": c.type, "meaning": c.meaning} for c in query.columns],
        "plan": query.plan,
    }


def read(query: Query, request: Request, ours: frozenset[str]) -> dict[str, Any]:
    """A query's parameters from the query string, each as its header declares it. Raises for one that there is not."""
    lists = {name for name, declared in query.parameters.items() if declared.type == "LIST"}
    must_be_among(request, {*query.parameters, *ours}, lists, of=f" of {query.name}")
    given = {name: request.query_params.getlist(name) for name in request.query_params if name not in ours}
    return {name: _value(query.parameters[name], texts) for name, texts in given.items()}


def _value(declared: Declared, texts: list[str]) -> Any:
    if declared.type == "LIST":
        return texts
    text = texts[-1]
    try:
        if declared.type == "INTEGER":
            return int(text)
        if declared.type == "FLOAT":
            return float(text)
    except ValueError:
        raise ParameterWrong(f"parameter {declared.name}", f"it is {declared.type}, not {text[:100]!r}") from None
    if declared.type == "BOOLEAN":
        if text not in ("true", "false"):
            raise ParameterWrong(f"parameter {declared.name}", f"it is true or false, not {text[:100]!r}")
        return text == "true"
    return text
