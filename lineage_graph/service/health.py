"""Does it live (/healthz), is it ready (/readyz), and how is it doing (/metrics)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lineage_graph.errors import GraphProblem
from lineage_graph.recording.connection import LineageGraph
from lineage_graph.recording.drain import waiting
from lineage_graph.service.problems import problem, problem_of

PATIENCE = 2.0  # seconds for Neo4j to answer
FRESH = 1.0  # seconds for which its last answer counts
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """What Prometheus is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        of: Callable[[], dict[str, Any]] = partial(dict, namespace="lineage_graph", registry=self.registry)
        self._requests = Counter("requests", "Requests that were answered.", ("method", "route", "status"), **of())
        self._seconds = Histogram("request_seconds", "How long answers took.", ("route",), buckets=BUCKETS, **of())
        self._bytes = Counter("sent_bytes", "Bytes of answers.", **of())
        self._things = Counter("sent_things", "Runs, versions, cards and rows in answers.", ("route",), **of())
        self.in_flight = Gauge("requests_in_flight", "Requests that are being worked on.", **of())
        self.neo4j_up = Gauge("neo4j_up", "Whether Neo4j answered when it was last asked.", **of())
        self.waiting = Gauge("journal_waiting_bytes", "Bytes of journals that are not in the graph yet.", **of())

    def answered(self, method: str, route: str, status: int, seconds: float, sent: int, things: int) -> None:
        """Counts a request."""
        self._requests.labels(method if method in METHODS else "other", route, status).inc()
        self._seconds.labels(route).observe(seconds)
        self._bytes.inc(sent)
        if things:
            self._things.labels(route).inc(things)


METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


class Pulse:
    """Whether Neo4j answers. One asks at a time, however many want to know: a server that is silent costs one thread, which
    is none of those that questions wait for."""

    def __init__(self, graph: LineageGraph) -> None:
        self._graph = graph
        self._thread = ThreadPoolExecutor(1, "neo4j-pulse")
        self._asked: Future[None] | None = None
        self._at = 0.0

    async def feel(self) -> None:
        """Returns when Neo4j answered a moment ago, or does now. Raises GraphProblem, TimeoutError."""
        if self._asked is None or (self._asked.done() and time.monotonic() - self._at > FRESH):
            self._at = time.monotonic()
            self._asked = self._thread.submit(self._ask)
        asked = asyncio.wrap_future(self._asked)
        done, _ = await asyncio.wait({asked}, timeout=PATIENCE)
        if not done:
            asked.add_done_callback(asyncio.Future.exception)  # nobody waits for it any more
            raise TimeoutError
        asked.result()

    def _ask(self) -> None:
        self._graph.query("lineage/schema_steps", PATIENCE)


def router(graph: LineageGraph, metrics: Metrics) -> APIRouter:
    """The three routes."""
    found = APIRouter(tags=["health"])
    pulse, own = Pulse(graph), CapacityLimiter(1)

    @found.get("/healthz")
    async def healthz() -> Response:
        """This process lives."""
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    @found.get("/readyz")
    async def readyz(request: Request) -> Response:
        """Neo4j answers, within 2 seconds. Events are taken in even while it does not."""
        try:
            await pulse.feel()
        except TimeoutError:
            return problem(503, f"Neo4j did not answer within {PATIENCE:g} s", request_id=request.scope.get("request_id"))
        except GraphProblem as error:
            return problem_of(error, request.scope.get("request_id"))
        return JSONResponse({"status": "ready"}, headers={"Cache-Control": "no-store"})

    @found.get("/metrics")
    async def numbers() -> Response:
        """How it is doing, for Prometheus."""
        try:
            await pulse.feel()
            metrics.neo4j_up.set(1)
        except (GraphProblem, TimeoutError):
            metrics.neo4j_up.set(0)
        journals = await to_thread.run_sync(waiting, graph.recorder.folder, limiter=own)
        metrics.waiting.set(sum(one.bytes for one in journals))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return found
