"""A WebSocket as flows, the same for synchronous and async programs. What is said is in `_protocol`.

One flow receives, in the background, for as long as the session lasts::

    stream ──► Protocol ──► pings are answered, pongs noted, messages put into the inbox ──► receive()
    stream ◄── Protocol ◄── send(), ping(), close()

It also sends the pings that show whether the other side is still there. While the inbox is full it does not
receive, so a server that sends faster than the program takes is held up, and its pings wait too.
"""

from __future__ import annotations

import os
from time import monotonic

from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Message, Ping, Pong

from ..core._exceptions import NetworkError, ReadTimeout, TimeoutException
from ..core._io import AwaitEvent, CloseStream, Deadline, Flow, Lock, ReadStream, Shielded, WriteStream
from ._background import Background, StartFlow
from ._exceptions import HTTPXWSException, WebSocketDisconnect, WebSocketNetworkError
from ._inbox import Checkpoint, Inbox, again
from ._keepalive import Keepalive
from ._pings import Pings
from ._protocol import Protocol, Violation, check_close, checked_ping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .._response import Response
    from ._pings import _Pong

    P = TypeVar("P", bound=_Pong)

__all__ = ["BaseSession"]

READ_SIZE = 64 * 1024
# A longer message is written in pieces, to see that the server takes it.
WRITE_SIZE = 64 * 1024
# In seconds: how long the server is given to say that it closes, too.
CLOSE_LIMIT = 5.0
# The same where something has failed, and for what is said before a connection is given up.
BRIEF = 0.1
# How long a server that broke the rules is given to hear of it.
LAST_WORDS = 1.0

# What streams raise, those of somebody else's making included.
_BROKEN = (NetworkError, TimeoutException, OSError)


class BaseSession:
    """What sessions of both kinds share: all but who drives the flows."""

    subprotocol: str | None
    response: Response | None

    def __init__(
        self,
        stream: Any,  # noqa: ANN401 - the subclass's kind of stream
        max_message_size_bytes: int,
        queue_size: int,
        keepalive_ping_interval_seconds: float | None,
        keepalive_ping_timeout_seconds: float | None,
        response: Response | None,
    ) -> None:
        self.stream = stream
        self.connection = Connection(ConnectionType.CLIENT)
        self.response = response
        self._json_codec = None if response is None else response._codec
        self.subprotocol = None if response is None else response.headers.get("sec-websocket-protocol")
        self._protocol = Protocol(self.connection, max_message_size_bytes)
        self._inbox: Inbox[Event] = Inbox(queue_size)
        self._pings = Pings()
        self._keepalive = Keepalive(keepalive_ping_interval_seconds, keepalive_ping_timeout_seconds)
        # One frame at a time: they must not be mixed up on the wire.
        self._writing = Lock()
        self._written_at = 0.0
        self._receiver: Background | None = None
        # Once the connection is to be listened to no longer than that.
        self._last_words: Deadline | None = None

    # Sending.

    def _send(self, event: Event) -> Flow[None]:
        yield from self._writing.acquire()
        try:
            if self._inbox.failure is not None:
                raise again(self._inbox.failure)
            yield from self._write(self._protocol.send, event)
        finally:
            self._writing.release()
        if isinstance(event, CloseConnection):
            self._end(WebSocketDisconnect(event.code, event.reason))

    def _answer(self, event: Event) -> Flow[None]:
        """Sends what keeps the session going, as soon as no message is being written any more."""
        limit = self._keepalive.timeout
        while not (yield from self._writing.acquire(limit)):
            if limit is not None and monotonic() - self._written_at >= limit:
                raise WebSocketNetworkError(f"The server has not taken any data for {limit} seconds.")
        try:
            yield from self._write(self._protocol.answer, event, limit)
        finally:
            self._writing.release()

    def _say_close(self, code: int, reason: str | None, limit: float) -> Flow[None]:
        """Sends that this side closes, unless it has done so, or cannot do so in time."""
        deadline = Deadline(limit)
        if not (yield from self._writing.acquire(limit)):
            return
        try:
            yield from self._write(self._protocol.answer, CloseConnection(code, reason), deadline.left())
        except WebSocketNetworkError:
            # It is gone already.
            pass
        finally:
            self._writing.release()

    def _write(
        self, framed: Callable[[Event], bytes], event: Event, timeout: float | None = None
    ) -> Flow[None]:
        """Writes a frame. If that is interrupted, nothing can be written after it any more."""
        # Cancellation is better noticed before there is a frame.
        yield Checkpoint()
        data = framed(event)
        try:
            for start in range(0, len(data), WRITE_SIZE):
                yield WriteStream(self.stream, data[start : start + WRITE_SIZE], timeout)
                self._written_at = monotonic()
        except GeneratorExit:
            raise
        except _BROKEN as error:
            failure = WebSocketNetworkError(f"The connection broke while data was sent: {error}")
            failure.__cause__ = error
            yield from self._give_up(failure)
            raise again(failure) from error
        except BaseException:
            yield from self._give_up(
                WebSocketNetworkError("Sending was interrupted in the middle of a message.")
            )
            raise

    def _ping(self, payload: bytes, pong: P) -> Flow[P]:
        payload = checked_ping(payload) or os.urandom(8)
        self._pings.expect(payload, pong)
        try:
            yield from self._send(Ping(payload))
        except BaseException:
            self._pings.forget(payload, pong)
            raise
        return pong

    # Receiving.

    def _receive(self, timeout: float | None) -> Flow[Event]:
        if self._receiver is None:
            raise RuntimeError("A WebSocket session receives inside of its 'with' block only.")
        return (yield from self._inbox.take(timeout))

    def _run(self) -> Flow[None]:
        """Receives until the session is over. Runs in the background."""
        try:
            self._keepalive.start(monotonic())
            while not self._protocol.is_over and (data := (yield from self._next())):
                for event in self._protocol.receive(data):
                    yield from self._handle(event)
            failure = WebSocketNetworkError(
                "The connection ended, and the server had not said that it closes."
            )
        except GeneratorExit:
            raise
        except WebSocketNetworkError as error:
            failure = error
        except _BROKEN as error:
            failure = WebSocketNetworkError(f"The connection broke while data was awaited: {error}")
            failure.__cause__ = error
        except BaseException as error:
            failure = WebSocketNetworkError("The session has been given up.")
            failure.__cause__ = error
            yield from self._give_up(failure)
            raise
        yield from self._give_up(failure)

    def _next(self) -> Flow[bytes]:
        """What comes next; nothing at the end. Sends pings meanwhile, when they are due."""
        while True:
            now = monotonic()
            if self._keepalive.is_overdue(now):
                yield from self._say_close(1011, "Keepalive ping timeout", BRIEF)
                raise WebSocketNetworkError(
                    f"The server has not answered a ping within {self._keepalive.timeout} seconds."
                )
            if self._keepalive.is_due(now):
                yield from self._answer(Ping(os.urandom(4)))
                self._keepalive.pinged(monotonic())
                continue
            limit = self._keepalive.left(now) if self._last_words is None else self._last_words.left()
            if self._last_words is not None and not limit:
                return b""
            try:
                data: bytes = yield ReadStream(self.stream, READ_SIZE, limit)
            except (ReadTimeout, TimeoutError):
                if limit is None:
                    raise
            else:
                self._keepalive.heard(monotonic())
                return data

    def _handle(self, event: Event) -> Flow[None]:
        if isinstance(event, Message):
            yield from self._inbox.put(event)
            # While there was no room, nothing was listened to.
            self._keepalive.heard(monotonic())
        elif isinstance(event, Ping):
            yield from self._answer(event.response())
        elif isinstance(event, Pong):
            self._pings.answered(bytes(event.payload))
            self._keepalive.answered(monotonic())
        elif isinstance(event, CloseConnection):
            self._end(WebSocketDisconnect(event.code, event.reason))
            yield from self._say_close(event.code, event.reason, CLOSE_LIMIT)
        elif isinstance(event, Violation):
            self._end(WebSocketDisconnect(event.code, event.reason))
            # Closed at once, with data unread, the connection would be reset, and the server not told.
            self._last_words = Deadline(LAST_WORDS)
            yield from self._say_close(event.code, event.reason, LAST_WORDS)

    # The end.

    def _enter(self) -> Flow[None]:
        if self._receiver is not None:
            raise RuntimeError("A WebSocket session cannot be entered twice.")
        self._receiver = yield StartFlow(self._run())

    def _exit(self, error: BaseException | None) -> Flow[None]:
        try:
            if error is None:
                yield from self._take_leave(1000, None, CLOSE_LIMIT)
            else:
                limit = LAST_WORDS if isinstance(error, HTTPXWSException) else BRIEF
                yield Shielded(self._take_leave(1000, None, limit))
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(self._take_leave(1000, None, BRIEF))
            yield Shielded(self._stop())
            raise
        yield Shielded(self._stop())

    def _close(self, code: int, reason: str | None) -> Flow[None]:
        check_close(code)
        try:
            yield from self._take_leave(code, reason, CLOSE_LIMIT)
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(CloseStream(self.stream))
            raise
        yield Shielded(CloseStream(self.stream))

    def _take_leave(self, code: int, reason: str | None, limit: float) -> Flow[None]:
        """Says that it closes, and waits for the server to say so, both within the limit."""
        deadline = Deadline(limit)
        # Before it is said: what comes from now on is for nobody.
        self._end(WebSocketDisconnect(code, reason))
        yield from self._say_close(code, reason, limit)
        if self._receiver is not None:
            yield AwaitEvent(self._receiver.over, deadline.left())

    def _stop(self) -> Flow[None]:
        yield CloseStream(self.stream)
        if self._receiver is not None:
            yield from self._receiver.stop()

    def _give_up(self, failure: Exception) -> Flow[None]:
        """Ends the session, if it has not ended before, and closes the connection."""
        self._end(failure)
        yield Shielded(CloseStream(self.stream))

    def _end(self, failure: Exception) -> None:
        """From now on this is what the program is told. Only the first end counts."""
        self._pings.fail(self._inbox.end(failure))
