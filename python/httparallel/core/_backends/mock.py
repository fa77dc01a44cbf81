"""Connections to nowhere, for tests: what is read was given beforehand, and what is written is dropped.

Each connection that a backend opens reads the same pieces, one per read, and then the end of the connection.
"""

# ruff: noqa: ARG002 - the interfaces' arguments, which nothing here depends on

from __future__ import annotations

from .._exceptions import ReadError
from .._public import public
from .base import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream, NetworkBackend, NetworkStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

__all__ = ["AsyncMockBackend", "AsyncMockStream", "MockBackend", "MockStream"]


class _NegotiatedTLS:
    """As much of an `ssl.SSLObject` as a connection asks for."""

    def __init__(self, http2: bool) -> None:
        self._protocol = "h2" if http2 else "http/1.1"

    def selected_alpn_protocol(self) -> str:
        return self._protocol


class _Pieces:
    """What the streams of both kinds have in common."""

    def __init__(self, buffer: list[bytes], http2: bool = False) -> None:
        self._buffer = buffer
        self._http2 = http2
        self._closed = False

    def _next(self) -> bytes:
        if self._closed:
            raise ReadError("Connection closed")
        return self._buffer.pop(0) if self._buffer else b""

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as streams have it
        return _NegotiatedTLS(self._http2) if info == "ssl_object" else None

    def __repr__(self) -> str:
        return f"<httparallel.{type(self).__name__}>"


@public
class MockStream(_Pieces, NetworkStream):
    """Reads the pieces of `buffer`, which it takes out of there."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._next()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    def close(self) -> None:
        self._closed = True

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        return self


@public
class AsyncMockStream(_Pieces, AsyncNetworkStream):
    """Reads the pieces of `buffer`, which it takes out of there."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._next()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    async def aclose(self) -> None:
        self._closed = True

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        return self


@public
class MockBackend(NetworkBackend):
    """Each connection reads the pieces of `buffer`; with `http2`, ALPN is said to have chosen that."""

    def __init__(self, buffer: list[bytes], http2: bool = False) -> None:
        self._buffer = buffer
        self._http2 = http2

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        return MockStream(list(self._buffer), http2=self._http2)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        return MockStream(list(self._buffer), http2=self._http2)

    def sleep(self, seconds: float) -> None:
        pass


@public
class AsyncMockBackend(AsyncNetworkBackend):
    """Each connection reads the pieces of `buffer`; with `http2`, ALPN is said to have chosen that."""

    def __init__(self, buffer: list[bytes], http2: bool = False) -> None:
        self._buffer = buffer
        self._http2 = http2

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        return AsyncMockStream(list(self._buffer), http2=self._http2)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        return AsyncMockStream(list(self._buffer), http2=self._http2)

    async def sleep(self, seconds: float) -> None:
        pass
