"""WebSockets to an ASGI application in this process (ASGI, "HTTP & WebSocket message format"): for its tests.

The client's side speaks in frames, as to any server. The other side of the stream turns them into messages::

    session ◄── frames ──► Stream ◄── messages ──► application, in a task of its own
"""

from __future__ import annotations

import sys

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, TextMessage
from wsproto.utilities import generate_accept_token

from .._app_transports import ASGITransport
from .._asgi import _scope
from .._response import Response
from ..core import AsyncNetworkStream, ReadTimeout
from ..core._io import AwaitEvent, Deadline, Shielded, arun, single
from ._background import Background, start_task
from ._exceptions import WebSocketDisconnect
from ._inbox import Checkpoint, Inbox
from ._protocol import Protocol
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._app_transports import ASGIApplication
    from .._app_transports import Message as ASGIMessage
    from .._request import Request

__all__ = ["ASGIWebSocketTransport"]

# How many messages an application may be ahead of its client.
QUEUE_SIZE = 512
# In seconds: how long applications may go on once the client is closed.
GRACE = 5.0
BEFORE_ACCEPTING = (
    "websocket.accept",
    "websocket.close",
    "websocket.http.response.start",
    "websocket.http.response.body",
)
AFTER_ACCEPTING = ("websocket.send", "websocket.close")
ABNORMAL = 1006
INTERNAL_ERROR = 1011


@public
class ASGIWebSocketTransport(ASGITransport):
    """Sends requests and WebSockets of an async client to an ASGI application::

        async with AsyncClient(transport=ASGIWebSocketTransport(app)) as client:
            async with client.websocket("ws://test/chat") as session:
                ...

    For each WebSocket the application runs in a task, which is told when the session ends, and is given 5
    seconds to end once the client is closed. If it closes before it accepts, there is a WebSocketDisconnect;
    if it answers with a response, a WebSocketUpgradeError. If it fails, the session is closed with code 1011.

    - `initial_receive_timeout`: within how many seconds it has to accept or refuse: RuntimeError otherwise.
    - The other arguments are those of ASGITransport.
    """

    def __init__(
        self,
        app: ASGIApplication,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
        initial_receive_timeout: float = 1.0,
    ) -> None:
        super().__init__(app, raise_app_exceptions, root_path, client)
        self._initial_receive_timeout = initial_receive_timeout
        self._running: list[Background] = []

    async def handle_async_request(self, request: Request) -> Response:
        asked = request.headers.get("upgrade", "").lower()
        if request.url.scheme not in ("ws", "wss") and asked != "websocket":
            return await super().handle_async_request(request)
        conversation = _Conversation()
        task = start_task(conversation.run(self.app, self._websocket_scope(request)))
        self._running = [each for each in self._running if not each.over.is_set] + [task]
        try:
            return await conversation.opened(request, self._initial_receive_timeout)
        except BaseException:
            conversation.end()
            await arun(single(Shielded(task.stop())))
            raise

    def _websocket_scope(self, request: Request) -> dict[str, Any]:
        offered = request.headers.get("sec-websocket-protocol", "").split(",")
        scope = _scope(self, request)
        del scope["method"]
        return scope | {
            "type": "websocket",
            "scheme": {"http": "ws", "https": "wss"}.get(request.url.scheme, request.url.scheme),
            "subprotocols": [name.strip() for name in offered if name.strip()],
            "extensions": {"websocket.http.response": {}},
        }

    async def aclose(self) -> None:
        running, self._running = self._running, []
        deadline = Deadline(GRACE)
        try:
            for task in running:
                await arun(single(AwaitEvent(task.over, deadline.left())))
        finally:
            for task in running:
                await arun(single(Shielded(task.stop())))


class _Conversation:
    """What an application and the other side of its WebSocket say to each other."""

    def __init__(self) -> None:
        self.to_app: Inbox[ASGIMessage] = Inbox(0)
        # Of the application, or what the stream has to say itself.
        self.from_app: Inbox[ASGIMessage | bytes] = Inbox(QUEUE_SIZE)
        self._is_accepted = False
        self._failure: Exception | None = None

    async def run(self, app: ASGIApplication, scope: dict[str, Any]) -> None:
        """Runs the application to its end."""
        self.to_app.put_at_once({"type": "websocket.connect"})
        try:
            await app(scope, self._receive, self._send)
            if not self._is_accepted:
                self.from_app.end(RuntimeError("The application has ended, and not accepted the WebSocket."))
        except Exception as error:
            self._failure = error
            reason = str(error)
            self.from_app.put_at_once({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": reason})
        finally:
            self.from_app.put_at_once({"type": "websocket.close"})
            self.from_app.end(WebSocketDisconnect())

    async def _receive(self) -> ASGIMessage:
        try:
            return await arun(self.to_app.take())
        except WebSocketDisconnect as gone:
            return {"type": "websocket.disconnect", "code": gone.code, "reason": gone.reason}

    async def _send(self, message: ASGIMessage) -> None:
        kind = message["type"]
        if kind not in (AFTER_ACCEPTING if self._is_accepted else BEFORE_ACCEPTING):
            state = "open" if self._is_accepted else "yet to be accepted"
            raise RuntimeError(f"The application has sent {kind!r} to a WebSocket that is {state}.")
        if self.to_app.failure is not None and kind != "websocket.close":
            raise OSError("The WebSocket is closed.")
        self._is_accepted = self._is_accepted or kind == "websocket.accept"
        await arun(single(Checkpoint()))
        await arun(self.from_app.put(message))

    async def opened(self, request: Request, timeout: float) -> Response:
        """What the application answers to the handshake."""
        try:
            message = await arun(self.from_app.take(timeout))
        except TimeoutError:
            raise RuntimeError(
                f"The application has not accepted the WebSocket within {timeout} seconds. "
                "Does it call 'accept()'?"
            ) from None
        assert not isinstance(message, bytes), "the stream has nothing to say yet"
        if message["type"] == "websocket.http.response.start":
            return await self._denial(message, timeout)
        if message["type"] == "websocket.close":
            code, reason = message.get("code", 1000), message.get("reason")
            raise WebSocketDisconnect(code, reason) from self._failure
        if message["type"] != "websocket.accept":
            raise RuntimeError(
                f"The application has sent {message['type']!r}, and not accepted the WebSocket."
            )
        return self._acceptance(request, message)

    async def _denial(self, start: ASGIMessage, timeout: float) -> Response:
        pieces: list[bytes] = []
        more = True
        while more:
            message = await arun(self.from_app.take(timeout))
            if isinstance(message, bytes) or message["type"] != "websocket.http.response.body":
                raise RuntimeError("The application has ended its response to the handshake too early.")
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        return Response(start["status"], headers=list(start.get("headers", [])), content=b"".join(pieces))

    def _acceptance(self, request: Request, message: ASGIMessage) -> Response:
        key = request.headers.get("sec-websocket-key", "").encode()
        headers = [
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", generate_accept_token(key)),
        ]
        if message.get("subprotocol") is not None:
            headers.append((b"sec-websocket-protocol", message["subprotocol"].encode()))
        headers += message.get("headers", [])
        return Response(101, headers=headers, extensions={"network_stream": _Stream(self)})

    def end(self) -> None:
        """The client's side is gone."""
        self.to_app.end(WebSocketDisconnect(ABNORMAL))
        self.from_app.end(WebSocketDisconnect(ABNORMAL))


class _Stream(AsyncNetworkStream):
    """The client's end of a WebSocket whose other end is an application."""

    def __init__(self, conversation: _Conversation) -> None:
        self._conversation = conversation
        self._protocol = Protocol(Connection(ConnectionType.SERVER), sys.maxsize)
        self._unread = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while not self._unread:
            try:
                message = await arun(self._conversation.from_app.take(timeout))
            except TimeoutError as error:
                raise ReadTimeout(str(error)) from error
            except WebSocketDisconnect:
                return b""
            # Of what comes after the application's close, nothing is left.
            self._unread = (
                message if isinstance(message, bytes) else self._protocol.answer(_event_of(message))
            )
        data, self._unread = self._unread[:max_bytes], self._unread[max_bytes:]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - nothing waits
        for event in self._protocol.receive(buffer):
            if isinstance(event, Message):
                kind = "text" if isinstance(event, TextMessage) else "bytes"
                self._conversation.to_app.put_at_once({"type": "websocket.receive", kind: event.data})
            elif isinstance(event, Ping):
                self._conversation.from_app.put_at_once(self._protocol.answer(event.response()))
            elif isinstance(event, CloseConnection):
                self._conversation.to_app.end(WebSocketDisconnect(event.code, event.reason))
                self._conversation.from_app.put_at_once(self._protocol.answer(event.response()))

    async def aclose(self) -> None:
        self._conversation.end()


def _event_of(message: ASGIMessage) -> Event:
    """A message of the application as what it says to the client."""
    if message["type"] == "websocket.close":
        return CloseConnection(message.get("code", 1000), message.get("reason") or "")
    text = message.get("text")
    return BytesMessage(message["bytes"]) if text is None else TextMessage(text)
