"""Connection pools as programs of each kind have them, on the engine and over a backend of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import trio
from kinds import Facade, Kind, without_waiting

from httparallel.core import (
    AsyncConnectionPool,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectionPool,
    NetworkBackend,
    NetworkStream,
    Response,
    SyncBackend,
)
from httparallel.core._backends.auto import AutoBackend


class OwnBackend(NetworkBackend):
    """A backend that only the program knows."""

    def __init__(self) -> None:
        self._behind = SyncBackend()

    def connect_tcp(self, *arguments: Any, **keywords: Any) -> NetworkStream:
        return self._behind.connect_tcp(*arguments, **keywords)

    def sleep(self, seconds: float) -> None:
        self._behind.sleep(seconds)


class OwnAsyncBackend(AsyncNetworkBackend):
    """A backend that only the program knows."""

    def __init__(self) -> None:
        self._behind = AutoBackend()

    async def connect_tcp(self, *arguments: Any, **keywords: Any) -> AsyncNetworkStream:
        return await self._behind.connect_tcp(*arguments, **keywords)

    async def sleep(self, seconds: float) -> None:
        await self._behind.sleep(seconds)


class Program:
    """One kind of program, and what its pools run on: "engine", or its "own" backend."""

    def __init__(self, kind: Kind, driver: str) -> None:
        self.kind = kind
        self.driver = driver

    def pool(self, **arguments: Any) -> Any:
        """A pool with the interface of AsyncConnectionPool."""
        if self.driver == "own":
            arguments.setdefault("network_backend", OwnAsyncBackend() if self.kind.is_async else OwnBackend())
        if self.kind.is_async:
            return AsyncConnectionPool(**arguments)
        return PoolFacade(ConnectionPool(**arguments))

    async def together(self, functions: Iterable[Callable[[], Coroutine[Any, Any, Any]]]) -> list[Any]:
        """Runs async functions at once, in threads or as tasks: what they return, or raise."""
        outcomes: dict[int, Any] = {}

        async def run(number: int, function: Callable[[], Coroutine[Any, Any, Any]]) -> None:
            try:
                outcomes[number] = await function()
            except Exception as error:
                outcomes[number] = error

        numbered = list(enumerate(functions))
        if self.kind.name == "sync":
            with ThreadPoolExecutor(len(numbered)) as executor:
                for number, function in numbered:
                    executor.submit(without_waiting, run(number, function))
        elif self.kind.name == "asyncio":
            async with asyncio.TaskGroup() as group:
                for number, function in numbered:
                    group.create_task(run(number, function))
        else:
            async with trio.open_nursery() as nursery:
                for number, function in numbered:
                    nursery.start_soon(run, number, function)
        return [outcomes[number] for number, _ in numbered]


def is_fine(outcome: Any) -> bool:
    return isinstance(outcome, Response) and outcome.status == 200


class ResponseFacade(Facade):
    """A response of synchronous code, used like an async one."""

    async def aread(self) -> bytes:
        content: bytes = self._behind.read()
        return content

    async def aclose(self) -> None:
        self._behind.close()

    async def aiter_stream(self) -> AsyncIterator[bytes]:
        for piece in self._behind.iter_stream():
            yield piece


class PoolFacade(Facade):
    """A ConnectionPool that is used like an AsyncConnectionPool."""

    async def __aenter__(self) -> PoolFacade:
        self._behind.__enter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        self._behind.__exit__(*raised)

    async def request(self, *arguments: Any, **keywords: Any) -> Any:
        return self._behind.request(*arguments, **keywords)

    def stream(self, *arguments: Any, **keywords: Any) -> AbstractAsyncContextManager[Any]:
        @asynccontextmanager
        async def entered() -> AsyncIterator[Any]:
            with self._behind.stream(*arguments, **keywords) as response:
                yield ResponseFacade(response)

        return entered()

    async def aclose(self) -> None:
        self._behind.close()
