"""The functions for single requests, and `parallel()`: each makes a client, uses it, and closes it."""

# mypy: disable-error-code="empty-body"
# The verbs are signatures; what they do is in `_function`.

from __future__ import annotations

from ._config import (
    DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
    DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
    DEFAULT_LIMITS,
    DEFAULT_MAX_MESSAGE_SIZE_BYTES,
    DEFAULT_QUEUE_SIZE,
    DEFAULT_TIMEOUT_CONFIG,
)
from ._public import public
from ._sync_client import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any, TypeVar

    from ._config import Limits
    from ._parallel import Parallel
    from ._response import Response
    from ._types import (
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        ProxyTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestFiles,
        TimeoutTypes,
        URLTypes,
    )
    from .websockets import WebSocketSession

    Function = TypeVar("Function", bound=Callable[..., Any])


@public
def request(
    method: str,
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    trust_env: bool = True,
) -> Response:
    """Sends one request and returns its response.

    The arguments are those of `Client` and of `Client.request`. For several requests use a `Client`: it
    keeps connections.
    """
    with Client(
        cookies=cookies,
        proxy=proxy,
        verify=verify,
        timeout=timeout,
        trust_env=trust_env,
    ) as client:
        return client.request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            auth=auth,
            follow_redirects=follow_redirects,
        )


@public
def stream(
    method: str,
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    trust_env: bool = True,
) -> AbstractContextManager[Response]:
    """A response whose body is read inside the `with` block: see `Client.stream`."""
    from contextlib import contextmanager

    @contextmanager
    def streaming() -> Iterator[Response]:
        with (
            Client(
                cookies=cookies,
                proxy=proxy,
                verify=verify,
                timeout=timeout,
                trust_env=trust_env,
            ) as client,
            client.stream(
                method,
                url,
                content=content,
                data=data,
                files=files,
                json=json,
                params=params,
                headers=headers,
                auth=auth,
                follow_redirects=follow_redirects,
            ) as response,
        ):
            yield response

    return streaming()


@public
def websocket(
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    verify: ssl.SSLContext | str | bool = True,
    trust_env: bool = True,
    subprotocols: list[str] | None = None,
    max_message_size_bytes: int = DEFAULT_MAX_MESSAGE_SIZE_BYTES,
    queue_size: int = DEFAULT_QUEUE_SIZE,
    keepalive_ping_interval_seconds: float | None = DEFAULT_KEEPALIVE_PING_INTERVAL_SECONDS,
    keepalive_ping_timeout_seconds: float | None = DEFAULT_KEEPALIVE_PING_TIMEOUT_SECONDS,
) -> AbstractContextManager[WebSocketSession]:
    """A WebSocket, inside a `with` block: see `Client.websocket`."""
    from contextlib import contextmanager

    @contextmanager
    def connected() -> Iterator[WebSocketSession]:
        with (
            Client(
                cookies=cookies, proxy=proxy, verify=verify, timeout=timeout, trust_env=trust_env
            ) as client,
            client.websocket(
                url,
                params=params,
                headers=headers,
                auth=auth,
                follow_redirects=follow_redirects,
                subprotocols=subprotocols,
                max_message_size_bytes=max_message_size_bytes,
                queue_size=queue_size,
                keepalive_ping_interval_seconds=keepalive_ping_interval_seconds,
                keepalive_ping_timeout_seconds=keepalive_ping_timeout_seconds,
            ) as session,
        ):
            yield session

    return connected()


def _function(signature: Function) -> Function:
    """Makes a function that hands its arguments to `request`, of one that says which ones there are."""
    name = signature.__name__
    method = name.upper()
    allowed = frozenset(signature.__kwdefaults__ or ())

    def function(url: URLTypes, **arguments: Any) -> Response:  # noqa: ANN401
        unknown = arguments.keys() - allowed
        if unknown:
            raise TypeError(f"{name}() got an unexpected keyword argument {min(unknown)!r}")
        return request(method, url, **arguments)

    function.__name__, function.__qualname__, function.__doc__ = name, name, signature.__doc__
    function.__wrapped__ = signature  # type: ignore[attr-defined] # for inspect.signature
    return public(function)  # type: ignore[return-value]


@_function
def get(
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `GET` request."""


@_function
def options(
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends an `OPTIONS` request."""


@_function
def head(
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `HEAD` request."""


@_function
def post(
    url: URLTypes,
    *,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `POST` request."""


@_function
def put(
    url: URLTypes,
    *,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `PUT` request."""


@_function
def patch(
    url: URLTypes,
    *,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `PATCH` request."""


@_function
def delete(
    url: URLTypes,
    *,
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    verify: ssl.SSLContext | str | bool = True,
    trust_env: bool = True,
) -> Response:
    """Sends a `DELETE` request."""


@_function
def query(
    url: URLTypes,
    *,
    content: RequestContent | None = None,
    data: RequestData | None = None,
    files: RequestFiles | None = None,
    json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
    params: QueryParamTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    auth: AuthTypes | None = None,
    proxy: ProxyTypes | None = None,
    follow_redirects: bool = False,
    verify: ssl.SSLContext | str | bool = True,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    trust_env: bool = True,
) -> Response:
    """Sends a `QUERY` request: like `GET` with content (RFC 10008)."""


@public
def parallel(
    *,
    max_concurrency: int | None = None,
    auth: AuthTypes | None = None,
    headers: HeaderTypes | None = None,
    cookies: CookieTypes | None = None,
    follow_redirects: bool = False,
    proxy: ProxyTypes | None = None,
    timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
    limits: Limits | None = None,
    verify: ssl.SSLContext | str | bool = True,
    trust_env: bool = True,
    http2: bool = False,
) -> Parallel:
    """A block in which requests run side by side, with a client of its own::

        with httparallel.parallel() as parallel:
            pending_one = parallel.get("https://example.org/1")
            pending_two = parallel.get("https://example.org/2")
            response_one = pending_one.get_response()
            response_two = pending_two.get_response()

    `max_concurrency` bounds how many run at once (100 by default, the client's limit on connections). The
    other arguments are those of `Client`. See `Client.parallel` for a block on a client that you have.
    """
    from ._parallel import Parallel

    client = Client(
        auth=auth,
        headers=headers,
        cookies=cookies,
        follow_redirects=follow_redirects,
        proxy=proxy,
        timeout=timeout,
        limits=limits or DEFAULT_LIMITS,
        verify=verify,
        trust_env=trust_env,
        http2=http2,
    )
    return Parallel(client, max_concurrency, owns_client=True)
