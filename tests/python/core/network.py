"""The network as programs of each kind have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import trio
from kinds import Kind

from httparallel.core._backends.anyio import AnyIOBackend
from httparallel.core._backends.asyncio import AsyncioBackend
from httparallel.core._backends.auto import AutoBackend
from httparallel.core._backends.sync import SyncBackend
from httparallel.core._backends.trio import TrioBackend
from httparallel.core._io import (
    CloseStream,
    ConnectTCP,
    ConnectUnix,
    Effect,
    ReadStream,
    StartTLS,
    WriteStream,
)

BACKENDS: dict[str, type] = {
    "sync": SyncBackend,
    "asyncio": AsyncioBackend,
    "trio": TrioBackend,
    "anyio": AnyIOBackend,
    "auto": AutoBackend,
}


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


class Network:
    """A backend, and its streams, whose methods are awaited whatever kind of program it is."""

    def __init__(self, kind: Kind, backend: Any) -> None:
        self.kind = kind
        self.backend = backend

    async def do(self, effect: Effect) -> Any:
        return await effect.arun() if self.kind.is_async else effect.run()

    async def tcp(self, host: str, port: int, **arguments: Any) -> Any:
        return await self.do(ConnectTCP(self.backend, host=host, port=port, **arguments))

    async def unix(self, path: str, **arguments: Any) -> Any:
        return await self.do(ConnectUnix(self.backend, path=path, **arguments))

    async def tls(
        self, stream: Any, context: Any, hostname: str | None = "localhost", **arguments: Any
    ) -> Any:
        return await self.do(StartTLS(stream, ssl_context=context, server_hostname=hostname, **arguments))

    async def read(self, stream: Any, max_bytes: int = 65536, timeout: float | None = 5) -> bytes:
        data: bytes = await self.do(ReadStream(stream, max_bytes, timeout))
        return data

    async def write(self, stream: Any, data: bytes, timeout: float | None = 5) -> None:
        await self.do(WriteStream(stream, data, timeout))

    async def close(self, stream: Any) -> None:
        await self.do(CloseStream(stream))

    async def both(self, one: Callable[[], Any], other: Callable[[], Any]) -> None:
        """Runs two async functions at once: in two threads, or as two tasks."""
        if self.kind.name == "sync":
            with ThreadPoolExecutor() as executor:
                for future in [executor.submit(self.kind.run, function) for function in (one, other)]:
                    future.result()
        elif self.kind.name == "asyncio":
            async with asyncio.TaskGroup() as group:
                for function in (one, other):
                    group.create_task(function())
        else:
            async with trio.open_nursery() as nursery:
                for function in (one, other):
                    nursery.start_soon(function)

    async def read_to_end(self, stream: Any) -> bytes:
        pieces = []
        while piece := await self.read(stream):
            pieces.append(piece)
        return b"".join(pieces)
