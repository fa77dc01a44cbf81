"""Streams that play what a server sends and keep what it is sent, and connections over them."""

from __future__ import annotations

from typing import Any

from kinds import Kind
from pools import PoolFacade

from httparallel.core import (
    AsyncHTTP2Connection,
    AsyncHTTP11Connection,
    AsyncMockStream,
    HTTP2Connection,
    HTTP11Connection,
    MockStream,
    Origin,
)

ORIGIN = Origin(b"http", b"example.com", 80)


class Tape:
    """What was written to a stream, with which time limits, and how it ended."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.timeouts: list[tuple[str, float | None]] = []
        self.is_closed = False

    @property
    def sent(self) -> bytes:
        return b"".join(self.written)


class TapedStream(MockStream):
    def __init__(self, pieces: list[bytes], tape: Tape) -> None:
        super().__init__(pieces)
        self.tape = tape

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.tape.timeouts.append(("read", timeout))
        return super().read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.tape.timeouts.append(("write", timeout))
        self.tape.written.append(buffer)

    def close(self) -> None:
        self.tape.is_closed = True
        super().close()


class AsyncTapedStream(AsyncMockStream):
    def __init__(self, pieces: list[bytes], tape: Tape) -> None:
        super().__init__(pieces)
        self.tape = tape

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.tape.timeouts.append(("read", timeout))
        return await super().read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.tape.timeouts.append(("write", timeout))
        self.tape.written.append(buffer)

    async def aclose(self) -> None:
        self.tape.is_closed = True
        await super().aclose()


def taped(kind: Kind, pieces: list[bytes]) -> tuple[Any, Tape]:
    tape = Tape()
    return (AsyncTapedStream if kind.is_async else TapedStream)(pieces, tape), tape


def http11(kind: Kind, *pieces: bytes, **arguments: Any) -> tuple[Any, Tape]:
    """A connection that reads these pieces, with the interface of AsyncHTTP11Connection."""
    stream, tape = taped(kind, list(pieces))
    if kind.is_async:
        return AsyncHTTP11Connection(ORIGIN, stream, **arguments), tape
    return PoolFacade(HTTP11Connection(ORIGIN, stream, **arguments)), tape


def http2(kind: Kind, *pieces: bytes, **arguments: Any) -> tuple[Any, Tape]:
    """A connection that reads these pieces, with the interface of AsyncHTTP2Connection."""
    stream, tape = taped(kind, list(pieces))
    if kind.is_async:
        return AsyncHTTP2Connection(ORIGIN, stream, **arguments), tape
    return PoolFacade(HTTP2Connection(ORIGIN, stream, **arguments)), tape
