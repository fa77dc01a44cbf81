"""Responses to `stream=True`: the names that the first asynchronous clients of this kind had for a body.

=================== ============================ ===================================
today               `stream=True`, synchronous   `stream=True`, asynchronous
=================== ============================ ===================================
`read` / `aread`    `r.read()`                   `await r.read()`
`iter_bytes`        `for chunk in r.stream()`    `async for chunk in r.stream()`
`iter_raw`          `for chunk in r.raw()`       `async for chunk in r.raw()`
`close` / `aclose`  `r.close()`                  `await r.close()`
=================== ============================ ===================================

Today's names work on them too. `read` and `close` cannot be both, awaited and not, on one class, which is
why these are classes of their own, and why only requests that ask for `stream=True` get them.
"""

from __future__ import annotations

from ._response import Response
from ._streams import AsyncByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
    from typing import Any, Self


class _StreamedResponse(Response):
    """What both kinds share."""

    @classmethod
    def of(cls, response: Response) -> Self:
        """A response that shares the state of one that a transport made."""
        self = cls.__new__(cls)
        self.__dict__ = response.__dict__
        return self

    @property
    def _transport_stream(self) -> Any:  # noqa: ANN401 - each subclass has one of the two kinds
        # Response.stream is not a data descriptor: what was assigned is in the instance's dictionary.
        stream = self.__dict__.get("stream")
        return Response.stream.__get__(self) if stream is None else stream


class StreamedResponse(_StreamedResponse):
    """The response to `client.get(url, stream=True)`."""

    @property
    def stream(self) -> CallableStream:
        """The byte stream of the body; called, the decoded body."""
        return CallableStream(self, self._transport_stream)

    @stream.setter
    def stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        self.__dict__["stream"] = stream

    def raw(self) -> Generator[bytes, None, None]:
        """The body as it was sent. `iter_raw()` by its old name."""
        return self.iter_raw()


class AsyncStreamedResponse(_StreamedResponse):
    """The response to `await client.get(url, stream=True)`."""

    @property
    def stream(self) -> AsyncCallableStream:
        """The byte stream of the body; called, the decoded body."""
        return AsyncCallableStream(self, self._transport_stream)

    @stream.setter
    def stream(self, stream: SyncByteStream | AsyncByteStream) -> None:
        self.__dict__["stream"] = stream

    async def read(self) -> bytes:  # type: ignore[override]
        """Reads the body into memory and returns it. `aread()` by its old name."""
        return await self.aread()

    def raw(self) -> AsyncGenerator[bytes, None]:
        """The body as it was sent. `aiter_raw()` by its old name."""
        return self.aiter_raw()

    async def close(self) -> None:  # type: ignore[override]
        """Lets go of the connection. `aclose()` by its old name."""
        await self.aclose()


class CallableStream(SyncByteStream):
    """The stream of a StreamedResponse: `r.stream` as today, `r.stream()` as it once was."""

    def __init__(self, response: StreamedResponse, stream: SyncByteStream) -> None:
        self._response = response
        self._stream = stream

    def __call__(self) -> Generator[bytes, None, None]:
        return self._response.iter_bytes()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        self._stream.close()


class AsyncCallableStream(AsyncByteStream):
    """The stream of an AsyncStreamedResponse: `r.stream` as today, `r.stream()` as it once was."""

    def __init__(self, response: AsyncStreamedResponse, stream: AsyncByteStream) -> None:
        self._response = response
        self._stream = stream

    def __call__(self) -> AsyncGenerator[bytes, None]:
        return self._response.aiter_bytes()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        await self._stream.aclose()
