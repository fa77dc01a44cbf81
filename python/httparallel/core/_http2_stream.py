"""One request on an HTTP/2 connection: its content sent as far as the server's window allows, its events."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

from .._exceptions import RemoteProtocolError as EngineError
from ._bodies import TracedBody
from ._checked import ByteStream
from ._exceptions import RemoteProtocolError, WriteError
from ._io import Body as Content
from ._io import Flow, Shielded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import TypeAlias

    from ._http2 import BaseHTTP2Connection
    from ._models import Request

    Head: TypeAlias = tuple[bytes, int, bytes, list[tuple[bytes, bytes]]]

__all__ = ["HTTP2Body", "Http2Stream"]

# How many bytes of a response are kept that come while the request is still being sent. Each piece counts for
# the object that it is, too.
MAX_AHEAD = 16 * 1024 * 1024
PIECE_OVERHEAD = 64


class Http2Stream:
    """A stream of a connection, in the sense of HTTP/2."""

    def __init__(
        self, connection: BaseHTTP2Connection, number: int, request: Request, has_content: bool
    ) -> None:
        self._connection = connection
        self._wire = connection.wire
        self.number = number
        self.request = request
        self._has_content = has_content
        timeouts = request.extensions.get("timeout", {})
        self.read_timeout: float | None = timeouts.get("read")
        self.write_timeout: float | None = timeouts.get("write")
        # What has come and was not looked at yet; the last may be an exception.
        self._events: deque[Head | bytes | bool | Exception] = deque()
        # How much that is.
        self._ahead = 0
        self._is_over = False
        self.is_answered = False
        # How the request may be sent again that has no response: see the engine's `event`.
        self.refusal: str | None = None
        # Whether content is gone that cannot be had again.
        self.has_consumed = False
        # How many bytes wait for the server to take more.
        self._wanted = 0

    # The request.

    def send_content(self) -> Flow[None]:
        if not self._has_content:
            return
        stream = self.request.stream
        self.has_consumed = not isinstance(stream, ByteStream)
        content = Content(stream)
        try:
            while (piece := (yield content.next())) is not None:
                if not (yield from self._send(piece, end=False)):
                    break
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(content.close())
            raise
        yield content.close()
        yield from self._send(b"", end=True)

    def _send(self, piece: bytes, end: bool) -> Flow[bool]:
        """Sends a piece. False if the response is over already, so that nobody wants the rest."""
        engine, mutex = self._wire.engine, self._wire.mutex
        rest = memoryview(piece)
        while True:
            with mutex:
                if self._is_ended():
                    return False
                try:
                    allowed = engine.capacity(self.number, len(rest)) if rest else 0
                    taken = engine.data(self.number, bytes(rest[:allowed]), end and allowed == len(rest))
                except EngineError:
                    # The server wants no more of it; why is among the events.
                    return False
            rest = rest[taken:]
            yield from self._wire.flush(self.write_timeout)
            if not rest:
                return True
            self._wanted = len(rest)
            yield from self._connection.wait(self, self._has_window)

    def _has_window(self) -> bool:
        try:
            return self._is_ended() or self._wire.engine.capacity(self.number, self._wanted) > 0
        except EngineError:
            return True

    def _is_ended(self) -> bool:
        """Whether the server has ended the response, or broken off."""
        # Above the limit the engine keeps it, and opens the window no more.
        while not self._is_over and self._ahead < MAX_AHEAD and self._collect():
            pass
        return self._is_over

    # The response. The mutex is held where events are collected.

    def _collect(self) -> bool:
        """Takes the next event from the engine, if there is one."""
        if self._is_over:
            return False
        try:
            event = self._wire.engine.event(self.number)
        except EngineError as error:
            self.refusal = vars(error)["refusal"]
            failure = RemoteProtocolError(str(error))
            failure.__cause__ = error
            self._events.append(failure)
            self._is_over = True
            return True
        if event is None:
            return False
        self._is_over = isinstance(event, bool)
        if isinstance(event, bytes):
            self._ahead += len(event) + PIECE_OVERHEAD
        self._events.append(event)
        return True

    def _has_event(self) -> bool:
        return bool(self._events) or self._collect()

    def _next_event(self) -> Flow[Head | bytes | bool]:
        if not self._events:
            yield from self._connection.wait(self, self._has_event)
        event = self._events.popleft()
        if isinstance(event, bytes):
            self._ahead -= len(event) + PIECE_OVERHEAD
        if isinstance(event, Exception):
            raise event
        self.is_answered = True
        return event

    def receive_head(self) -> Flow[tuple[int, list[tuple[bytes, bytes]]]]:
        while True:
            event = yield from self._next_event()
            if isinstance(event, tuple) and event[1] >= 200:
                return event[1], event[3]

    def receive_piece(self) -> Flow[bytes | None]:
        event = yield from self._next_event()
        if not isinstance(event, bytes):
            return None
        # What was taken may be sent again: the server wants to be told, unless it has gone.
        with suppress(WriteError):
            yield from self._wire.flush(self.write_timeout)
        return event


class HTTP2Body(TracedBody):
    """The content of a response over HTTP/2."""

    def __init__(self, logger: Logger, connection: BaseHTTP2Connection, stream: Http2Stream) -> None:
        super().__init__(logger, stream.request, {"stream_id": stream.number})
        self._connection = connection
        self._stream = stream
        self._is_over = False

    def _receive(self) -> Flow[bytes | None]:
        piece = None if self._is_over else (yield from self._stream.receive_piece())
        self._is_over = piece is None
        return piece

    def _release(self) -> Flow[None]:
        return self._connection.release(self._stream)
