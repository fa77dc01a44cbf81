"""HTTP/2 over one stream of bytes: a connection that serves many requests at once.

::

    IDLE ──► ACTIVE ──► IDLE …        as its requests come and go
      └────────┴──────► CLOSED        no more streams are possible, and the last one is over; or a failure
"""

from __future__ import annotations

import enum
import logging
import time
from contextlib import suppress

from .._native import may_resend
from ._bodies import stream_of
from ._checked import ByteStream
from ._exceptions import (
    ConnectionNotAvailable,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ReadTimeout,
    RemoteProtocolError,
    WriteError,
    engine_errors,
)
from ._http2_sleepers import NO_STREAM
from ._http2_stream import HTTP2Body, Http2Stream
from ._http2_wire import Wire
from ._interfaces import (
    AsyncConnectionInterface,
    AsyncFace,
    ConnectionInterface,
    Flows,
    Http1Required,
    Lost,
    SyncFace,
)
from ._io import AwaitEvent, CloseStream, Deadline, Event, Flow, Shielded
from ._loops import abandon
from ._models import Response
from ._public import public
from ._trace import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._io import Stream
    from ._models import Origin, Request

__all__ = ["AsyncHTTP2Connection", "BaseHTTP2Connection", "HTTP2Connection"]

LOGGER = logging.getLogger("httparallel.http2")
# How long the server may take to hear that a request was given up.
LAST_WORDS = 1.0
# The time limit, in seconds, for reading what is there already.
AT_ONCE = 0.01


class State(enum.IntEnum):
    ACTIVE = 1
    IDLE = 2
    CLOSED = 3


class BaseHTTP2Connection(Flows):
    """What both kinds of connection share."""

    def __init__(self, origin: Origin, stream: Stream, keepalive_expiry: float | None = None) -> None:
        self._origin = origin
        self._keepalive_expiry = keepalive_expiry
        self._expire_at: float | None = None
        self._state = State.IDLE
        self._request_count = 0
        self.wire = Wire(stream)
        self._is_greeted = False
        self._streams: set[Http2Stream] = set()
        # Those who wait for the server to allow another stream.
        self._room: list[Event] = []
        self._limits = self.limits()
        # A pool's: called when `limits` have changed.
        self.on_change: Callable[[], Flow[None]] | None = None

    def limits(self) -> tuple[int, bool]:
        """How many streams the server allows at once, and whether it takes no more requests at all."""
        return self.wire.engine.max_streams, self.wire.engine.is_going_away

    def _attempt(self, request: Request) -> Flow[Response]:
        if not self.can_handle_request(request.url.origin):
            raise RuntimeError(f"This connection to {self._origin} got a request to {request.url.origin}.")
        authority = next((value for name, value in request.headers if name.lower() == b"host"), None)
        if authority is None:
            raise LocalProtocolError("The request has no Host header.")
        if not self._is_greeted:
            yield from self._greet(request)
        elif not self._streams:
            yield from self._catch_up()
        is_reused, receipts = self._request_count > 0, self.wire.receipts
        stream = yield from self._open(request, authority)
        try:
            status, headers = yield from self._exchange(stream)
        except GeneratorExit:
            raise
        except BaseException as error:
            closing = {"stream_id": stream.number}
            yield Shielded(traced("response_closed", LOGGER, request, closing, self.release(stream)))
            is_stale = is_reused and receipts == self.wire.receipts and self.wire.failure is not None
            self._raise_if_lost(stream, error, is_stale)
            raise
        return Response(
            status,
            headers=headers,
            content=stream_of(HTTP2Body(LOGGER, self, stream), self._face),
            extensions={
                "http_version": b"HTTP/2",
                "network_stream": self.wire.stream,
                "stream_id": stream.number,
            },
        )

    def _greet(self, request: Request) -> Flow[None]:
        """RFC 9113, section 3.4: the first bytes are the preface and SETTINGS."""
        self._is_greeted = True
        timeout = request.extensions.get("timeout", {}).get("write")
        steps = self.wire.flush(timeout)
        try:
            yield from traced("send_connection_init", LOGGER, request, {"request": request}, steps)
        except GeneratorExit:
            raise
        except BaseException:
            # If nothing was written, the next request does so, which may be here by now.
            if self.wire.failure is not None:
                yield Shielded(self._close())
            raise

    def _catch_up(self) -> Flow[None]:
        """Hears what the server has said while nobody listened: perhaps that it has closed the connection."""
        if not self.wire.stream.get_extra_info("is_readable"):
            return
        receipts = self.wire.receipts
        try:
            yield from self.wire.wait(NO_STREAM, lambda: self.wire.receipts > receipts, Deadline(AT_ONCE))
        except (ReadTimeout, NetworkError, RemoteProtocolError):
            # Inside TLS, not all that can be read is for HTTP/2. Whatever is wrong, the connection knows.
            return
        yield from self._heed()

    def _exchange(self, stream: Http2Stream) -> Flow[tuple[int, list[tuple[bytes, bytes]]]]:
        request = stream.request
        arguments = {"request": request, "stream_id": stream.number}
        sending = self.wire.flush(stream.write_timeout)
        # The server may have said why it takes no more: by a response, or by GOAWAY.
        with suppress(WriteError):
            yield from traced("send_request_headers", LOGGER, request, arguments, sending)
            yield from traced("send_request_body", LOGGER, request, arguments, stream.send_content())
        receiving = stream.receive_head()
        head: tuple[int, list[tuple[bytes, bytes]]] = yield from traced(
            "receive_response_headers", LOGGER, request, arguments, receiving
        )
        return head

    def _raise_if_lost(self, stream: Http2Stream, error: BaseException, is_stale: bool) -> None:
        """Raises Lost if the request may be sent again elsewhere."""
        if stream.is_answered or stream.has_consumed or not isinstance(error, Exception):
            return
        if stream.refusal == "unprocessed":
            raise Lost(ConnectionNotAvailable(), error) from error
        if stream.refusal == "http1_required":
            raise Http1Required(error, error) from error
        request = stream.request
        is_replayable = isinstance(request.stream, ByteStream)
        if is_stale and may_resend(request.method, request.headers, is_replayable, True, True):
            raise Lost(error, error) from error

    # Streams.

    def _open(self, request: Request, authority: bytes) -> Flow[Http2Stream]:
        """A stream for the request, once the server allows another one."""
        deadline = Deadline(request.extensions.get("timeout", {}).get("pool"))
        while True:
            with self.wire.mutex:
                if not self._is_usable():
                    raise ConnectionNotAvailable
                if self.wire.engine.can_open():
                    return self._opened(request, authority)
                room = Event()
                self._room.append(room)
            try:
                has_room = yield AwaitEvent(room, deadline.left())
            except BaseException:
                self._leave(room)
                raise
            if not has_room:
                self._leave(room)
                raise PoolTimeout("The server allows no more concurrent streams on the connection.")

    def _opened(self, request: Request, authority: bytes) -> Http2Stream:
        has_content = any(
            name.lower() in (b"content-length", b"transfer-encoding") for name, _ in request.headers
        )
        # RFC 9113, section 8.3.1: ":authority" replaces Host; section 8.2.2 forbids Transfer-Encoding.
        headers = [pair for pair in request.headers if pair[0].lower() not in (b"host", b"transfer-encoding")]
        url = request.url
        with engine_errors():
            number = self.wire.engine.open(
                request.method, url.scheme, authority, url.target, headers, not has_content
            )
        self._request_count += 1
        self._state = State.ACTIVE
        self._expire_at = None
        stream = Http2Stream(self, number, request, has_content)
        self._streams.add(stream)
        return stream

    def _leave(self, room: Event) -> None:
        """Waits for room no more. If that was offered in this very moment, it is another one's."""
        with self.wire.mutex:
            if room in self._room:
                self._room.remove(room)
            elif self._room:
                self._room.pop(0).set()

    def release(self, stream: Http2Stream) -> Flow[None]:
        """The response is over; or nobody wants the rest of it, which the server is told."""
        if self.wire.mutex.is_mine:
            # A forgotten response is collected in the middle of this thread's own work here.
            self.wire.mutex.postpone(lambda: self._forget(stream))
            return
        with self.wire.mutex:
            if not self._forget(stream):
                return
            is_usable = self._is_usable()
        self.wire.wake()
        if self.wire.is_torn:
            # Nobody else's doing, so that it is left to whoever owns the connection.
            return
        if not is_usable and not self._streams:
            yield from self._close()
        elif self.wire.failure is None:
            yield Shielded(self._flush_last_words())

    def _forget(self, stream: Http2Stream) -> bool:
        """Ends a stream. False if that was done already."""
        if stream not in self._streams:
            return False
        self._streams.remove(stream)
        self.wire.engine.reset(stream.number)
        if self._room:
            self._room.pop(0).set()
        if not self._streams and self._state is State.ACTIVE:
            self._state = State.IDLE
            if self._keepalive_expiry is not None:
                self._expire_at = time.monotonic() + self._keepalive_expiry
        return True

    def _flush_last_words(self) -> Flow[None]:
        try:
            yield from self.wire.flush(LAST_WORDS)
        except GeneratorExit:
            raise
        except Exception:
            # Whoever uses the connection next hears of it.
            LOGGER.debug("the server could not be told that a request is over", exc_info=True)

    def wait(self, stream: Http2Stream, has_news: Callable[[], bool]) -> Flow[None]:
        """Waits for news of a stream, and reads for all streams if nobody else does."""
        deadline = Deadline(stream.read_timeout)
        while (yield from self.wire.wait(stream.number, has_news, deadline)):
            if self.limits()[0] != self._limits[0]:
                yield from traced("receive_remote_settings", LOGGER, stream.request, {}, _nothing())
            yield from self._heed()
            if self.wire.failure is None:
                yield from self.wire.acknowledge(stream.write_timeout, deadline)

    def _heed(self) -> Flow[None]:
        """Does what the server wants, if that is new."""
        limits = self.limits()
        if limits == self._limits:
            return
        self._limits = limits
        with self.wire.mutex:
            waiting, self._room = self._room, []
        for room in waiting:
            room.set()
        if self.on_change is not None:
            yield from self.on_change()

    def _close(self) -> Flow[None]:
        self._state = State.CLOSED
        yield Shielded(CloseStream(self.wire.stream))
        for room in self._room:
            room.set()

    def _abandon(self) -> None:
        self._state = State.CLOSED
        abandon(self.wire.stream)

    def _is_usable(self) -> bool:
        """Whether it may ever serve another request."""
        engine = self.wire.engine
        is_failed = self.wire.failure is not None or self._state is State.CLOSED
        return not (is_failed or engine.is_closed or engine.is_going_away)

    # What pools ask.

    def _is_reusable(self) -> bool:
        return self._is_usable()

    def can_handle_request(self, origin: Origin) -> bool:
        return origin == self._origin

    def is_connected(self) -> bool:
        return self._state is not State.CLOSED

    def is_available(self) -> bool:
        return self._is_usable() and self.wire.engine.can_open()

    def has_expired(self) -> bool:
        expire_at = self._expire_at
        return expire_at is not None and time.monotonic() > expire_at

    def is_idle(self) -> bool:
        return self._state is State.IDLE

    def can_multiplex(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self._state is State.CLOSED

    def info(self) -> str:
        return f"{str(self._origin)!r}, HTTP/2, {self._state.name}, Request Count: {self._request_count}"

    def __repr__(self) -> str:
        state = f"{self._state.name}, Request Count: {self._request_count}"
        return f"<{type(self).__name__} [{str(self._origin)!r}, {state}]>"


def _nothing() -> Flow[None]:
    return
    yield


@public
class HTTP2Connection(BaseHTTP2Connection, SyncFace, ConnectionInterface):
    """An HTTP/2 connection over a stream that is open already."""


@public
class AsyncHTTP2Connection(BaseHTTP2Connection, AsyncFace, AsyncConnectionInterface):
    """An HTTP/2 connection over a stream that is open already, for async code."""
