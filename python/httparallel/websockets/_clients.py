"""Opens WebSockets with a client: its connections, proxies, credentials, cookies and hooks."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import Generic

from .._config import (
    DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
    DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
    DEFAULT_MAX_MESSAGE_SIZE_BYTES,
    DEFAULT_QUEUE_SIZE,
    USE_CLIENT_DEFAULT,
)
from ..core._io import arun, run
from ._handshake import accepted, handshake_headers
from ._public import public
from ._sessions import AsyncWebSocketSession, WebSocketSession

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from typing import Any

    from typing_extensions import TypeVar

    from .._client import AsyncClient, Client
    from .._config import UseClientDefault
    from .._response import Response
    from .._types import (
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        RequestExtensions,
        TimeoutTypes,
        URLTypes,
    )

    SyncSession = TypeVar("SyncSession", bound=WebSocketSession, default=WebSocketSession)
    AsyncSession = TypeVar("AsyncSession", bound=AsyncWebSocketSession, default=AsyncWebSocketSession)
else:
    from typing import TypeVar

    SyncSession = TypeVar("SyncSession", bound=WebSocketSession)
    AsyncSession = TypeVar("AsyncSession", bound=AsyncWebSocketSession)

Connecting = TypeVar("Connecting")

__all__ = ["AsyncWebSocketClient", "WebSocketClient"]


class _Opener(Generic[Connecting]):
    """What both kinds share: everything but the waiting."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - the subclass's kind of client
        max_message_size_bytes: int,
        queue_size: int,
        keepalive_ping_interval_seconds: float | None,
        keepalive_ping_timeout_seconds: float | None,
        session_class: type[Any],
    ) -> None:
        self.client = client
        self.max_message_size_bytes = max_message_size_bytes
        self.queue_size = queue_size
        self.keepalive_ping_interval_seconds = keepalive_ping_interval_seconds
        self.keepalive_ping_timeout_seconds = keepalive_ping_timeout_seconds
        self.session_class = session_class

    def connect(
        self,
        url: URLTypes,
        *,
        subprotocols: list[str] | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Connecting:
        """A WebSocket session, for a `with` block: see `Client.websocket`."""
        streaming = self.client.stream(
            "GET",
            url,
            params=params,
            headers=handshake_headers(headers, subprotocols),
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )
        return self._connecting(streaming)

    def _connecting(self, streaming: Any) -> Connecting:  # noqa: ANN401 - what the client's `stream` gives
        raise NotImplementedError

    def _session(self, stream: Any, response: Response) -> Any:  # noqa: ANN401 - of `session_class`
        return self.session_class(
            stream,
            max_message_size_bytes=self.max_message_size_bytes,
            queue_size=self.queue_size,
            keepalive_ping_interval_seconds=self.keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds=self.keepalive_ping_timeout_seconds,
            response=response,
        )


@public
class WebSocketClient(_Opener["AbstractContextManager[SyncSession]"], Generic[SyncSession]):
    """Opens WebSockets with one `Client` and the same settings, or with a session class of yours::

        opener = WebSocketClient(client, session_class=ChatSession)
        with opener.connect("wss://example.org/chat") as session:
            ...

    The arguments are those of `Client.websocket`.
    """

    def __init__(
        self,
        client: Client,
        *,
        max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
        keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
        session_class: type[SyncSession] = WebSocketSession,  # type: ignore[assignment] # the default type
    ) -> None:
        super().__init__(
            client,
            max_message_size_bytes,
            queue_size,
            keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds,
            session_class,
        )

    @contextmanager
    def _connecting(self, streaming: AbstractContextManager[Response]) -> Iterator[SyncSession]:
        with streaming as response, self._session(run(accepted(response)), response) as session:
            yield session


@public
class AsyncWebSocketClient(_Opener["AbstractAsyncContextManager[AsyncSession]"], Generic[AsyncSession]):
    """Opens WebSockets with one `AsyncClient`. Otherwise as WebSocketClient."""

    def __init__(
        self,
        client: AsyncClient,
        *,
        max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
        keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
        session_class: type[AsyncSession] = AsyncWebSocketSession,  # type: ignore[assignment] # the default type
    ) -> None:
        super().__init__(
            client,
            max_message_size_bytes,
            queue_size,
            keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds,
            session_class,
        )

    @asynccontextmanager
    async def _connecting(
        self, streaming: AbstractAsyncContextManager[Response]
    ) -> AsyncIterator[AsyncSession]:
        async with (
            streaming as response,
            self._session(await arun(accepted(response)), response) as session,
        ):
            yield session
