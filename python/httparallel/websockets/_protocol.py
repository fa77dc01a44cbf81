"""What is said on an open WebSocket, and what is made of the answers (RFC 6455). No I/O, and no clock.

wsproto knows the frames. Added here: whole messages, with a limit on their size that holds while they come;
and whose turn it is when one side closes.

::

    OPEN ──► we have said that we close ──► OVER
      ├────► the server has said so     ──► OVER
      └────► the server broke the rules: nothing more is listened to
"""

from __future__ import annotations

import threading

from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Event, Message
from wsproto.frame_protocol import CloseReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from wsproto.connection import Connection

__all__ = ["Protocol", "Violation", "check_close", "checked_ping"]

# RFC 6455, section 5.5: "All control frames MUST have a payload length of 125 bytes or less".
MAX_CONTROL_PAYLOAD = 125
# RFC 6455, section 7.4.1: they "MUST NOT be set as a status code in a Close control frame by an endpoint".
RESERVED_CODES = (1004, 1005, 1006, 1015)


class Violation(Event):
    """The server broke a rule. RFC 6455, section 7.1.7: the connection is failed, and it is told why."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


class Protocol:
    """The state of one WebSocket. One thread may send while another receives."""

    def __init__(self, connection: Connection, max_message_size: int) -> None:
        self._connection = connection
        self._message = _Assembly(max_message_size)
        self._is_failed = False
        # wsproto's objects must not be used by two threads at once. Never held over a wait.
        self._mutex = threading.RLock()

    @property
    def is_over(self) -> bool:
        """Whether both sides have said that they close: nothing more will come."""
        return self._connection.state is ConnectionState.CLOSED

    def receive(self, data: bytes) -> list[Event]:
        """What has come with these bytes: whole messages, pings, pongs, the server's closing, a Violation."""
        with self._mutex:
            if self._is_failed or self.is_over:
                return []
            self._connection.receive_data(data)
            received: list[Event] = []
            for event in self._connection.events():
                made = self._made_of(event)
                if made is not None:
                    received.append(made)
                if self._is_failed:
                    break
            return received

    def _made_of(self, event: Event) -> Event | None:
        if isinstance(event, Message):
            whole = self._message.add(event)
            self._is_failed = isinstance(whole, Violation)
            return whole
        if isinstance(event, CloseConnection) and self._connection.state in (
            ConnectionState.OPEN,
            ConnectionState.LOCAL_CLOSING,
        ):
            # The server has not said this: wsproto has, of what it could not read.
            self._is_failed = True
            return Violation(event.code, event.reason or "")
        return event

    def send(self, event: Event) -> bytes:
        """The bytes that say something. LocalProtocolError where that cannot be said any more."""
        with self._mutex:
            return bytes(self._connection.send(event))

    def answer(self, event: Event) -> bytes:
        """The same, for what is not worth saying if it is too late: then there are no bytes."""
        with self._mutex:
            state = self._connection.state
            may_close = isinstance(event, CloseConnection) and state is ConnectionState.REMOTE_CLOSING
            if state is ConnectionState.OPEN or may_close:
                return bytes(self._connection.send(event))
            return b""


class _Assembly:
    """A message whose pieces are coming."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._size = 0
        self._pieces: list[Any] = []

    def add(self, piece: Message[Any]) -> Event | None:
        """The message, if this was its last piece. A Violation once it is larger than it may be."""
        data = piece.data if isinstance(piece.data, str) else bytes(piece.data)
        # In bytes, as they came. Making them again is only worth it where it makes a difference.
        if isinstance(data, str) and not data.isascii():
            self._size += len(data.encode())
        else:
            self._size += len(data)
        if self._size > self._max_size:
            self._pieces = []
            return Violation(CloseReason.MESSAGE_TOO_BIG, "Message too big")
        # Of empty ones a server may send any number.
        if data:
            self._pieces.append(data)
        if not piece.message_finished:
            return None
        pieces, self._pieces, self._size = self._pieces, [], 0
        return type(piece)(data[:0].join(pieces))


def check_close(code: int) -> None:
    """ValueError if that is no code for programs to close with."""
    if not 1000 <= code <= 4999 or code in RESERVED_CODES:
        raise ValueError(
            f"A WebSocket cannot be closed with code {code}. Use 1000 for a normal end, "
            "or 3000 to 4999 for reasons of your own."
        )


def checked_ping(payload: bytes) -> bytes:
    """The payload of a ping. TypeError if it is not bytes, ValueError if it is more than a ping can have."""
    if not isinstance(payload, (bytes, bytearray, memoryview)):
        raise TypeError(f"The payload of a ping is bytes, not {type(payload).__name__}.")
    if len(payload) > MAX_CONTROL_PAYLOAD:
        raise ValueError(f"A ping has at most {MAX_CONTROL_PAYLOAD} bytes, and this one has {len(payload)}.")
    return bytes(payload)
