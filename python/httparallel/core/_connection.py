"""A connection that opens itself when its first request comes, and then speaks HTTP/1.1 or HTTP/2.

::

    CONNECTING ──► HTTP/1.1 or HTTP/2, see there
         └───────► CONNECTION FAILED
"""

from __future__ import annotations

import logging
from itertools import chain, count

from ._exceptions import ConnectError, ConnectTimeout
from ._http11 import AsyncHTTP11Connection, HTTP11Connection
from ._interfaces import AsyncConnectionInterface, AsyncFace, ConnectionInterface, Flows, SyncFace
from ._io import ConnectTCP, ConnectUnix, Flow, Lock, Sleep, StartTLS
from ._public import public
from ._ssl import default_ssl_context
from ._trace import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from ._backends.base import SOCKET_OPTION, AsyncNetworkBackend, NetworkBackend
    from ._http2 import BaseHTTP2Connection
    from ._http11 import BaseHTTP11Connection
    from ._io import Backend, Face, Stream
    from ._models import Origin, Request, Response

    Established = BaseHTTP11Connection | BaseHTTP2Connection

__all__ = [
    "AsyncHTTPConnection",
    "BaseHTTPConnection",
    "HTTPConnection",
    "LazyConnection",
    "established",
    "start_tls",
]

LOGGER = logging.getLogger("httparallel.connection")


def backoff() -> Iterator[float]:
    """How long to wait before each retry: 0 s, 0.5 s, 1 s, 2 s and so on."""
    return chain((0.0,), (0.5 * 2**n for n in count()))


def start_tls(
    stream: Stream,
    origin: Origin,
    ssl_context: ssl.SSLContext | None,
    protocols: tuple[bool, bool],
    request: Request,
    logger: logging.Logger,
) -> Flow[Stream]:
    """The stream inside TLS. `protocols`: whether HTTP/1.1 and HTTP/2 may be spoken on it."""
    http1, http2 = protocols
    context = default_ssl_context() if ssl_context is None else ssl_context
    context.set_alpn_protocols(["h2"] * http2 + ["http/1.1"] * (http1 or not http2))
    arguments = {
        "ssl_context": context,
        "server_hostname": request.extensions.get("sni_hostname") or origin.host.decode("ascii"),
        "timeout": request.extensions.get("timeout", {}).get("connect"),
    }
    secured: Stream = yield from traced(
        "start_tls", logger, request, arguments, StartTLS(stream, **arguments)
    )
    return secured


def established(
    stream: Stream, origin: Origin, keepalive_expiry: float | None, protocols: tuple[bool, bool], face: Face
) -> Established:
    """The connection over a stream that is open, in the protocol that was agreed on."""
    http1, http2 = protocols
    ssl_object = stream.get_extra_info("ssl_object")
    is_http2 = ssl_object is not None and ssl_object.selected_alpn_protocol() == "h2"
    if is_http2 or (http2 and not http1):
        from ._http2 import AsyncHTTP2Connection, HTTP2Connection

        return (AsyncHTTP2Connection if face.is_async else HTTP2Connection)(origin, stream, keepalive_expiry)
    return (AsyncHTTP11Connection if face.is_async else HTTP11Connection)(origin, stream, keepalive_expiry)


class LazyConnection(Flows):
    """A connection that is opened by its first request. Subclasses say how."""

    def __init__(
        self,
        origin: Origin,
        keepalive_expiry: float | None,
        protocols: tuple[bool, bool],
        backend: Backend | None,
    ) -> None:
        self._origin = origin
        self._keepalive_expiry = keepalive_expiry
        self._protocols = protocols
        self._backend = self._face.backend(backend)
        self._opening = Lock()
        self._has_failed = False
        self._connection: Established | None = None

    def _connect(self, request: Request) -> Flow[Established]:
        """Opens the connection."""
        raise NotImplementedError

    def _open(self, request: Request) -> Flow[Established]:
        """The connection, opened if it is not yet."""
        if self._connection is not None:
            return self._connection
        yield from self._opening.acquire()
        try:
            if self._connection is None:
                self._connection = yield from self._connect(request)
            return self._connection
        except BaseException:
            self._has_failed = True
            raise
        finally:
            self._opening.release()

    def _established(self, stream: Stream) -> Established:
        return established(stream, self._origin, self._keepalive_expiry, self._protocols, self._face)

    def _attempt(self, request: Request) -> Flow[Response]:
        if not self.can_handle_request(request.url.origin):
            raise RuntimeError(f"This connection to {self._origin} got a request to {request.url.origin}.")
        connection = yield from self._open(request)
        return (yield from connection._attempt(request))

    def _close(self) -> Flow[None]:
        if self._connection is not None:
            yield from traced("close", LOGGER, None, {}, self._connection._close())

    def _abandon(self) -> None:
        if self._connection is not None:
            self._connection._abandon()

    # What pools ask.

    def _is_reusable(self) -> bool:
        return self._connection is not None and self._connection._is_reusable()

    def can_handle_request(self, origin: Origin) -> bool:
        return origin == self._origin

    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_connected()

    def is_available(self) -> bool:
        if self._connection is not None:
            return self._connection.is_available()
        http1, http2 = self._protocols
        return http2 and (self._origin.scheme == b"https" or not http1) and not self._has_failed

    def has_expired(self) -> bool:
        return self._has_failed if self._connection is None else self._connection.has_expired()

    def is_idle(self) -> bool:
        return self._has_failed if self._connection is None else self._connection.is_idle()

    def can_multiplex(self) -> bool:
        return self._connection is not None and self._connection.can_multiplex()

    def is_closed(self) -> bool:
        return self._has_failed if self._connection is None else self._connection.is_closed()

    def info(self) -> str:
        if self._connection is not None:
            return self._connection.info()
        return "CONNECTION FAILED" if self._has_failed else "CONNECTING"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.info()}]>"


class BaseHTTPConnection(LazyConnection):
    """A direct connection.

    - `retries`: how often a failed attempt to connect is repeated.
    - `uds`: the path of a Unix domain socket to connect to, in place of the origin's host and port.
    """

    def __init__(
        self,
        origin: Origin,
        ssl_context: ssl.SSLContext | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        retries: int = 0,
        local_address: str | None = None,
        uds: str | None = None,
        network_backend: NetworkBackend | AsyncNetworkBackend | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> None:
        super().__init__(origin, keepalive_expiry, (http1, http2), network_backend)
        self._ssl_context = ssl_context
        self._retries = retries
        self._local_address = local_address
        self._uds = uds
        self._socket_options = socket_options

    def _connect(self, request: Request) -> Flow[Established]:
        waits = backoff()
        for left in range(self._retries, -1, -1):
            try:
                stream = yield from self._connect_once(request)
                return self._established(stream)
            except (ConnectError, ConnectTimeout):
                if left == 0:
                    raise
            _, arguments = self._dialling(request)
            yield from traced("retry", LOGGER, request, arguments, Sleep(self._backend, next(waits)))
        raise AssertionError("the last attempt has returned or raised")

    def _connect_once(self, request: Request) -> Flow[Stream]:
        dial, arguments = self._dialling(request)
        name = "connect_tcp" if self._uds is None else "connect_unix_socket"
        stream: Stream = yield from traced(name, LOGGER, request, arguments, dial(self._backend, **arguments))
        if self._origin.scheme not in (b"https", b"wss"):
            return stream
        return (
            yield from start_tls(stream, self._origin, self._ssl_context, self._protocols, request, LOGGER)
        )

    def _dialling(self, request: Request) -> tuple[Callable[..., Any], dict[str, Any]]:
        timeout = request.extensions.get("timeout", {}).get("connect")
        if self._uds is not None:
            arguments = {"path": self._uds, "timeout": timeout, "socket_options": self._socket_options}
            return ConnectUnix, arguments
        return ConnectTCP, {
            "host": self._origin.host.decode("ascii"),
            "port": self._origin.port,
            "local_address": self._local_address,
            "timeout": timeout,
            "socket_options": self._socket_options,
        }


@public
class HTTPConnection(BaseHTTPConnection, SyncFace, ConnectionInterface):
    __doc__ = BaseHTTPConnection.__doc__


@public
class AsyncHTTPConnection(BaseHTTPConnection, AsyncFace, AsyncConnectionInterface):
    __doc__ = BaseHTTPConnection.__doc__
