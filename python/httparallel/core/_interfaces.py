"""What pools and connections offer, whatever is behind them; and how theirs is driven.

Whatever they do is written once, as flows: `_handle` carries out a request, `_close` lets go. A synchronous
class and an async one stand before the same flows, and differ in who drives them.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager

from ._bodies import AsyncResponseStream, ResponseStream, whole
from ._checked import enforce_bytes, enforce_headers, include_request_headers
from ._io import ASYNC, SYNC, Face, Flow, arun, run
from ._models import Request, enforce_url
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType
    from typing import Self

    from ._checked import Content, Extensions, HeaderTypes
    from ._models import URL, Origin, Response

__all__ = [
    "AsyncConnectionInterface",
    "AsyncFace",
    "AsyncRequestInterface",
    "ConnectionInterface",
    "Flows",
    "Http1Required",
    "Lost",
    "RequestInterface",
    "SyncFace",
    "request_of",
]


def request_of(
    method: bytes | str,
    url: URL | bytes | str,
    headers: HeaderTypes,
    content: Content,
    extensions: Extensions | None,
) -> Request:
    """The request that these arguments of `request` and `stream` ask for."""
    address = enforce_url(url, name="url")
    pairs = enforce_headers(headers, name="headers")
    return Request(
        enforce_bytes(method, name="method"),
        address,
        headers=include_request_headers(pairs, url=address, content=content),
        content=content,
        extensions=extensions,
    )


class _Fetching:
    def _fetching(
        self,
        method: bytes | str,  # noqa: ARG002 - for those who can
        url: URL | bytes | str,  # noqa: ARG002
        headers: HeaderTypes,  # noqa: ARG002
        content: Content,  # noqa: ARG002
        extensions: Extensions | None,  # noqa: ARG002
    ) -> Flow[Response] | None:
        """A flow that carries out a request to the end of its response, if that is quicker than in steps."""
        return None


class RequestInterface(_Fetching):
    """Whatever sends requests, in synchronous code."""

    def request(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> Response:
        """Sends a request and reads its response, content included."""
        fetching = self._fetching(method, url, headers, content, extensions)
        if fetching is not None:
            return run(fetching)
        response = self.handle_request(request_of(method, url, headers, content, extensions))
        if type(response.stream) is ResponseStream:
            response._keep(run(whole(response.stream.body)))
            return response
        try:
            response.read()
        finally:
            response.close()
        return response

    @contextmanager
    def stream(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> Iterator[Response]:
        """Sends a request; the content of its response is read inside the `with` block, or not at all."""
        response = self.handle_request(request_of(method, url, headers, content, extensions))
        try:
            yield response
        finally:
            response.close()

    def handle_request(self, request: Request) -> Response:
        """Sends a request. Whoever calls this closes the response."""
        raise NotImplementedError


class AsyncRequestInterface(_Fetching):
    """Whatever sends requests, in async code."""

    async def request(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> Response:
        """Sends a request and reads its response, content included."""
        fetching = self._fetching(method, url, headers, content, extensions)
        if fetching is not None:
            return await arun(fetching)
        response = await self.handle_async_request(request_of(method, url, headers, content, extensions))
        if type(response.stream) is AsyncResponseStream:
            response._keep(await arun(whole(response.stream.body)))
            return response
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    @asynccontextmanager
    async def stream(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> AsyncIterator[Response]:
        """Sends a request; the content of its response is read inside the block, or not at all."""
        response = await self.handle_async_request(request_of(method, url, headers, content, extensions))
        try:
            yield response
        finally:
            await response.aclose()

    async def handle_async_request(self, request: Request) -> Response:
        """Sends a request. Whoever calls this closes the response."""
        raise NotImplementedError


class _ConnectionState:
    """What a pool asks a connection."""

    def info(self) -> str:
        """Origin, protocol, state and number of requests, for people."""
        raise NotImplementedError

    def can_handle_request(self, origin: Origin) -> bool:
        """Whether requests to this origin may be sent on it."""
        raise NotImplementedError

    def is_connected(self) -> bool:
        """Whether it has been opened, and not been closed since."""
        return not self.is_closed()

    def is_available(self) -> bool:
        """Whether it takes another request now. One that is still being opened does if it might turn out to
        speak HTTP/2.
        """
        raise NotImplementedError

    def has_expired(self) -> bool:
        """Whether it should be closed rather than used: it has idled too long, or the server closed it."""
        raise NotImplementedError

    def is_idle(self) -> bool:
        """Whether it is open and serves no request."""
        raise NotImplementedError

    def can_multiplex(self) -> bool:
        """Whether it serves several requests at once."""
        return False

    def is_closed(self) -> bool:
        raise NotImplementedError


@public
class ConnectionInterface(RequestInterface, _ConnectionState):
    """A connection, in synchronous code. `create_connection` of a pool returns one."""

    def close(self) -> None:
        raise NotImplementedError


@public
class AsyncConnectionInterface(AsyncRequestInterface, _ConnectionState):
    """A connection, in async code. `create_connection` of a pool returns one."""

    async def aclose(self) -> None:
        raise NotImplementedError


class Lost(Exception):
    """The request was lost with its connection, and may be sent again on another one.

    `shown` is what a program sees that uses the connection without a pool; `reason` what it is told if
    another attempt makes no sense any more.
    """

    def __init__(self, shown: Exception, reason: Exception) -> None:
        super().__init__(str(reason))
        self.shown = shown
        self.reason = reason


class Http1Required(Lost):
    """The server wants the request over HTTP/1.1."""


class Flows:
    """What a class with two faces is written as."""

    _face: Face

    def _attempt(self, request: Request) -> Flow[Response]:
        """Carries out a request, up to the head of its response. Raises Lost if it may be sent once more."""
        raise NotImplementedError

    def _handle(self, request: Request) -> Flow[Response]:
        """Carries out a request, up to the head of its response."""
        try:
            return (yield from self._attempt(request))
        except Lost as lost:
            raise lost.shown from lost.reason

    def _handles_itself(self) -> bool:
        """Whether nobody has put another method in the place of the one that handles requests."""
        raise NotImplementedError

    def _close(self) -> Flow[None]:
        raise NotImplementedError

    def _abandon(self) -> None:
        """Lets go of the socket, outside of any event loop."""
        raise NotImplementedError

    def _is_reusable(self) -> bool:
        """Whether another request may be sent on it, now that one is over."""
        raise NotImplementedError


class SyncFace(Flows, RequestInterface):
    """The flows, driven by the caller's thread."""

    _face = SYNC

    def handle_request(self, request: Request) -> Response:
        return run(self._handle(request))

    def _handles_itself(self) -> bool:
        return getattr(self.handle_request, "__func__", None) is SyncFace.handle_request

    def close(self) -> None:
        run(self._close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class AsyncFace(Flows, AsyncRequestInterface):
    """The flows, driven by the caller's task."""

    _face = ASYNC

    async def handle_async_request(self, request: Request) -> Response:
        return await arun(self._handle(request))

    def _handles_itself(self) -> bool:
        return getattr(self.handle_async_request, "__func__", None) is AsyncFace.handle_async_request

    async def aclose(self) -> None:
        await arun(self._close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()
