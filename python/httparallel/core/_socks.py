"""Connections through a SOCKS5 proxy."""

from __future__ import annotations

import logging

from .._native import Socks5
from ._connection import LazyConnection, start_tls
from ._exceptions import engine_errors
from ._interfaces import AsyncConnectionInterface, AsyncFace, ConnectionInterface, SyncFace
from ._io import CloseStream, ConnectTCP, Flow, ReadStream, Shielded, WriteStream
from ._trace import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from ._connection import Established
    from ._io import Backend, Stream
    from ._models import Origin, Request

__all__ = ["AsyncSocks5Connection", "Socks5Connection"]

LOGGER = logging.getLogger("httparallel.socks")
READ_SIZE = 4096


class BaseSocks5Connection(LazyConnection):
    """A connection to an origin, through a tunnel that a SOCKS5 proxy makes."""

    def __init__(
        self,
        proxy_origin: Origin,
        remote_origin: Origin,
        proxy_auth: tuple[bytes, bytes] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        keepalive_expiry: float | None = None,
        http1: bool = True,
        http2: bool = False,
        network_backend: Backend | None = None,
    ) -> None:
        super().__init__(remote_origin, keepalive_expiry, (http1, http2), network_backend)
        self._proxy_origin = proxy_origin
        self._proxy_auth = proxy_auth
        self._ssl_context = ssl_context

    def _connect(self, request: Request) -> Flow[Established]:
        timeouts = request.extensions.get("timeout", {})
        arguments: dict[str, Any] = {
            "host": self._proxy_origin.host.decode("ascii"),
            "port": self._proxy_origin.port,
            "timeout": timeouts.get("connect"),
        }
        dialling = ConnectTCP(self._backend, **arguments)
        stream: Stream = yield from traced("connect_tcp", LOGGER, request, arguments, dialling)
        arguments = {
            "stream": stream,
            "host": self._origin.host.decode("ascii"),
            "port": self._origin.port,
            "auth": self._proxy_auth,
            "timeouts": timeouts,
        }
        try:
            shaking = self._shake_hands(stream, timeouts)
            yield from traced("setup_socks5_connection", LOGGER, request, arguments, shaking)
            if self._origin.scheme in (b"https", b"wss"):
                stream = yield from start_tls(
                    stream, self._origin, self._ssl_context, self._protocols, request, LOGGER
                )
        except GeneratorExit:
            raise
        except BaseException:
            yield Shielded(CloseStream(stream))
            raise
        return self._established(stream)

    def _shake_hands(self, stream: Stream, timeouts: dict[str, float | None]) -> Flow[Stream]:
        username, password = self._proxy_auth or (None, None)
        engine = Socks5(self._origin.host, self._origin.port, username, password)
        is_open = False
        while not is_open:
            data = engine.outgoing()
            if data:
                yield WriteStream(stream, data, timeouts.get("write"))
            received = yield ReadStream(stream, READ_SIZE, timeouts.get("read"))
            with engine_errors():
                is_open = engine.receive(received)
        return stream


class Socks5Connection(BaseSocks5Connection, SyncFace, ConnectionInterface):
    __doc__ = BaseSocks5Connection.__doc__


class AsyncSocks5Connection(BaseSocks5Connection, AsyncFace, AsyncConnectionInterface):
    __doc__ = BaseSocks5Connection.__doc__
