"""Connections on trio. trio must be installed to import this."""

from __future__ import annotations

import os

import trio

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

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import Any

__all__ = ["TrioBackend"]

CONNECT_ERRORS: dict[type[Exception], type[Exception]] = {
    trio.TooSlowError: ConnectTimeout,
    trio.BrokenResourceError: ConnectError,
    OSError: ConnectError,
}
READ_ERRORS: dict[type[Exception], type[Exception]] = {
    trio.TooSlowError: ReadTimeout,
    trio.BrokenResourceError: ReadError,
    trio.ClosedResourceError: ReadError,
}
WRITE_ERRORS: dict[type[Exception], type[Exception]] = {
    trio.TooSlowError: WriteTimeout,
    trio.BrokenResourceError: WriteError,
    trio.ClosedResourceError: WriteError,
}


def _limited(timeout: float | None) -> AbstractContextManager[Any]:
    return trio.fail_after(float("inf") if timeout is None else timeout)


class TrioStream(AsyncNetworkStream):
    """A connected socket. One task may read while another writes."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._stream = stream

    def __del__(self) -> None:
        try:
            self._token.run_sync_soon(int)
        except trio.RunFinishedError:
            # There was nobody left who could have closed it.
            if self._stream.socket.fileno() >= 0:
                os.close(self._stream.socket.detach())

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with map_exceptions(READ_ERRORS, "timed out while reading"), _limited(timeout):
            return bytes(await self._stream.receive_some(max_bytes))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with map_exceptions(WRITE_ERRORS, "timed out while writing"), _limited(timeout):
            await self._stream.send_all(buffer)

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
        sock = self._stream.socket
        if info == "client_addr":
            return sock.getsockname()
        if info == "server_addr":
            return sock.getpeername()
        if info == "socket":
            return sock
        if info == "is_readable":
            return sock.fileno() < 0 or sock.is_readable()
        return None


@public
class TrioBackend(AsyncNetworkBackend):
    """Opens sockets, to several addresses of a host at once if the first ones are slow."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"), _limited(timeout):
            stream = await trio.open_tcp_stream(host, port, local_address=local_address)
            return await _with_options(stream, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"), _limited(timeout):
            return await _with_options(await trio.open_unix_socket(path), socket_options)

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


async def _with_options(stream: trio.SocketStream, options: Iterable[SOCKET_OPTION] | None) -> TrioStream:
    try:
        for option in options or ():
            stream.socket.setsockopt(*option)
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return TrioStream(stream)
