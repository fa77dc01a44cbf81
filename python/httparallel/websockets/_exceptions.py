"""What can go wrong with a WebSocket.

::

    HTTPXWSException
    ├── WebSocketUpgradeError           the server has not opened one
    ├── WebSocketDisconnect             one side has closed it, and said so
    ├── WebSocketNetworkError           the connection broke, or the other side is gone
    └── WebSocketInvalidTypeReceived    a message came, but not of the type that was asked for
"""

from __future__ import annotations

from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from wsproto.events import Event

    from .._response import Response

__all__ = [
    "HTTPXWSException",
    "WebSocketDisconnect",
    "WebSocketInvalidTypeReceived",
    "WebSocketNetworkError",
    "WebSocketUpgradeError",
]


@public
class HTTPXWSException(Exception):
    """The base of what WebSockets raise."""


@public
class WebSocketUpgradeError(HTTPXWSException):
    """The server answered, and did not open a WebSocket, or not in the way that was asked for.

    `response` is its answer. An answer with an error status has been read, so `response.text` may say why.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response
        status = f"{response.status_code} {response.reason_phrase}".strip()
        self._reason = f"The server answered '{status}' instead of opening a WebSocket."

    @classmethod
    def _because(cls, response: Response, reason: str) -> Self:
        error = cls(response)
        error._reason = reason
        return error

    def __str__(self) -> str:
        return self._reason


@public
class WebSocketDisconnect(HTTPXWSException):
    """The WebSocket is closed.

    - `code`: why, as a number (RFC 6455, section 7.4): 1000 is a normal end, 1005 that none was given. 1002,
      1007 and 1009 may also be this side's verdict on what the server has sent.
    - `reason`: why, in words; often empty.
    """

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason or ""

    def __str__(self) -> str:
        # Not as the enumeration shows itself, which some codes are members of.
        code = f"The WebSocket is closed, with code {int(self.code)}"
        return f"{code}: {self.reason}" if self.reason else f"{code}."


@public
class WebSocketInvalidTypeReceived(HTTPXWSException):
    """A message was received that is not of the type that was asked for. `event` is that message."""

    def __init__(self, event: Event) -> None:
        super().__init__(event)
        self.event = event

    def __str__(self) -> str:
        return f"The message that was received is a {type(self.event).__name__}."


@public
class WebSocketNetworkError(HTTPXWSException):
    """The connection broke or ended without a farewell, or the other side does not answer any more."""
