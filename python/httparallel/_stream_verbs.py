"""The methods that give a response while it comes, written once for both kinds of client."""

from __future__ import annotations

from ._config import (
    DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
    DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
    DEFAULT_MAX_EVENT_SIZE,
    DEFAULT_MAX_MESSAGE_SIZE_BYTES,
    DEFAULT_QUEUE_SIZE,
    USE_CLIENT_DEFAULT,
)
from ._native import Headers
from ._request_options import extended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar, Unpack

    from ._config import UseClientDefault
    from ._request import Request
    from ._types import (
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        RequestOptions,
        TimeoutTypes,
        URLTypes,
    )

    Streaming = TypeVar("Streaming")
    Events = TypeVar("Events")
    Sessions = TypeVar("Sessions")

    class _Base(Generic[Streaming, Events, Sessions]):
        def build_request(self, method: str, url: URLTypes, **arguments: Any) -> Request: ...  # noqa: ANN401
else:

    class _Base:
        def __class_getitem__(cls, _: object) -> type:
            return cls


class StreamVerbs(_Base["Streaming", "Events", "Sessions"]):
    """`stream`, `sse` and `websocket`, in terms of what each kind of client makes of a request."""

    # What opens WebSockets with this kind of client, in the subpackage that is loaded for the first of them.
    _websocket_client: str

    def stream(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        **options: Unpack[RequestOptions],
    ) -> Streaming:
        """A response whose body is read inside the `with` block, and let go of at its end."""
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extended("stream", extensions, options),
        )
        return self._streaming(request, auth, follow_redirects)

    def sse(
        self,
        url: URLTypes,
        *,
        method: str = "GET",
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        max_event_size: int | None = DEFAULT_MAX_EVENT_SIZE,
        **options: Unpack[RequestOptions],
    ) -> Events:
        """Server-sent events, inside a `with` block: iterate over what it gives.

        `max_event_size`: how many bytes one event may have; SSEError beyond that. The read timeout counts
        between two pieces, so an endpoint that is silent for longer needs another `timeout`.
        """
        streaming = self.stream(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=Headers({"Accept": "text/event-stream", "Cache-Control": "no-store"}) | Headers(headers),
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extended("sse", extensions, options),
        )
        return self._events(streaming, max_event_size)

    def websocket(
        self,
        url: URLTypes,
        *,
        max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        queue_size: int = DEFAULT_QUEUE_SIZE,
        keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
        keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
        subprotocols: list[str] | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Sessions:
        """A WebSocket, inside a `with` block: what it gives sends and receives. Needs the extra `ws`.

        - `max_message_size_bytes`: of what is received. A larger message closes the WebSocket, code 1009.
        - `queue_size`: how many messages that nobody has taken yet are held, 0 for any number. While there
          are so many, nothing is received, pings included.
        - `keepalive_ping_interval_seconds`, `keepalive_ping_timeout_seconds`: how often a ping is sent, and
          how long the server may then be silent until there is a WebSocketNetworkError. None for neither.
        - `subprotocols`: names for the server to choose from; `session.subprotocol` is the one it chose.
        - The others are those of a request, and concern the handshake. `timeout` does so, too: receiving has
          a limit of its own.

        WebSocketUpgradeError if the server does not open a WebSocket. It has one of the client's connections
        for as long as the block lasts, and always speaks HTTP/1.1 before it is opened.
        """
        from . import websockets

        opener: Any = getattr(websockets, self._websocket_client)(
            self,
            max_message_size_bytes=max_message_size_bytes,
            queue_size=queue_size,
            keepalive_ping_interval_seconds=keepalive_ping_interval_seconds,
            keepalive_ping_timeout_seconds=keepalive_ping_timeout_seconds,
        )
        sessions: Sessions = opener.connect(
            url,
            subprotocols=subprotocols,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
        )
        return sessions

    def _streaming(
        self,
        request: Request,
        auth: AuthTypes | UseClientDefault | None,
        follow_redirects: bool | UseClientDefault,
    ) -> Streaming:
        raise NotImplementedError

    def _events(self, streaming: Streaming, max_event_size: int | None) -> Events:
        raise NotImplementedError
