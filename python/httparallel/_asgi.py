"""One request to an ASGI application (ASGI 3.0, "HTTP & WebSocket message format")."""

from __future__ import annotations

from ._response import Response
from ._streams import AsyncByteStream, ByteStream
from .concurrency import current_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any

    import trio

    from ._app_transports import ASGITransport, Message
    from ._request import Request


async def answer(transport: ASGITransport, request: Request) -> Response:
    """Runs the application for one request."""
    exchange = _Exchange(request)
    try:
        await transport.app(_scope(transport, request), exchange.receive, exchange.send)
    except Exception:
        if transport.raise_app_exceptions:
            raise
        exchange.fail()
    return exchange.response()


def _scope(transport: ASGITransport, request: Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": transport.client,
        "root_path": transport.root_path,
    }


class _Exchange:
    """What the application is told of the request, and what it says of the response."""

    def __init__(self, request: Request) -> None:
        if not isinstance(request.stream, AsyncByteStream):
            raise RuntimeError("Attempted to send a sync request with an AsyncClient instance.")
        self._content = request.stream.__aiter__()
        self._has_content = request.method != "HEAD"
        self._is_received = False
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._complete = _event()

    async def receive(self) -> Message:
        """The next piece of the request; after the last one, that the client is gone, when it is."""
        if self._is_received:
            await self._complete.wait()
            return {"type": "http.disconnect"}
        async for piece in self._content:
            return {"type": "http.request", "body": piece, "more_body": True}
        self._is_received = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        """Takes the next piece of the response."""
        if message["type"] == "http.response.start":
            if self._status is not None:
                raise RuntimeError("The ASGI application started its response twice.")
            self._status = message["status"]
            self._headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            if self._complete.is_set():
                raise RuntimeError("The ASGI application went on after the end of its response.")
            if self._has_content:
                self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._complete.set()

    def fail(self) -> None:
        """Ends the response of an application that raised an exception."""
        self._status = self._status or 500
        self._complete.set()

    def response(self) -> Response:
        if self._status is None or not self._complete.is_set():
            raise RuntimeError("The ASGI application ended before its response did.")
        return Response(self._status, headers=self._headers, stream=ByteStream(b"".join(self._parts)))


def _event() -> asyncio.Event | trio.Event:
    # What waits for it is the application, which may do so in tasks of its own.
    if current_backend().name == "trio":
        import trio

        return trio.Event()
    import asyncio

    return asyncio.Event()
