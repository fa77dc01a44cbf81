"""WebSockets (RFC 6455). `client.websocket(url)` is all that most programs need; see `Client.websocket`.

    import httparallel

    with httparallel.websocket("wss://example.org/chat") as session:
        session.send_text("Hello!")
        print(session.receive_text())

The frames are made by wsproto, which the extra `ws` installs.
"""

try:
    import wsproto
except ImportError:
    raise ImportError(
        "WebSockets need the package 'wsproto'. Install it with: pip install 'httparallel[ws]'"
    ) from None
del wsproto

from ._clients import AsyncWebSocketClient, WebSocketClient  # noqa: E402 - after the better explanation
from ._exceptions import (  # noqa: E402
    HTTPXWSException,
    WebSocketDisconnect,
    WebSocketInvalidTypeReceived,
    WebSocketNetworkError,
    WebSocketUpgradeError,
)
from ._sessions import AsyncWebSocketSession, JSONMode, WebSocketSession  # noqa: E402
from ._transport import ASGIWebSocketTransport  # noqa: E402

__all__ = [
    "ASGIWebSocketTransport",
    "AsyncWebSocketClient",
    "AsyncWebSocketSession",
    "HTTPXWSException",
    "JSONMode",
    "WebSocketClient",
    "WebSocketDisconnect",
    "WebSocketInvalidTypeReceived",
    "WebSocketNetworkError",
    "WebSocketSession",
    "WebSocketUpgradeError",
]
