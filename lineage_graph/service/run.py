"""`lineage_graph.serve()`: the service as a process, from its address to its end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from lineage_graph.errors import ExtraMissing, SettingWrong
from lineage_graph.recording.connection import connection
from lineage_graph.settings import Settings
from lineage_graph.tokens import Tokens

PORT = 8137
GRACE = 10  # seconds for what is being answered when the process is asked to end
HEADERS_WITHIN = 20.0  # seconds from a connection's beginning, or a request's first byte, until the request is there


def serve(
    settings: Settings,
    *,
    uri: str | None = None,
    host: str = "127.0.0.1",
    port: int = PORT,
    origins: Sequence[str] = (),
    up: Callable[[str], object] | None = None,
) -> None:
    """Answers until it is asked to end (SIGINT, SIGTERM): what is being answered is, and what was taken in is kept.

    uri:        the graph's address, where it was given with the call and not set.
    host, port: where; port 0 is any that is free. origins: whose pages may call it, besides its own.
    up:         called with the address once it answers there.
    It starts without a Neo4j too, and answers when that does. Raises ExtraMissing, SettingWrong.
    """
    try:
        import uvicorn

        from lineage_graph.service.app import create_app
    except ImportError as missing:
        raise ExtraMissing("the service", "service") from missing
    must_be_private(host, settings)
    graph = connection(settings, uri)
    listening = _listen(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    config = uvicorn.Config(
        create_app(graph, origins=origins, loopback=is_loopback(host)), http=_impatient(), ws="none", lifespan="on",
        log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE, timeout_keep_alive=30,
    )  # fmt: skip
    logging.getLogger("uvicorn").setLevel(logging.WARNING)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started and up is not None:
                up(address)

    with _quiet_end():
        Server(config).run(sockets=[listening])
    graph.recorder.drain()


def must_be_private(host: str, settings: Settings) -> None:
    """Raises SettingWrong for an address that others reach, as long as there is no token. Raises TokensProblem."""
    if not is_loopback(host) and not Tokens(settings).all():
        raise SettingWrong(
            "host", f"{host} can be reached from elsewhere; make a token first, with `lineage-graph token create`"
        )


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingWrong("host and port", f"nothing can listen at {host}:{port} ({why}); give another --port") from None
    return listening


def _impatient() -> type[asyncio.Protocol]:
    """Uvicorn's protocol, which also gives up on who connects and does not ask."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        _end: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait_for_a_request()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait_for_a_request()

        def _wait_for_a_request(self) -> None:
            asked: Any = self.cycle
            if asked is not None and not asked.response_complete:
                if self._end is not None:
                    self._end.cancel()
                    self._end = None
            elif self._end is None:
                self._end = self.loop.call_later(HEADERS_WITHIN, self.transport.close)

    return Impatient


@contextmanager
def _quiet_end() -> Iterator[None]:
    """Uvicorn raises the signal that ended it once more when all is done; being asked to end is no failure."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.stderr.flush()
