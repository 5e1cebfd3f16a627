"""Routes of the explorer that need more than the facade's answer: a card with its files and the texts of its queries, and what
the page has to know about who looks."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

import fastapi
from fastapi import APIRouter, Request
from starlette.responses import Response

from lineage_graph import queries
from lineage_graph.answers.card import Card
from lineage_graph.answers.view import Asked
from lineage_graph.errors import ContentProblem
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.recording.content import manifest_of
from lineage_graph.recording.status import status
from lineage_graph.service.access import seen, who
from lineage_graph.service.answers import answer, body_of, tagged
from lineage_graph.service.parameters import ALL_READ
from lineage_graph.service.reads import describe
from lineage_graph.service.working import TIMEOUT, work
from lineage_graph.settings import Settings
from lineage_graph.version import __version__

FILES = 200  # listed of one version
HTTP = 7474  # where a local Neo4j has its Browser, beside 7687 for Bolt


def router(graph: LineageGraph) -> APIRouter:
    """The routes."""
    found = APIRouter(prefix="/api", tags=["explorer"], dependencies=ALL_READ, default_response_class=Response)
    settings = graph.recorder.settings
    browser = browser_of(settings)

    @found.get("/card", description=describe("card"))
    async def card(request: Request, name: str, as_of: str | None = None) -> Response:
        """All about one run or version."""
        found = await work(partial(graph.card, name, as_of=as_of, timeout=TIMEOUT))
        said = await work(partial(_card, settings, browser, seen(request, found)))
        return tagged(request, body_of(said), "application/json")

    @found.get("/status")
    async def standing(request: Request, limit: Annotated[int, fastapi.Query(ge=1, le=1000)] = 20) -> Response:
        """Whether Neo4j answers, which journals of this computer wait, and the newest events that the graph refused."""
        return answer(request, await work(partial(status, settings, limit)))

    @found.get("/me")
    def me(request: Request) -> Response:
        """Who looks, and at what."""
        asks = who(request)
        said = {"role": asks.role, "project": asks.project, "token": asks.token, "version": __version__}
        return answer(request, said | {"browser": browser, "neo4j": settings.uri})

    return found


def browser_of(settings: Settings) -> str | None:
    """Neo4j Browser's address beside a Neo4j on this computer; None where nobody knows of one."""
    if settings.uri is None:
        return f"http://127.0.0.1:{HTTP}"
    host = urlsplit(settings.uri).hostname
    return f"http://{host}:{HTTP}" if host in ("127.0.0.1", "localhost") else None


def _card(settings: Settings, browser: str | None, found: Card) -> dict[str, Any]:
    said = found.model_dump(mode="json")
    said["queries"] = [_with_text(asked, browser) for asked in found.queries]
    return said | (_files(settings, found.version.digest) if found.version is not None else {})


def _with_text(asked: Asked, browser: str | None) -> dict[str, Any]:
    query = queries.get(asked.name)
    link = None if browser is None else query.browser_url(browser, **asked.parameters)
    return {"name": asked.name, "question": query.question, "parameters": asked.parameters, "text": query.text, "browser": link}


def _files(settings: Settings, digest: str) -> dict[str, Any]:
    """The first of a version's files, how many there are, and why not where they cannot be read."""
    try:
        entries = list(manifest_of(settings, digest).values())
    except (ContentProblem, OSError) as why:
        return {"files": None, "file_count": None, "files_reason": str(why)}
    first = [{"path": one.path, "size": one.size, "digest": one.digest, "ref": one.ref} for one in entries[:FILES]]
    return {"files": first, "file_count": len(entries), "files_reason": None}
