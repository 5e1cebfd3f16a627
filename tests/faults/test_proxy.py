"""The proxy itself, between a plain socket and an echo: a fault that does not happen would prove nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Literal

import pytest

from tests.faults import proxy
from tests.faults.proxy import COMMIT, COMMITTED, WRITES, Fault, Proxy


@pytest.fixture
def between() -> Iterator[Proxy]:
    echo = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                one, _ = echo.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(one,), daemon=True).start()

    def answer(one: socket.socket) -> None:
        with one:
            try:
                while data := one.recv(4096):
                    one.sendall(data)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    made = Proxy(echo.getsockname()[1])
    yield made
    made.close()
    echo.close()


def call(between: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", between.port), timeout=2)


def answer(one: socket.socket, said: bytes) -> bytes:
    """What comes back, as far as it comes."""
    found = b""
    try:
        one.sendall(said)
        while len(found) < len(said) and (data := one.recv(4096)):
            found += data
    except OSError:
        pass
    return found


def test_it_hands_on_and_counts_nothing(between: Proxy) -> None:
    with call(between) as one:
        assert answer(one, b"hello" * 100) == b"hello" * 100
    assert not between.counts


def test_a_delay_is_one(between: Proxy) -> None:
    with call(between) as one:
        between.set(proxy.delay(60, 10))
        start = time.monotonic()
        assert answer(one, b"hello") == b"hello" and time.monotonic() - start > 0.11
    assert between.counts == {"delay": 1}


def test_a_refusal_resets_what_is_open_and_what_comes(between: Proxy) -> None:
    with call(between) as one:
        assert answer(one, b"a") == b"a"
        between.set(proxy.refuse())
        assert answer(one, b"b") == b""
    with pytest.raises(OSError), call(between) as other:
        assert other.recv(1) == b""
        raise OSError
    between.heal()
    with call(between) as again:
        assert answer(again, b"c") == b"c"
    assert between.counts == {"refuse": 2}


def test_bytes_are_counted_both_ways(between: Proxy) -> None:
    with call(between) as one:
        between.set(proxy.drop_after(7))
        assert answer(one, b"four") in (b"fou", b"")
    assert between.counts == {"drop_after": 1}


@pytest.mark.parametrize("said", [COMMIT, b"\xb3\x10" + WRITES, b"\xb1\x11 \xb3\x10" + WRITES + COMMIT])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_is_cut(between: Proxy, when: Literal["before", "after"], said: bytes) -> None:
    with call(between) as one:
        between.set(proxy.cut_at_commit(when))
        assert answer(one, b"begin") == b"begin"
        assert answer(one, said[:3]) == said[:3]  # however it is cut into pieces
        assert answer(one, said[3:] + COMMITTED) == b""
    assert between.counts == {"cut_at_commit": 1}


def test_what_is_written_in_a_transaction_is_not_a_commit(between: Proxy) -> None:
    with call(between) as one:
        between.set(proxy.cut_at_commit("before"))
        assert answer(one, b"\xb1\x11" + WRITES) == b"\xb1\x11" + WRITES
        assert answer(one, COMMIT) == b""


@pytest.mark.parametrize("fault", [proxy.half_open("client"), proxy.half_open("server"), proxy.half_open()])
def test_half_open_is_silent_until_it_heals(between: Proxy, fault: Fault) -> None:
    with call(between) as one:
        one.settimeout(0.2)
        between.set(fault)
        one.sendall(b"x")
        with pytest.raises(TimeoutError):
            one.recv(1)
        between.heal()
        one.settimeout(2)
        with pytest.raises(OSError):
            one.recv(1)
    assert between.counts == {"half_open": 1}
