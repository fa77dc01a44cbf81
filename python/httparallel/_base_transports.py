"""The interface of transports, and the simplest one: a function in place of a network."""

from __future__ import annotations

from ._public import public
from ._response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Self

    from ._request import Request


@public
class BaseTransport:
    """The base of synchronous transports. Subclasses define `handle_request`."""

    def handle_request(self, request: Request) -> Response:
        """Sends the request and returns the response, whose stream may be still to be read."""
        raise NotImplementedError(f"{type(self).__name__} does not define 'handle_request'.")

    def close(self) -> None:
        """Releases what the transport holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


@public
class AsyncBaseTransport:
    """The base of asynchronous transports. Subclasses define `handle_async_request`."""

    async def handle_async_request(self, request: Request) -> Response:
        """Sends the request and returns the response, whose stream may be still to be read."""
        raise NotImplementedError(f"{type(self).__name__} does not define 'handle_async_request'.")

    async def aclose(self) -> None:
        """Releases what the transport holds."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


@public
class MockTransport(AsyncBaseTransport, BaseTransport):
    """Answers requests with a function, for tests."""

    def __init__(self, handler: Callable[[Request], Response | Awaitable[Response]]) -> None:
        self.handler = handler

    def handle_request(self, request: Request) -> Response:
        request.read()
        response = self.handler(request)
        if not isinstance(response, Response):
            raise TypeError("Cannot use an async handler in a sync Client")
        return response

    async def handle_async_request(self, request: Request) -> Response:
        await request.aread()
        response = self.handler(request)
        return response if isinstance(response, Response) else await response
