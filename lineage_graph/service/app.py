"""The app: what is around it, and its rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from lineage_graph.recording.connection import LineageGraph
from lineage_graph.service import asked, cards, cypher, health, pages, problems, reads, sessions, taking
from lineage_graph.service.catching_up import catching_up
from lineage_graph.service.guard import Door, Guard
from lineage_graph.service.shell import Limits, Shell
from lineage_graph.tokens import Tokens
from lineage_graph.version import __version__

ABOUT = (
    "Every question of the facade, as GET /api/…; what each runs is a Cypher file, whose header is its description here."
    " Errors are application/problem+json. Long questions are answered as a stream where text/event-stream is accepted."
)


def create_app(
    graph: LineageGraph, *, limits: Limits | None = None, origins: Sequence[str] = (), loopback: bool = True
) -> ASGIApp:
    """The service over an open graph, as an ASGI app.

    origins: whose pages may call it, besides its own. loopback: only this computer reaches it; else it takes tokens, always.
    """
    door = Door(Tokens(graph.recorder.settings), loopback)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        with catching_up(graph.recorder):
            yield

    app = FastAPI(
        title="lineage_graph", version=__version__, description=ABOUT, lifespan=life,
        docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
    )  # fmt: skip
    metrics = health.Metrics()
    problems.install(app)
    app.include_router(health.router(graph, metrics))
    app.include_router(reads.router(graph))
    app.include_router(asked.router(graph))
    app.include_router(cards.router(graph))
    app.include_router(cypher.router(graph))
    app.include_router(taking.router(graph))
    app.include_router(sessions.router(door))
    pages.install(app)
    app.add_middleware(Guard, door=door, origins=origins)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_headers=["Authorization", "Content-Type"],
            allow_methods=["GET", "POST"],
        )
    return Shell(app, metrics, limits or Limits())
