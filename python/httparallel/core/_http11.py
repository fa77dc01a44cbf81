"""HTTP/1.1 over one stream: moves the bytes between the stream and the engine's codec, one request at a time.

::

    NEW ──► ACTIVE ──► IDLE ──► ACTIVE …       a response that was read to its end, on a connection that lasts
               └─────► CLOSED                  everything else
"""

from __future__ import annotations

import enum
import logging
import threading
import time

from .._native import Http1Connection, may_resend
from ._bodies import TracedBody, stream_of
from ._checked import ByteStream
from ._exceptions import ConnectionNotAvailable, ReadError, RemoteProtocolError, WriteError, engine_errors
from ._interfaces import AsyncConnectionInterface, AsyncFace, ConnectionInterface, Flows, Lost, SyncFace
from ._io import Body as Content
from ._io import CloseStream, Flow, ReadStream, Shielded, WriteStream
from ._loops import abandon
from ._models import Response
from ._public import public
from ._trace import traced
from ._upgrade import upgraded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from ._io import Stream
    from ._models import Origin, Request

    Head: TypeAlias = tuple[bytes, int, bytes, list[tuple[bytes, bytes]]]

__all__ = ["AsyncHTTP11Connection", "BaseHTTP11Connection", "HTTP11Connection"]

LOGGER = logging.getLogger("httparallel.http11")
READ_SIZE = 64 * 1024


class State(enum.IntEnum):
    NEW = 0
    ACTIVE = 1
    IDLE = 2
    CLOSED = 3


class BaseHTTP11Connection(Flows):
    """What both kinds of connection share."""

    def __init__(self, origin: Origin, stream: Stream, keepalive_expiry: float | None = None) -> None:
        self._origin = origin
        self._stream = stream
        self._keepalive_expiry = keepalive_expiry
        self._expire_at: float | None = None
        self._state = State.NEW
        self._request_count = 0
        # The garbage collector may end another response, in the middle of anything.
        self._mutex = threading.RLock()
        self._codec = Http1Connection()
        self._is_answered = False
        self._is_written = False

    def _attempt(self, request: Request) -> Flow[Response]:
        if not self.can_handle_request(request.url.origin):
            raise RuntimeError(f"This connection to {self._origin} got a request to {request.url.origin}.")
        self._begin()
        arguments = {"request": request}
        try:
            try:
                yield from traced(
                    "send_request_headers", LOGGER, request, arguments, self._send_head(request)
                )
                yield from traced("send_request_body", LOGGER, request, arguments, self._send_body(request))
            except WriteError:
                # RFC 9112, section 9.5: a server may close "at any time", after a response that says why.
                pass
            receiving = self._receive_head(request)
            head = yield from traced("receive_response_headers", LOGGER, request, arguments, receiving)
        except GeneratorExit:
            raise
        except BaseException as error:
            yield Shielded(traced("response_closed", LOGGER, request, {}, self._drop()))
            self._raise_if_lost(request, error)
            raise
        return self._response(head, request)

    def _begin(self) -> None:
        with self._mutex:
            if self._state not in (State.NEW, State.IDLE):
                raise ConnectionNotAvailable
            self._request_count += 1
            self._state = State.ACTIVE
            self._expire_at = None
            self._is_answered = self._is_written = False

    def _response(self, head: Head, request: Request) -> Response:
        version, status, reason, headers = head
        stream: Stream = self._stream
        if self._codec.is_upgraded:
            stream = upgraded(stream, self._codec.trailing(), self._face)
        return Response(
            status,
            headers=headers,
            content=stream_of(HTTP11Body(self, request), self._face),
            extensions={"http_version": version, "reason_phrase": reason, "network_stream": stream},
        )

    # The request.

    def _send_head(self, request: Request) -> Flow[None]:
        with engine_errors():
            head = self._codec.start(request.method, request.url.target, request.headers)
        yield from self._write(head, request)

    def _send_body(self, request: Request) -> Flow[None]:
        stream = request.stream
        if type(stream) is ByteStream:
            with engine_errors():
                data = self._codec.data(stream._content) + self._codec.end()
            yield from self._write(data, request)
            return
        content = Content(stream)
        try:
            while (piece := (yield content.next())) is not None:
                with engine_errors():
                    data = self._codec.data(piece if type(piece) is bytes else bytes(piece))
                yield from self._write(data, request)
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(content.close())
            raise
        yield content.close()
        with engine_errors():
            data = self._codec.end()
        yield from self._write(data, request)

    def _write(self, data: bytes, request: Request) -> Flow[None]:
        if data:
            self._is_written = True
            yield WriteStream(self._stream, data, _timeout(request, "write"))

    # The response.

    def _receive_head(self, request: Request) -> Flow[Head]:
        while True:
            event = yield from self._event(request)
            # RFC 9110, section 15.2: a client "MUST be able to parse one or more 1xx responses received prior
            # to a final response". 101 is final.
            if isinstance(event, tuple) and (event[1] >= 200 or event[1] == 101):
                return event

    def _receive_piece(self, request: Request) -> Flow[bytes | bool]:
        """A piece of the content; at its end, whether the connection may serve another request."""
        if self._codec.is_upgraded:
            return False
        event = yield from self._event(request)
        assert not isinstance(event, tuple), "the head came first"
        return event

    def _event(self, request: Request) -> Flow[Head | bytes | bool]:
        while True:
            with engine_errors():
                event = self._codec.event()
            if event is not None:
                return event
            data = yield ReadStream(self._stream, READ_SIZE, _timeout(request, "read"))
            if data:
                self._is_answered = True
            elif not self._is_answered:
                raise RemoteProtocolError("Server disconnected without sending a response.")
            elif self._stream.get_extra_info("is_truncated"):
                # RFC 9112, section 9.8: a response that ends with the connection is complete only after
                # "a valid closure alert".
                raise RemoteProtocolError("The TLS connection ended without close_notify in a response.")
            with engine_errors():
                self._codec.receive(data)

    # The end.

    def _release(self, is_reusable: bool) -> Flow[None]:
        """The response is over."""
        if is_reusable:
            with self._mutex:
                if self._state is State.ACTIVE:
                    self._state = State.IDLE
                    if self._keepalive_expiry is not None:
                        self._expire_at = time.monotonic() + self._keepalive_expiry
                    return
        yield from self._drop()

    def _drop(self) -> Flow[None]:
        self._state = State.CLOSED
        yield Shielded(CloseStream(self._stream))

    def _close(self) -> Flow[None]:
        return self._drop()

    def _abandon(self) -> None:
        self._state = State.CLOSED
        abandon(self._stream)

    def _raise_if_lost(self, request: Request, error: BaseException) -> None:
        """Raises Lost if the request may be sent again elsewhere: nothing was heard of it."""
        if self._is_answered or not isinstance(error, (ReadError, WriteError, RemoteProtocolError)):
            return
        is_replayable = isinstance(request.stream, ByteStream)
        is_reused = self._request_count > 1
        if may_resend(request.method, request.headers, is_replayable, is_reused, self._is_written):
            raise Lost(error, error) from error

    # What pools ask.

    def _is_reusable(self) -> bool:
        return self._state is State.IDLE

    def can_handle_request(self, origin: Origin) -> bool:
        return origin == self._origin

    def is_connected(self) -> bool:
        return self._state is not State.CLOSED

    def is_available(self) -> bool:
        return self._state is State.IDLE

    def has_expired(self) -> bool:
        if self._state is not State.IDLE:
            return False
        expire_at = self._expire_at
        if expire_at is not None and time.monotonic() > expire_at:
            return True
        # The server has nothing to say between two requests: it has closed the connection, or is about to be
        # misunderstood.
        return bool(self._stream.get_extra_info("is_readable"))

    def is_idle(self) -> bool:
        return self._state is State.IDLE

    def can_multiplex(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return self._state is State.CLOSED

    def info(self) -> str:
        return f"{str(self._origin)!r}, HTTP/1.1, {self._state.name}, Request Count: {self._request_count}"

    def __repr__(self) -> str:
        state = f"{self._state.name}, Request Count: {self._request_count}"
        return f"<{type(self).__name__} [{str(self._origin)!r}, {state}]>"


class HTTP11Body(TracedBody):
    """The content of a response over HTTP/1.1."""

    def __init__(self, connection: BaseHTTP11Connection, request: Request) -> None:
        super().__init__(LOGGER, request, {})
        self._connection = connection
        self._is_over = self._is_reusable = False

    def _receive(self) -> Flow[bytes | None]:
        if self._is_over:
            return None
        piece = yield from self._connection._receive_piece(self._request)
        if isinstance(piece, bytes):
            return piece
        self._is_over, self._is_reusable = True, piece
        return None

    def _release(self) -> Flow[None]:
        return self._connection._release(self._is_reusable)


@public
class HTTP11Connection(BaseHTTP11Connection, SyncFace, ConnectionInterface):
    """An HTTP/1.1 connection over a stream that is open already."""


@public
class AsyncHTTP11Connection(BaseHTTP11Connection, AsyncFace, AsyncConnectionInterface):
    """An HTTP/1.1 connection over a stream that is open already, for async code."""


def _timeout(request: Request, name: str) -> float | None:
    limit: float | None = request.extensions.get("timeout", {}).get(name)
    return limit
