"""The pools as programs use them: synchronous and async, direct and through proxies."""

from __future__ import annotations

from ._checked import enforce_headers
from ._interfaces import AsyncFace, AsyncRequestInterface, RequestInterface, SyncFace
from ._models import URL, Proxy
from ._pool import BasePool
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ._backends.base import SOCKET_OPTION
    from ._checked import HeadersAsMapping, HeadersAsSequence
    from ._io import Backend

__all__ = [
    "AsyncConnectionPool",
    "AsyncHTTPProxy",
    "AsyncSOCKSProxy",
    "ConnectionPool",
    "HTTPProxy",
    "SOCKSProxy",
]


@public
class ConnectionPool(BasePool, SyncFace, RequestInterface):
    """Sends requests, and keeps connections open for those to come.

    - `ssl_context`: None for the system's certificate authorities.
    - `proxy`: what to send requests through.
    - `max_connections`: how many connections there are at most; a request that would need one more waits.
      None is no limit, here and in what follows.
    - `max_keepalive_connections`: how many of them may idle.
    - `keepalive_expiry`: for how many seconds they may.
    - `http1`, `http2`: the protocols to offer.
    - `retries`: how often a failed attempt to connect is repeated, after 0 s, 0.5 s, 1 s, 2 s and so on.
    - `local_address`: the address to connect from; "0.0.0.0" for IPv4 only, "::" for IPv6 only.
    - `uds`: the path of a Unix domain socket to connect to, whatever the URL's host.
    - `network_backend`: what opens connections, in place of the engine.
    - `socket_options`: arguments of `setsockopt` for each new TCP connection.
    """


@public
class AsyncConnectionPool(BasePool, AsyncFace, AsyncRequestInterface):
    """ConnectionPool for async code."""


class BaseHTTPProxy(BasePool):
    """A pool that sends all requests through an HTTP proxy. The other arguments are those of the pool.

    - `proxy_auth`: user name and password.
    - `proxy_headers`: sent to the proxy itself.
    - `proxy_ssl_context`: for the connection to an `https://` proxy.
    """

    def __init__(
        self,
        proxy_url: URL | bytes | str,
        proxy_auth: tuple[bytes | str, bytes | str] | None = None,
        proxy_headers: HeadersAsMapping | HeadersAsSequence | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy_ssl_context: ssl.SSLContext | None = None,
        max_connections: int | None = 10,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        retries: int = 0,
        local_address: str | None = None,
        uds: str | None = None,
        network_backend: Backend | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        headers = enforce_headers(proxy_headers, name="proxy_headers")
        proxy = Proxy(proxy_url, proxy_auth, headers, proxy_ssl_context)
        if proxy.url.scheme == b"http" and proxy_ssl_context is not None:
            raise RuntimeError("'proxy_ssl_context' is for proxies whose URL begins with 'https://'.")
        super().__init__(
            ssl_context=ssl_context,
            proxy=proxy,
            max_connections=max_connections,
            max_keepalive_connections=max_keepalive_connections,
            keepalive_expiry=keepalive_expiry,
            http1=http1,
            http2=http2,
            retries=retries,
            local_address=local_address,
            uds=uds,
            network_backend=network_backend,
            socket_options=socket_options,
        )


@public
class HTTPProxy(BaseHTTPProxy, ConnectionPool):
    __doc__ = BaseHTTPProxy.__doc__


@public
class AsyncHTTPProxy(BaseHTTPProxy, AsyncConnectionPool):
    __doc__ = BaseHTTPProxy.__doc__


class BaseSOCKSProxy(BasePool):
    """A pool that sends all requests through a SOCKS5 proxy. The other arguments are those of the pool.

    - `proxy_auth`: user name and password.
    """

    def __init__(
        self,
        proxy_url: URL | bytes | str,
        proxy_auth: tuple[bytes | str, bytes | str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        max_connections: int | None = 10,
        max_keepalive_connections: int | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        retries: int = 0,
        network_backend: Backend | None = None,
    ) -> None:
        super().__init__(
            ssl_context=ssl_context,
            proxy=Proxy(proxy_url, proxy_auth),
            max_connections=max_connections,
            max_keepalive_connections=max_keepalive_connections,
            keepalive_expiry=keepalive_expiry,
            http1=http1,
            http2=http2,
            retries=retries,
            network_backend=network_backend,
        )


@public
class SOCKSProxy(BaseSOCKSProxy, ConnectionPool):
    __doc__ = BaseSOCKSProxy.__doc__


@public
class AsyncSOCKSProxy(BaseSOCKSProxy, AsyncConnectionPool):
    __doc__ = BaseSOCKSProxy.__doc__
