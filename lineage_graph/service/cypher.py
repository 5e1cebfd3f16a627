"""POST /api/cypher: a statement of one's own, which is kept in the record with the token that asked."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lineage_graph.recording import asking
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.service.access import who
from lineage_graph.service.answers import answer
from lineage_graph.service.parameters import ALL_READ
from lineage_graph.service.working import LONGEST, work

MOST = 10_000  # rows


class Statement(BaseModel):
    """The body. parameters: its own; limit: rows; timeout: seconds."""

    model_config = ConfigDict(extra="forbid")

    statement: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    limit: int = Field(asking.ROWS, ge=1, le=MOST)
    timeout: float = Field(asking.SECONDS, gt=0, le=LONGEST)


def router(graph: LineageGraph) -> APIRouter:
    """The route."""
    found = APIRouter(prefix="/api", tags=["queries"], dependencies=ALL_READ, default_response_class=Response)

    @found.post("/cypher")
    async def cypher(request: Request, asked: Statement) -> Response:
        """What a statement answers that only reads. It is recorded who asked what, when, and what became of it."""
        ask = partial(graph.cypher, limit=asked.limit, timeout=asked.timeout, via=who(request).token)
        return answer(request, await work(partial(ask, asked.statement, asked.parameters), asked.timeout))

    return found
