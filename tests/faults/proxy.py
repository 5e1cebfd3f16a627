"""A TCP proxy between driver and server that fails on purpose, and counts each time it did.

Its thread has an event loop of its own; what it does is set from outside and holds for connections that are open, too:

    pass                 hands bytes on
    delay(ms, jitter)    holds every piece back for so long
    refuse               takes a connection and resets it, and resets those that are open
    drop_after(n)        resets a connection after so many bytes, counted both ways
    cut_at_commit        resets it just before a commit is handed on, or after it was and before the answer is
    half_open            stops handing on what comes from one side (or both), and says nothing
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["client", "server"]
# Bolt: a COMMIT is the structure 0xB0 0x12 in a chunk of two bytes. What commits by itself is known by the words that begin
# every write of the ledger's.
COMMIT = b"\x00\x02\xb0\x12\x00\x00"
WRITES = b"SET j.lock = true"
BEGIN = b"\xb1\x11"
COMMITTED = b"bookmark"  # is in the server's answer to what it has committed
SWALLOW = 10.0  # seconds that this answer is waited for
PIECE = 65_536


@dataclass(frozen=True)
class Fault:
    """What the proxy does. Only the fields of its kind matter."""

    kind: Literal["pass", "delay", "refuse", "drop_after", "cut_at_commit", "half_open"] = "pass"
    seconds: float = 0.0
    jitter: float = 0.0
    bytes: int = 0
    when: Literal["before", "after"] = "before"
    silent: tuple[Side, ...] = ("client", "server")


PASS = Fault()


def delay(ms: float, jitter: float = 0.0) -> Fault:
    return Fault("delay", seconds=ms / 1e3, jitter=jitter / 1e3)


def refuse() -> Fault:
    return Fault("refuse")


def drop_after(bytes: int) -> Fault:
    return Fault("drop_after", bytes=bytes)


def cut_at_commit(when: Literal["before", "after"]) -> Fault:
    return Fault("cut_at_commit", when=when)


def half_open(*silent: Side) -> Fault:
    return Fault("half_open", silent=silent or ("client", "server"))


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self.proxy, self.client = proxy, client
        self.server: asyncio.StreamWriter | None = None
        self.seen = 0
        self.tail = b""
        self.explicit = False
        self.counted: Fault | None = None

    def count(self) -> None:
        """Counts a fault once a connection, however many pieces it struck."""
        if self.counted is not self.proxy.fault:
            self.counted = self.proxy.fault
            self.proxy.counts[self.proxy.fault.kind] += 1

    def reset(self) -> None:
        for writer in (self.client, self.server):
            if writer is None or writer.is_closing():
                continue
            raw: socket.socket | None = writer.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def commits(self, data: bytes) -> bool:
        """Whether the client's bytes so far end in something that commits, and this piece has its end."""
        window, self.tail = self.tail + data, (self.tail + data)[-len(WRITES) :]
        begins, writes = BEGIN in window, WRITES in window
        if begins:
            self.explicit = True
        if COMMIT in window:
            self.explicit, self.tail = False, b""
            return True
        return writes and not self.explicit

    async def pump(self, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = b""
        try:
            while data := await reader.read(PIECE):
                commits = side == "client" and self.commits(data)
                fault = self.proxy.fault
                if fault.kind == "delay":
                    self.count()
                    await asyncio.sleep(fault.seconds + self.proxy.chance.uniform(0, fault.jitter))
                elif fault.kind == "half_open" and side in fault.silent:
                    self.count()
                    continue
                elif fault.kind == "drop_after":
                    self.seen += len(data)
                    if self.seen >= fault.bytes:
                        self.count()
                        writer.write(data[: len(data) - (self.seen - fault.bytes)])
                        break
                elif fault.kind == "cut_at_commit" and commits:
                    self.count()
                    if fault.when == "before":
                        break
                    if self not in self.proxy.mute:  # what else belongs to it is still handed on
                        self.proxy.mute.add(self)
                        asyncio.get_running_loop().call_later(SWALLOW, self.reset)
                if side == "client":
                    self.proxy.commits += commits
                elif self in self.proxy.mute:
                    answer = (answer + data)[-PIECE:]
                    if COMMITTED in answer:
                        break
                    continue
                writer.write(data)
                await writer.drain()
        except (OSError, RuntimeError):
            pass
        finally:
            self.reset()


class Proxy:
    """Listens on loopback and hands on to `port` there. Close it at the end."""

    def __init__(self, port: int, seed: int = 0) -> None:
        self.target = port
        self.fault = PASS
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.commits = 0  # handed on
        self.mute: set[_Link] = set()
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = self._listener.sockets[0].getsockname()[1]

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def links(self) -> int:
        """How many connections are open."""
        return len(self._links)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def set(self, fault: Fault) -> None:
        """Does this from now on."""
        self._do(self._set(fault))

    async def _set(self, fault: Fault) -> None:
        was, self.fault = self.fault, fault
        # A link that swallowed bytes is out of step for good, so it ends with the silence.
        for link in list(self._links):
            link.seen = 0
            if fault.kind == "refuse" or (was.kind == "half_open" and link.counted is was):
                if fault.kind == "refuse":
                    link.count()
                link.reset()

    def heal(self) -> None:
        self.set(PASS)

    def cut(self) -> None:
        """Resets every connection that is open."""
        self._loop.call_soon_threadsafe(self._reset)

    def _reset(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, writer)
        if self.fault.kind == "refuse":
            self.counts["refuse"] += 1
            link.reset()
            return
        try:
            from_server, link.server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:  # it is down
            link.reset()
            return
        self._links.add(link)
        try:
            await asyncio.gather(link.pump("client", reader, link.server), link.pump("server", from_server, writer))
        finally:
            self._links.discard(link)
            self.mute.discard(link)

    def close(self) -> None:
        async def end() -> None:
            self._listener.close()
            self._reset()
            await asyncio.sleep(0.05)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
