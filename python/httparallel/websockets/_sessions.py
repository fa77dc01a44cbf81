"""WebSocket sessions, as programs have them: `_session` says what they do."""

from __future__ import annotations

from typing import Literal

from wsproto.events import BytesMessage, Event, TextMessage

from .._config import (
    DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
    DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
    DEFAULT_MAX_MESSAGE_SIZE_BYTES,
    DEFAULT_QUEUE_SIZE,
)
from .._json_codec import decoded
from ..core._io import arun, run
from ._exceptions import WebSocketInvalidTypeReceived
from ._pings import AsyncPong, Pong
from ._public import public
from ._session import BaseSession

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from .._response import Response
    from .._types import JSONCodecTypes
    from ..core import AsyncNetworkStream, NetworkStream

    E = TypeVar("E", TextMessage, BytesMessage, TextMessage | BytesMessage)

__all__ = ["AsyncWebSocketSession", "JSONMode", "WebSocketSession"]

# How JSON is sent: as text, or as the bytes of its UTF-8.
JSONMode = Literal["text", "binary"]


@public
class WebSocketSession(BaseSession):
    """An open WebSocket, for synchronous code; `client.websocket(url)` gives one::

        with client.websocket("wss://example.org/chat") as session:
            session.send_text("Hello!")
            print(session.receive_text())

    Any number of threads may send and receive. A thread of its own receives in the background, answers the
    server's pings, and sends pings itself. Leaving the block closes the WebSocket.

    - `subprotocol`: the one that the server has chosen, or None.
    - `response`: the answer to the handshake.

    The arguments other than the stream are those of `Client.websocket`.
    """

    def __init__(
        self,
        stream: NetworkStream,
        *,
        max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
        keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
        response: Response | None = None,
    ) -> None:
        super().__init__(
            stream,
            max_message_size_bytes,
            queue_size,
            keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds,
            response,
        )

    def __enter__(self) -> Self:
        run(self._enter())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        run(self._exit(exc))

    def ping(self, payload: bytes = b"") -> Pong:
        """Sends a ping, with a payload that nobody else's ping has if none is given.

        The result is what its pong can be waited for with: `ping().wait()`, `.wait(timeout)`, `.is_set()`.
        """
        return run(self._ping(payload, Pong()))

    def send(self, event: Event) -> None:
        """Sends any event of wsproto, such as a message in pieces.

        WebSocketDisconnect if the WebSocket is closed, WebSocketNetworkError if the connection is broken.
        """
        run(self._send(event))

    def send_text(self, data: str) -> None:
        """Sends a text message. For the exceptions see `send`."""
        self.send(text_message(data))

    def send_bytes(self, data: bytes) -> None:
        """Sends a binary message. For the exceptions see `send`."""
        self.send(bytes_message(data))

    def send_json(self, data: Any, mode: JSONMode = "text") -> None:  # noqa: ANN401 - what json.dumps takes
        """Sends a message of JSON: of type text, or of type binary with `mode="binary"`.

        A client's `json_codec` writes it, and reads what `receive_json` gives.
        """
        self.send(json_message(data, mode, self._json_codec))

    def receive(self, timeout: float | None = None) -> Event:
        """The next message, as an event of wsproto: TextMessage or BytesMessage, always a whole one.

        - TimeoutError if none has come within `timeout` seconds. The session goes on.
        - WebSocketDisconnect if the WebSocket is closed, by either side.
        - WebSocketNetworkError if the connection is broken.
        """
        return run(self._receive(timeout))

    def receive_text(self, timeout: float | None = None) -> str:
        """The next message, which has to be text: else WebSocketInvalidTypeReceived. See `receive`."""
        return only(TextMessage, self.receive(timeout)).data

    def receive_bytes(self, timeout: float | None = None) -> bytes:
        """The next message, which has to be binary: else WebSocketInvalidTypeReceived. See `receive`."""
        return bytes(only(BytesMessage, self.receive(timeout)).data)

    def receive_json(self, timeout: float | None = None, mode: JSONMode = "text") -> Any:  # noqa: ANN401
        """The next message, read as JSON. `mode` is the type that it has to have. See `receive`."""
        return value_of(only(kind_of(mode), self.receive(timeout)), self._json_codec)

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Closes the WebSocket; the end of the block does so too.

        The server is told, and has 5 seconds to say that it closes as well. What it sends until then is
        dropped; what has been received before can still be taken.
        """
        run(self._close(code, reason))


@public
class AsyncWebSocketSession(BaseSession):
    """An open WebSocket, for async code; `async_client.websocket(url)` gives one::

        async with client.websocket("wss://example.org/chat") as session:
            await session.send_text("Hello!")
            print(await session.receive_text())

    As WebSocketSession, with a task in place of the thread. Exceptions come out of the block as they are, in
    no group. Whoever is cancelled while it receives has lost no message. Cancelled while it sends, it has
    sent nothing, or else the session is over, because half a message cannot be taken back.
    """

    def __init__(
        self,
        stream: AsyncNetworkStream,
        *,
        max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
        keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
        response: Response | None = None,
    ) -> None:
        super().__init__(
            stream,
            max_message_size_bytes,
            queue_size,
            keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds,
            response,
        )

    async def __aenter__(self) -> Self:
        await arun(self._enter())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await arun(self._exit(exc))

    async def ping(self, payload: bytes = b"") -> AsyncPong:
        """As `WebSocketSession.ping`: `await (await session.ping()).wait()` waits for the pong."""
        return await arun(self._ping(payload, AsyncPong()))

    async def send(self, event: Event) -> None:
        """As `WebSocketSession.send`."""
        await arun(self._send(event))

    async def send_text(self, data: str) -> None:
        """As `WebSocketSession.send_text`."""
        await self.send(text_message(data))

    async def send_bytes(self, data: bytes) -> None:
        """As `WebSocketSession.send_bytes`."""
        await self.send(bytes_message(data))

    async def send_json(self, data: Any, mode: JSONMode = "text") -> None:  # noqa: ANN401
        """As `WebSocketSession.send_json`."""
        await self.send(json_message(data, mode, self._json_codec))

    async def receive(self, timeout: float | None = None) -> Event:
        """As `WebSocketSession.receive`."""
        return await arun(self._receive(timeout))

    async def receive_text(self, timeout: float | None = None) -> str:
        """As `WebSocketSession.receive_text`."""
        return only(TextMessage, await self.receive(timeout)).data

    async def receive_bytes(self, timeout: float | None = None) -> bytes:
        """As `WebSocketSession.receive_bytes`."""
        return bytes(only(BytesMessage, await self.receive(timeout)).data)

    async def receive_json(self, timeout: float | None = None, mode: JSONMode = "text") -> Any:  # noqa: ANN401
        """As `WebSocketSession.receive_json`."""
        return value_of(only(kind_of(mode), await self.receive(timeout)), self._json_codec)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """As `WebSocketSession.close`."""
        await arun(self._close(code, reason))


def only(kind: type[E], event: Event) -> E:
    """The message, if it is of this type: else WebSocketInvalidTypeReceived."""
    if not isinstance(event, kind):
        raise WebSocketInvalidTypeReceived(event)
    return event


def text_message(data: str) -> TextMessage:
    if not isinstance(data, str):
        raise TypeError(f"A text message is a str, not {type(data).__name__}; 'send_bytes' sends bytes.")
    return TextMessage(data)


def bytes_message(data: bytes) -> BytesMessage:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"A binary message is bytes, not {type(data).__name__}; 'send_text' sends text.")
    return BytesMessage(bytes(data))


def json_message(data: object, mode: JSONMode, codec: JSONCodecTypes | None) -> TextMessage | BytesMessage:
    kind = kind_of(mode)
    if codec is None:
        from json import dumps

        written: str | bytes = dumps(data)
    else:
        written = codec.dumps(data)
    if kind is TextMessage:
        return TextMessage(written if isinstance(written, str) else written.decode())
    return BytesMessage(written.encode() if isinstance(written, str) else written)


def kind_of(mode: JSONMode) -> type[TextMessage | BytesMessage]:
    """The type of message that has JSON in this mode."""
    if mode not in ("text", "binary"):
        raise ValueError(f"The mode of JSON is 'text' or 'binary', not {mode!r}.")
    return TextMessage if mode == "text" else BytesMessage


def value_of(message: TextMessage | BytesMessage, codec: JSONCodecTypes | None) -> Any:  # noqa: ANN401
    return decoded(message.data if isinstance(message, TextMessage) else bytes(message.data), codec)
