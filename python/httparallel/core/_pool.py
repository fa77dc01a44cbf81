"""Connection pools over streams of bytes that Python carries: driver C of the engine.

A pool has one set of connections for each event loop that uses it, because a connection belongs to the loop
that opened it, and another one in a process that was forked.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from weakref import ref

from ._again import Again, Http1Origins
from ._assign import Assigner
from ._bodies import body_of, stream_of
from ._connection import AsyncHTTPConnection, HTTPConnection
from ._exceptions import UnsupportedProtocol
from ._interfaces import Flows
from ._io import Flow, Shielded
from ._loops import current_loop, is_over
from ._models import Response
from ._native_pool import NativePool, suits
from ._pooled import PooledRequest, abandon_all, attempt, close_all, is_reusable, key_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

    from ._backends.base import SOCKET_OPTION
    from ._checked import Content, Extensions, HeaderTypes
    from ._io import Backend
    from ._models import URL, Origin, Proxy, Request

__all__ = ["BasePool"]

SCHEMES = (b"http", b"https", b"ws", b"wss")


class BasePool(Flows):
    """What pools of both kinds share. See ConnectionPool for the arguments."""

    # For how many seconds a connection takes new requests; None is no limit. Clients set it.
    _max_connection_age: float | None = None

    def __init__(
        self,
        ssl_context: ssl.SSLContext | None = None,
        proxy: Proxy | None = None,
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
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._max_connections = max_connections
        self._max_keepalive_connections = max_keepalive_connections
        self._keepalive_expiry = keepalive_expiry
        self._http1 = http1
        self._http2 = http2
        self._retries = retries
        self._local_address = local_address
        self._uds = uds
        self._network_backend = self._face.backend(network_backend)
        self._socket_options = None if socket_options is None else list(socket_options)
        self._is_native = (
            ssl_context is None
            and proxy is None
            and network_backend is None
            and all(len(option) == 3 for option in self._socket_options or ())
            # Whoever makes connections wants them used.
            and type(self).create_connection is BasePool.create_connection
        )
        self._native: NativePool | None = None
        # Who has asked for HTTP/1.1, where that is spoken.
        self._http1_origins = Http1Origins() if http1 else None
        # Guards the creation of what follows.
        self._mutex = threading.Lock()
        # By process and event loop.
        self._assigners: dict[tuple[int, object], Assigner] = {}

    def create_connection(self, origin: Origin) -> Any:  # noqa: ANN401 - a subclass may return any connection
        """A new connection for requests to `origin`, which opens itself when it is used."""
        if self._proxy is not None:
            return self._create_proxied(self._proxy, origin)
        kind = AsyncHTTPConnection if self._face.is_async else HTTPConnection
        return kind(
            origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            http1=self._http1,
            http2=self._http2 and not self._wants_http1(origin),
            retries=self._retries,
            local_address=self._local_address,
            uds=self._uds,
            network_backend=self._network_backend,
            socket_options=self._socket_options,
        )

    def _create_proxied(self, proxy: Proxy, origin: Origin) -> Flows:
        common: dict[str, Any] = {
            "proxy_origin": proxy.url.origin,
            "remote_origin": origin,
            "ssl_context": self._ssl_context,
            "keepalive_expiry": self._keepalive_expiry,
            "http1": self._http1,
            "http2": self._http2 and not self._wants_http1(origin),
            "network_backend": self._network_backend,
        }
        is_async = self._face.is_async
        if proxy.url.scheme in (b"socks5", b"socks5h"):
            from ._socks import AsyncSocks5Connection, Socks5Connection

            return (AsyncSocks5Connection if is_async else Socks5Connection)(proxy_auth=proxy.auth, **common)
        from . import _proxy

        common |= {
            "proxy_headers": proxy.headers,
            "proxy_ssl_context": proxy.ssl_context,
            "socket_options": self._socket_options,
        }
        if origin.scheme == b"http":
            return (_proxy.AsyncForwardHTTPConnection if is_async else _proxy.ForwardHTTPConnection)(**common)
        return (_proxy.AsyncTunnelHTTPConnection if is_async else _proxy.TunnelHTTPConnection)(**common)

    def _wants_http1(self, origin: Origin) -> bool:
        return self._http1_origins is not None and key_of(origin) in self._http1_origins

    @property
    def connections(self) -> list[Any]:
        """The connections that are open, or being opened, oldest first.

        Each shows what it is to and what it does::

            <HTTPConnection ['https://example.com:443', HTTP/1.1, IDLE, Request Count: 9]>
        """
        process = os.getpid()
        shown: list[Any] = [] if self._native is None else list(self._native.connections())
        for (opener, _), assigner in list(self._assigners.items()):
            if opener == process:
                shown += assigner.connections
        return shown

    # Requests.

    def _handle(self, request: Request) -> Flow[Response]:
        check_scheme(request)
        if self._is_native and suits(request):
            return self._native_pool().handle(request)
        return self._handle_here(request)

    def _fetching(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        headers: HeaderTypes,
        content: Content,
        extensions: Extensions | None,
    ) -> Flow[Response] | None:
        if self._is_native and self._handles_itself():
            return self._native_pool().fetching(method, url, headers, content, extensions)
        return None

    def _native_pool(self) -> NativePool:
        if (native := self._native) is not None:
            return native
        with self._mutex:
            if self._native is None:
                self._native = NativePool(
                    self._face,
                    http1=self._http1,
                    http2=self._http2,
                    max_connections=self._max_connections,
                    max_keepalive_connections=self._max_keepalive_connections,
                    keepalive_expiry=self._keepalive_expiry,
                    uds=self._uds,
                    local_address=self._local_address,
                    retries=self._retries,
                    socket_options=self._socket_options,
                )
            return self._native

    def _handle_here(self, request: Request) -> Flow[Response]:
        """Carries out a request on a connection that Python carries the bytes of."""
        assigner = self._assigner()
        may_share = self._http2 and (request.url.scheme in (b"https", b"wss") or not self._http1)
        pooled = PooledRequest(request, may_share)
        if may_share and self._wants_http1(pooled.origin):
            pooled.use_http1()
        again = Again(pooled, self._http1_origins)
        while True:
            connection = yield from assigner.assign(pooled)
            try:
                response = yield from attempt(connection, request, self._face)
                if not again.after_response(response.status):
                    release = partial(self._release, assigner, pooled, connection)
                    return self._pooled_response(response, release)
                yield from assigner.retire(pooled)
                yield Shielded(body_of(response.stream, self._face).close())
                yield Shielded(self._release(assigner, pooled, connection))
            except GeneratorExit:
                raise
            except BaseException as error:
                yield Shielded(self._release(assigner, pooled, connection))
                told = again.after_failure(error)
                if told is error:
                    raise
                if told is not None:
                    raise told from None

    def _pooled_response(self, response: Response, release: partial[Flow[None]]) -> Response:
        """The response, with the connection given back when it is closed."""
        body = body_of(response.stream, self._face)
        body.afterwards = release
        stream = stream_of(body, self._face)
        return Response(
            response.status, headers=response.headers, content=stream, extensions=response.extensions
        )

    def _release(self, assigner: Assigner, pooled: PooledRequest, connection: Any) -> Flow[None]:  # noqa: ANN401
        # A method, so that a response keeps its pool from being collected.
        return assigner.release(pooled, is_reusable(connection))

    def _assigner(self) -> Assigner:
        key = (os.getpid(), current_loop() if self._face.is_async else None)
        if (assigner := self._assigners.get(key)) is not None:
            return assigner
        with self._mutex:
            self._forget_loops_that_ended()
            if key not in self._assigners:
                self._assigners[key] = Assigner(
                    # In a cycle, sockets could be collected before their pool has closed them.
                    partial(_create_connection, ref(self)),
                    self._max_connections,
                    self._max_keepalive_connections,
                    self._keepalive_expiry,
                    self._max_connection_age,
                )
            return self._assigners[key]

    def _forget_loops_that_ended(self) -> None:
        for process, loop in list(self._assigners):
            if process != os.getpid():
                _inherited.append(self._assigners.pop((process, loop)))
            elif loop is not None and is_over(loop):
                abandon_all(self._assigners.pop((process, loop)).close())

    def __del__(self) -> None:
        # What was not closed is closed like this at least, so that no socket is left open.
        for (process, _), assigner in getattr(self, "_assigners", {}).items():
            if process == os.getpid():
                abandon_all(assigner.close())

    def _close(self) -> Flow[None]:
        native, self._native = self._native, None
        if native is not None:
            native.close()
        key = (os.getpid(), current_loop() if self._face.is_async else None)
        with self._mutex:
            self._forget_loops_that_ended()
            assigner = self._assigners.pop(key, None)
        if assigner is not None:
            yield from close_all(assigner.close())

    def __repr__(self) -> str:
        connections = self.connections
        idle = sum(connection.is_idle() for connection in connections)
        active, queued = self._counts()
        requests = f"Requests: {active} active, {queued} queued"
        shown = f"Connections: {len(connections) - idle} active, {idle} idle"
        return f"<{type(self).__name__} [{requests} | {shown}]>"

    def _counts(self) -> tuple[int, int]:
        """Requests that have a connection, and requests that wait for one."""
        counts = [
            assigner.counts()
            for (process, _), assigner in list(self._assigners.items())
            if process == os.getpid()
        ]
        if self._native is not None:
            counts.append(self._native.counts())
        return sum(active for active, _ in counts), sum(queued for _, queued in counts)


# What a forked child has inherited and must not close: it belongs to the parent.
_inherited: list[Assigner] = []


def _create_connection(pool: ref[BasePool], origin: Origin) -> Any:  # noqa: ANN401 - it may be foreign
    alive = pool()
    assert alive is not None, "a request that wants a connection is one of its pool"
    return alive.create_connection(origin)


def check_scheme(request: Request) -> None:
    """UnsupportedProtocol if the URL's scheme is missing, or none that a pool speaks."""
    scheme = request.url.scheme
    if scheme in SCHEMES:
        return
    if not scheme:
        raise UnsupportedProtocol("The request's URL has no scheme; it needs 'http://' or 'https://'.")
    raise UnsupportedProtocol(
        f"The request's URL has a scheme that is not supported: '{scheme.decode()}://'."
    )
