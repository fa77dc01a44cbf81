"""Connections through an HTTP proxy, and the pools of them.

Requests to `http` origins are handed to the proxy, which forwards them; for `https` it is asked for a tunnel.
"""

from __future__ import annotations

import logging

from ._checked import enforce_headers
from ._connection import AsyncHTTPConnection, HTTPConnection, LazyConnection, start_tls
from ._exceptions import ProxyError
from ._interfaces import AsyncConnectionInterface, AsyncFace, ConnectionInterface, SyncFace
from ._io import Flow, Shielded
from ._models import URL, Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ._backends.base import SOCKET_OPTION
    from ._checked import HeadersAsMapping, HeadersAsSequence, RawHeaders
    from ._connection import BaseHTTPConnection, Established
    from ._io import Backend, Stream
    from ._models import Origin, Response

__all__ = [
    "AsyncForwardHTTPConnection",
    "AsyncTunnelHTTPConnection",
    "ForwardHTTPConnection",
    "TunnelHTTPConnection",
]

LOGGER = logging.getLogger("httparallel.proxy")


class ProxiedConnection(LazyConnection):
    """What connections through an HTTP proxy share."""

    def __init__(
        self,
        proxy_origin: Origin,
        remote_origin: Origin,
        ssl_context: ssl.SSLContext | None = None,
        proxy_ssl_context: ssl.SSLContext | None = None,
        proxy_headers: HeadersAsMapping | HeadersAsSequence | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        network_backend: Backend | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        super().__init__(remote_origin, keepalive_expiry, (http1, http2), network_backend)
        self._ssl_context = ssl_context
        self._proxy_origin = proxy_origin
        self._proxy_headers = enforce_headers(proxy_headers, name="proxy_headers")
        kind = AsyncHTTPConnection if self._face.is_async else HTTPConnection
        self._to_proxy: BaseHTTPConnection = kind(
            proxy_origin,
            ssl_context=proxy_ssl_context,
            keepalive_expiry=keepalive_expiry,
            network_backend=network_backend,
            socket_options=socket_options,
        )

    def _proxy_url(self, target: bytes) -> URL:
        origin = self._proxy_origin
        return URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)


class BaseForwardConnection(ProxiedConnection):
    """The proxy gets each request with its whole URL."""

    def _connect(self, request: Request) -> Flow[Established]:
        return self._to_proxy._open(_for_proxy(request, request.method, request.url, request.headers))

    def _attempt(self, request: Request) -> Flow[Response]:
        # RFC 9112, section 3.2.2: "a client MUST send the target URI in absolute-form as the request-target".
        # A target that is no path (`OPTIONS *`, or a URL) was chosen by the caller.
        url = request.url
        target = bytes(url) if url.target.startswith(b"/") else url.target
        headers = merged(self._proxy_headers, request.headers)
        forwarded = _for_proxy(request, request.method, self._proxy_url(target), headers)
        connection = yield from self._open(request)
        return (yield from connection._attempt(forwarded))


class BaseTunnelConnection(ProxiedConnection):
    """The proxy is asked to pass bytes on, by CONNECT."""

    def _connect(self, request: Request) -> Flow[Established]:
        stream = yield from self._tunnel(request)
        if self._origin.scheme not in (b"https", b"wss"):
            return self._established(stream)
        try:
            stream = yield from start_tls(
                stream, self._origin, self._ssl_context, self._protocols, request, LOGGER
            )
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(self._to_proxy._close())
            raise
        return self._established(stream)

    def _tunnel(self, request: Request) -> Flow[Stream]:
        host = self._origin.host
        # RFC 3986, section 3.2.2: an IPv6 address is "enclosed within square brackets".
        target = b"%b:%d" % (b"[%b]" % host if b":" in host else host, self._origin.port)
        headers = merged([(b"Host", target), (b"Accept", b"*/*")], self._proxy_headers)
        connecting = _for_proxy(request, b"CONNECT", self._proxy_url(target), headers)
        connecting.stream = Request(b"CONNECT", connecting.url).stream
        response = yield from self._to_proxy._handle(connecting)
        if not 200 <= response.status < 300:
            yield Shielded(self._to_proxy._close())
            reason = response.extensions.get("reason_phrase", b"").decode("ascii", errors="ignore")
            raise ProxyError(f"{response.status} {reason}")
        stream: Stream = response.extensions["network_stream"]
        return stream


def _for_proxy(request: Request, method: bytes, url: URL, headers: RawHeaders) -> Request:
    """The request as the proxy gets it. What concerns the origin's URL and TLS does not concern the proxy."""
    extensions = {
        key: value for key, value in request.extensions.items() if key not in ("sni_hostname", "target")
    }
    return Request(method, url, headers=headers, content=request.stream, extensions=extensions)


def merged(first: RawHeaders, second: RawHeaders) -> RawHeaders:
    """Both, but of the first only what the second does not have."""
    replaced = {name.lower() for name, _ in second}
    return [pair for pair in first if pair[0].lower() not in replaced] + second


class ForwardHTTPConnection(BaseForwardConnection, SyncFace, ConnectionInterface):
    """A connection to a proxy that forwards requests."""


class AsyncForwardHTTPConnection(BaseForwardConnection, AsyncFace, AsyncConnectionInterface):
    """A connection to a proxy that forwards requests, for async code."""


class TunnelHTTPConnection(BaseTunnelConnection, SyncFace, ConnectionInterface):
    """A connection to an origin, through a tunnel that a proxy makes."""


class AsyncTunnelHTTPConnection(BaseTunnelConnection, AsyncFace, AsyncConnectionInterface):
    """A connection to an origin, through a tunnel that a proxy makes, for async code."""
