"""Connections on anyio, whichever library it runs on. anyio is imported when a backend is made."""

from __future__ import annotations

from .._exceptions import (
    ConnectError,
    ConnectTimeout,
    ReadError,
    ReadTimeout,
    WriteError,
    WriteTimeout,
    map_exceptions,
)
from .._public import public
from .base import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream
from .sync import is_readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

    import anyio.abc

__all__ = ["AnyIOBackend"]


def _errors(timeout: type[Exception], broken: type[Exception]) -> map_exceptions:
    import anyio

    return map_exceptions(
        {
            TimeoutError: timeout,
            anyio.BrokenResourceError: broken,
            anyio.ClosedResourceError: broken,
            OSError: broken,
        },
        "timed out",
    )


class AnyIOStream(AsyncNetworkStream):
    """A connected socket. One task may read while another writes."""

    def __init__(self, stream: anyio.abc.ByteStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        import anyio

        with _errors(ReadTimeout, ReadError), anyio.fail_after(timeout):
            try:
                return await self._stream.receive(max_bytes)
            except anyio.EndOfStream:
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        import anyio

        with _errors(WriteTimeout, WriteError), anyio.fail_after(timeout):
            await self._stream.send(buffer)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        from .tls import astart_tls

        return await astart_tls(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        from anyio.abc import SocketAttribute

        sock = self._stream.extra(SocketAttribute.raw_socket, None)
        if info == "client_addr":
            return self._stream.extra(SocketAttribute.local_address, None)
        if info == "server_addr":
            return self._stream.extra(SocketAttribute.remote_address, None)
        if info == "socket":
            return sock
        if info == "is_readable":
            return sock is None or is_readable(sock)
        return None


@public
class AnyIOBackend(AsyncNetworkBackend):
    """Opens sockets by anyio. RuntimeError if anyio is not installed."""

    def __init__(self) -> None:
        try:
            import anyio  # noqa: F401 - whether it can be
        except ImportError:
            raise RuntimeError(
                "AnyIOBackend needs the package 'anyio', which is not installed. Leave 'network_backend' out "
                "to use asyncio or trio directly."
            ) from None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        import anyio

        with _errors(ConnectTimeout, ConnectError), anyio.fail_after(timeout):
            stream = await anyio.connect_tcp(host, port, local_host=local_address)
            return _with_options(stream, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        import anyio

        with _errors(ConnectTimeout, ConnectError), anyio.fail_after(timeout):
            return _with_options(await anyio.connect_unix(path), socket_options)

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)


def _with_options(stream: anyio.abc.SocketStream, options: Iterable[SOCKET_OPTION] | None) -> AnyIOStream:
    from anyio.abc import SocketAttribute

    sock = stream.extra(SocketAttribute.raw_socket)
    for option in options or ():
        sock.setsockopt(*option)
    return AnyIOStream(stream)
