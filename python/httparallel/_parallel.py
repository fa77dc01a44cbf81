"""Parallel blocks: requests that run side by side, from plain synchronous code or from async code.

The engine runs the requests on its own thread, so they make progress whatever the block's code is doing.
What a block does is in `_block`; `Parallel` and `AsyncParallel` differ in how they wait.
"""

from __future__ import annotations

from _thread import get_ident
from collections import deque

from ._block import BaseBlock
from ._flow import arun, run
from ._native import Claim
from ._pending import AsyncPendingResponse, PendingResponse
from ._public import public
from ._received import AsyncReceivedStream, ReceivedStream
from ._streamed import AsyncStreamedResponse, StreamedResponse
from .concurrency import chosen_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from types import TracebackType
    from typing import Any, Self

    from ._client import AsyncClient, Client
    from ._flow import Wait
    from ._native import Operation
    from ._response import Response
    from ._types import URLTypes
    from .concurrency import AsyncBackend

__all__ = ["AsyncParallel", "AsyncPendingResponse", "Parallel", "PendingResponse"]

_NOTHING_PENDING = "There is no pending response. Check 'has_pending_responses' before 'next_response'."


@public
class Parallel(BaseBlock[PendingResponse]):
    """A block of requests that run side by side, for synchronous code::

        with httparallel.parallel() as parallel:
            for number in range(10):
                parallel.get(f"https://example.org/{number}")
            for response in parallel:
                ...

    Leaving the block cancels what is pending, and waits until it is gone. Bodies of streaming responses are
    to be read inside the block.

    Threads may take turns with a block: a request that one has started may be waited for in another. While
    one waits, others get a RuntimeError; give each a block of its own on the same client.
    """

    _pending_class = PendingResponse
    _stream_class = StreamedResponse

    _client: Client

    def __init__(
        self, client: Client, max_concurrency: int | None = None, *, owns_client: bool = False
    ) -> None:
        super().__init__(client, max_concurrency)
        self._owns_client = owns_client
        # Reentrant, because hooks may make requests. Each request calls these, so they are native methods.
        turn = Claim("Another thread is using this parallel block. Give each thread its own.")
        self._claim, self._release = turn.take, turn.release

    def next_response(self) -> Response:
        """Waits for whichever response comes first and returns it, or raises what went wrong.

        Each outcome is delivered once. RuntimeError if nothing is pending.
        """
        response = self._next_or_none()
        if response is None:
            raise RuntimeError(_NOTHING_PENDING)
        return response

    def map(self, urls: Iterable[URLTypes], *, method: str = "GET", **arguments: Any) -> Iterator[Response]:  # noqa: ANN401 - those of `request`
        """The responses to requests for many URLs, in the order of the URLs.

        URLs are taken as responses are: those ahead are twice what runs at once. If a request fails, or
        nobody asks for more, those ahead are cancelled.
        """
        ahead: deque[PendingResponse] = deque()
        try:
            for url in urls:
                ahead.append(self.request(method, url, **arguments))
                if len(ahead) >= self._window:
                    yield ahead.popleft().get_response()
            while ahead:
                yield ahead.popleft().get_response()
        finally:
            self._discard(ahead)

    def __iter__(self) -> Iterator[Response]:
        """The responses, as they come. Requests that are made meanwhile are among them."""
        return self

    def __next__(self) -> Response:
        response = self._next_or_none()
        if response is None:
            raise StopIteration
        return response

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._leave()
        if self._owns_client:
            self._client.close()

    def _next_or_none(self) -> Response | None:
        self._claim()
        try:
            pending = self._take() or run(self._next())
        finally:
            self._release()
        return None if pending is None else pending._response or pending._outcome()

    def _begin(self) -> None:
        # A transport written in Python would carry the request out right here.
        if self._client._has_engines_only():
            run(self._step_flows())

    def _change(self) -> Wait:
        if not self._running and not self._sleeping:
            raise RuntimeError(
                "A request waits for its own response: this was called by its hook or auth flow."
            )
        return super()._change()

    def _stream_of(self, operation: Operation) -> ReceivedStream:
        return ReceivedStream(operation)


@public
class AsyncParallel(BaseBlock[AsyncPendingResponse]):
    """A block of requests that run side by side, for async code::

        async with client.parallel() as parallel:
            for number in range(10):
                parallel.get(f"https://example.org/{number}")
            async for response in parallel:
                ...

    Leaving the block cancels what is pending, and waits until it is gone. Bodies of streaming responses are
    to be read inside the block.

    A request that needs Python on its way (authentication, hooks, content from a generator, `stream=True`)
    starts when it, or any response of the block, is awaited first; `await parallel.get(url)` starts it too.

    Any number of tasks may use a block at once, on the event loop that has entered it; other threads get a
    RuntimeError. Cancelling a task that waits cancels no request, except one whose hook, auth flow or Python
    transport that task was busy with.
    """

    _pending_class = AsyncPendingResponse
    _stream_class = AsyncStreamedResponse

    _client: AsyncClient
    _loop: AsyncBackend
    _has_checkpoints = False
    _thread: int

    async def next_response(self) -> Response:
        """Waits for whichever response comes first and returns it, or raises what went wrong.

        Each outcome is delivered once. RuntimeError if nothing is pending.
        """
        response = await self._next_or_none()
        if response is None:
            raise RuntimeError(_NOTHING_PENDING)
        return response

    async def map(
        self,
        urls: Iterable[URLTypes],
        *,
        method: str = "GET",
        **arguments: Any,  # noqa: ANN401 - those of `request`
    ) -> AsyncIterator[Response]:
        """The responses to requests for many URLs, in the order of the URLs.

        URLs are taken as responses are: those ahead are twice what runs at once. If a request fails, or
        nobody asks for more, those ahead are cancelled.
        """
        ahead: deque[AsyncPendingResponse] = deque()
        try:
            for url in urls:
                ahead.append(self.request(method, url, **arguments))
                if len(ahead) >= self._window:
                    yield await ahead.popleft().get_response()
            while ahead:
                yield await ahead.popleft().get_response()
        finally:
            self._discard(ahead)

    def __aiter__(self) -> AsyncIterator[Response]:
        """The responses, as they come. Requests that are made meanwhile are among them."""
        return self

    async def __anext__(self) -> Response:
        response = await self._next_or_none()
        if response is None:
            raise StopAsyncIteration
        return response

    async def __aenter__(self) -> Self:
        self._loop = chosen_backend(self._client._backend)
        self._has_checkpoints = self._loop.has_checkpoints
        self._thread = get_ident()
        self._enter()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._leave()

    async def _next_or_none(self) -> Response | None:
        if self._has_checkpoints:
            await self._checkpoint()
        self._claim()
        pending = self._take() or await arun(self._next())
        return None if pending is None else pending._response or pending._outcome()

    def _claim(self) -> None:
        if self._native is not None and self._thread != get_ident():
            raise RuntimeError(
                "A parallel block belongs to the event loop that has entered it, and its thread."
            )

    def _release(self) -> None:
        pass

    async def _checkpoint(self) -> None:
        if self._native is not None and self._has_checkpoints:
            await self._loop.checkpoint()

    def _stream_of(self, operation: Operation) -> AsyncReceivedStream:
        return AsyncReceivedStream(operation, self._loop)
