"""The interfaces between the protocol and the network. A program may supply its own implementations.

Timeouts are in seconds and cover one call; None is no limit. What fails raises the exceptions of
`httparallel.core`: ConnectTimeout and ConnectError from the methods that connect and from `start_tls`,
ReadTimeout and ReadError from `read`, WriteTimeout and WriteError from `write`.
"""

from __future__ import annotations

import time

from .._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

# The arguments of `socket.setsockopt`.
SOCKET_OPTION = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@public
class NetworkStream:
    """A connection as a pair of byte streams."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes, at least one and at most `max_bytes`; b"" at the end."""
        raise NotImplementedError

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends all of `buffer`."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the connection. It may be called more than once."""
        raise NotImplementedError

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        """Performs a TLS handshake; the result carries what is inside. If it fails, this stream is closed."""
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401, ARG002 - an interface
        """What is known by that name; None if nothing is.

        The names are "ssl_object", "client_addr", "server_addr", "socket"; "is_readable": whether a read
        would return at once, be it with data or because the connection has ended; and "is_truncated": whether
        that end may be an attacker's, because it came without TLS's close_notify.
        """
        return None


@public
class NetworkBackend:
    """Opens connections."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        raise NotImplementedError

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@public
class AsyncNetworkStream:
    """A connection as a pair of byte streams, for async code. Its methods are those of NetworkStream."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        raise NotImplementedError

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401, ARG002 - an interface
        return None


@public
class AsyncNetworkBackend:
    """Opens connections, for async code."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        raise NotImplementedError

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError
