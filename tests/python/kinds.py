"""The three kinds of program that a client is for: synchronous, asyncio and trio.

A test that takes the fixture `kind` is written once, as an async function, and runs for each of them::

    async def test_gets_a_page(kind: Kind, server: Server) -> None:
        async with kind.client() as client:
            response = await client.get(server.http)

On asyncio and trio `kind.client` makes an AsyncClient. For synchronous code it makes a Client behind a facade
that has the AsyncClient's way of being used and none of its waiting, and the test runs without an event loop.
`async_only` and `sync_only` are for what only one sort can do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

import pytest
import trio

import httparallel

KINDS = ("sync", "asyncio", "trio")

async_only = pytest.mark.parametrize("kind", ["asyncio", "trio"], indirect=True)
sync_only = pytest.mark.parametrize("kind", ["sync"], indirect=True)


class Kind:
    """One kind of program."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def is_async(self) -> bool:
        return self.name != "sync"

    def run(self, function: Callable[..., Coroutine[Any, Any, Any]], **arguments: Any) -> Any:
        """Runs an async function as a program of this kind."""
        if self.name == "sync":
            return without_waiting(function(**arguments))
        if self.name == "asyncio":
            return asyncio.run(function(**arguments))

        async def main() -> Any:
            return await function(**arguments)

        return trio.run(main)

    def client(self, **arguments: Any) -> Any:
        """A client with the interface of AsyncClient."""
        if self.is_async:
            return httparallel.AsyncClient(**arguments)
        return ClientFacade(httparallel.Client(**arguments))

    def transport(self, **arguments: Any) -> Any:
        """The engine as a transport for a client of this kind."""
        if self.is_async:
            return httparallel.AsyncHTTPTransport(**arguments)
        return httparallel.HTTPTransport(**arguments)

    def function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A plain function, such as an event hook, as programs of this kind write it."""
        if not self.is_async:
            return function

        async def awaited(*arguments: Any) -> Any:
            return function(*arguments)

        return awaited

    def content(self, pieces: Iterable[bytes]) -> Any:
        """A generator of content, as programs of this kind write it."""
        return _agenerate(pieces) if self.is_async else _generate(pieces)

    async def sleep(self, seconds: float) -> None:
        if self.name == "sync":
            time.sleep(seconds)
        elif self.name == "asyncio":
            await asyncio.sleep(seconds)
        else:
            await trio.sleep(seconds)

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits until a condition holds that nobody announces, such as a counter of the server."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition does not come to hold"
            await self.sleep(0.005)

    def __repr__(self) -> str:
        return self.name


def without_waiting(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that awaits nothing but facades of synchronous code."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("a test of synchronous code has awaited something asynchronous")


class Facade:
    """Something synchronous. What a subclass does not define is as in what stands behind it."""

    _behind: Any

    def __init__(self, behind: Any) -> None:
        object.__setattr__(self, "_behind", behind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._behind, name, value)

    def __repr__(self) -> str:
        return repr(self._behind)


class EnteredFacade(Facade):
    """A context manager. `close` is awaited too."""

    async def __aenter__(self) -> Self:
        self._behind.__enter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._behind.__exit__(exc_type, exc_value, traceback)


def _awaited(name: str) -> Callable[..., Awaitable[Any]]:
    """A method that is awaited and gives a response, or what else the synchronous one gives."""

    async def method(self: Facade, *arguments: Any, **keywords: Any) -> Any:
        return _facade(getattr(self._behind, name)(*arguments, **keywords))

    return method


def _iterated(name: str) -> Callable[..., AsyncIterator[Any]]:
    """A method that is iterated over with `async for`."""

    async def method(self: Facade, *arguments: Any, **keywords: Any) -> AsyncIterator[Any]:
        for item in getattr(self._behind, name)(*arguments, **keywords):
            yield _facade(item)

    return method


class ClientFacade(EnteredFacade):
    """A Client that is used like an AsyncClient."""

    get = _awaited("get")
    options = _awaited("options")
    head = _awaited("head")
    post = _awaited("post")
    put = _awaited("put")
    patch = _awaited("patch")
    delete = _awaited("delete")
    query = _awaited("query")
    request = _awaited("request")
    send = _awaited("send")
    aclose = _awaited("close")

    def stream(self, *arguments: Any, **keywords: Any) -> AbstractAsyncContextManager[Any]:
        streamed = self._behind.stream(*arguments, **keywords)

        @asynccontextmanager
        async def entered() -> AsyncIterator[Any]:
            with streamed as response:
                yield _facade(response)

        return entered()

    def sse(self, *arguments: Any, **keywords: Any) -> AbstractAsyncContextManager[Any]:
        connected = self._behind.sse(*arguments, **keywords)

        @asynccontextmanager
        async def entered() -> AsyncIterator[Any]:
            with connected as source:
                yield EventSourceFacade(source)

        return entered()

    def websocket(self, *arguments: Any, **keywords: Any) -> AbstractAsyncContextManager[Any]:
        connected = self._behind.websocket(*arguments, **keywords)

        @asynccontextmanager
        async def entered() -> AsyncIterator[Any]:
            with connected as session:
                yield SessionFacade(session)

        return entered()

    def parallel(self, **arguments: Any) -> ParallelFacade:
        return ParallelFacade(self._behind.parallel(**arguments))


class ParallelFacade(EnteredFacade):
    """A Parallel that is used like an AsyncParallel."""

    next_response = _awaited("next_response")
    map = _iterated("map")

    def request(self, *arguments: Any, **keywords: Any) -> PendingFacade:
        return PendingFacade(self._behind.request(*arguments, **keywords))

    def __len__(self) -> int:
        return len(self._behind)

    def __aiter__(self) -> AsyncIterator[Any]:
        return _iterated("__iter__")(self)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._behind, name)
        if name not in ("get", "options", "head", "post", "put", "patch", "delete", "query"):
            return found
        return lambda *arguments, **keywords: PendingFacade(found(*arguments, **keywords))


class PendingFacade(Facade):
    """A PendingResponse that is used like an AsyncPendingResponse."""

    get_response = _awaited("get_response")

    def __await__(self) -> Any:
        return self
        yield


class SessionFacade(EnteredFacade):
    """A WebSocketSession that is used like an AsyncWebSocketSession."""

    send = _awaited("send")
    send_text = _awaited("send_text")
    send_bytes = _awaited("send_bytes")
    send_json = _awaited("send_json")
    receive = _awaited("receive")
    receive_text = _awaited("receive_text")
    receive_bytes = _awaited("receive_bytes")
    receive_json = _awaited("receive_json")
    close = _awaited("close")

    async def ping(self, *arguments: Any) -> PongFacade:
        return PongFacade(self._behind.ping(*arguments))


class PongFacade(Facade):
    """The pong of a WebSocketSession, used like one of an AsyncWebSocketSession."""

    wait = _awaited("wait")


class ResponseFacade(Facade):
    """A response whose body is yet to be read, used like one of an AsyncClient."""

    aread = _awaited("read")
    aclose = _awaited("close")
    aiter_raw = _iterated("iter_raw")
    aiter_bytes = _iterated("iter_bytes")
    aiter_text = _iterated("iter_text")
    aiter_lines = _iterated("iter_lines")


class EventSourceFacade(Facade):
    """An EventSource that is iterated over with `async for`."""

    def __aiter__(self) -> AsyncIterator[Any]:
        return _iterated("__iter__")(self)


class StreamedResponseFacade(ResponseFacade):
    """The response to `stream=True`."""

    read = _awaited("read")
    close = _awaited("close")
    raw = _iterated("raw")

    @property
    def stream(self) -> Callable[[], AsyncIterator[bytes]]:
        return lambda: _iterated("stream")(self)


def _facade(result: Any) -> Any:
    if not isinstance(result, httparallel.Response) or result.is_closed:
        return result
    return StreamedResponseFacade(result) if hasattr(result, "raw") else ResponseFacade(result)


def _generate(pieces: Iterable[bytes]) -> Iterable[bytes]:
    yield from pieces


async def _agenerate(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
