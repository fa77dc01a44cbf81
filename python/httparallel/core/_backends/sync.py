"""Connections of synchronous code: sockets, waited for in `poll`, which Ctrl-C interrupts."""

from __future__ import annotations

import os
import select
import socket
import sys
from contextlib import suppress
from time import monotonic

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
from .base import SOCKET_OPTION, NetworkBackend, NetworkStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

__all__ = ["SocketStream", "SyncBackend", "is_readable", "socket_info"]

CONNECT_ERRORS: dict[type[Exception], type[Exception]] = {TimeoutError: ConnectTimeout, OSError: ConnectError}
READ_ERRORS: dict[type[Exception], type[Exception]] = {TimeoutError: ReadTimeout, OSError: ReadError}
WRITE_ERRORS: dict[type[Exception], type[Exception]] = {TimeoutError: WriteTimeout, OSError: WriteError}

# The socket itself stays in blocking mode where it can, for programs that take it over.
_DONT_WAIT: int = getattr(socket, "MSG_DONTWAIT", 0)


def is_readable(sock: socket.socket) -> bool:
    """Whether a read would return at once: data is there, or the end of the connection, or it is closed."""
    if sock.fileno() < 0:
        return True
    return _wait(sock, False, 0)


def _wait(sock: socket.socket, for_writing: bool, seconds: float | None) -> bool:
    """Waits until the socket can be read or written. Whether it can: False when the time is up."""
    if sys.platform == "win32":
        wanted = [sock]
        ready = select.select([] if for_writing else wanted, wanted if for_writing else [], [], seconds)
        return any(ready)
    poll = select.poll()
    poll.register(sock, select.POLLOUT if for_writing else select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def socket_info(sock: socket.socket, info: str) -> Any:  # noqa: ANN401 - each name has its own type
    """What `get_extra_info` says of a socket."""
    if info == "client_addr":
        return sock.getsockname()
    if info == "server_addr":
        return sock.getpeername()
    if info == "socket":
        return sock
    if info == "is_readable":
        return is_readable(sock)
    return None


class SocketStream(NetworkStream):
    """A connected socket. One thread may read while another writes, each with its own timeout."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(_DONT_WAIT != 0)
        self._socket = sock
        self._process = os.getpid()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with map_exceptions(READ_ERRORS, "timed out while reading"):
            deadline = None if timeout is None else monotonic() + timeout
            while True:
                try:
                    return self._socket.recv(max_bytes, _DONT_WAIT)
                except BlockingIOError:
                    self._wait(False, deadline)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with map_exceptions(WRITE_ERRORS, "timed out while writing"), memoryview(buffer) as view:
            deadline = None if timeout is None else monotonic() + timeout
            sent = 0
            while sent < len(view):
                try:
                    sent += self._socket.send(view[sent:], _DONT_WAIT)
                except BlockingIOError:
                    self._wait(True, deadline)

    def _wait(self, for_writing: bool, deadline: float | None) -> None:
        left = None if deadline is None else deadline - monotonic()
        if (left is not None and left <= 0) or not _wait(self._socket, for_writing, left):
            raise TimeoutError

    def close(self) -> None:
        # Wakes the threads that wait for this socket; closing it alone does not. In a forked child it would
        # end the parent's connection.
        if self._process == os.getpid():
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        from .tls import start_tls

        return start_tls(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        return socket_info(self._socket, info)


@public
class SyncBackend(NetworkBackend):
    """Opens sockets. `socket_options` are set before connecting, TCP_NODELAY always."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        options = list(socket_options or ())
        deadline = None if timeout is None else monotonic() + timeout
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"):
            failure: OSError = OSError(f"{host} has no address")
            for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                sock = socket.socket(family, kind, protocol)
                try:
                    set_up(sock, local_address, options)
                    _connect(sock, address, deadline)
                    return SocketStream(sock)
                except OSError as error:
                    sock.close()
                    failure = error
                except BaseException:
                    sock.close()
                    raise
            raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        deadline = None if timeout is None else monotonic() + timeout
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"):
            sock = unix_socket()
            try:
                for option in socket_options or ():
                    sock.setsockopt(*option)
                _connect(sock, path, deadline)
                return SocketStream(sock)
            except BaseException:
                sock.close()
                raise


def set_up(sock: socket.socket, local_address: str | None, options: Iterable[SOCKET_OPTION]) -> None:
    """Prepares a TCP socket that is yet to be connected."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option in options:
        sock.setsockopt(*option)
    if local_address is not None:
        sock.bind((local_address, 0))


def unix_socket() -> socket.socket:
    """A Unix domain socket that is yet to be connected. RuntimeError where there are none."""
    if sys.platform == "win32":
        raise RuntimeError("Unix domain sockets are not available on Windows.")
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def _connect(sock: socket.socket, address: Any, deadline: float | None) -> None:  # noqa: ANN401 - by family
    left = None if deadline is None else deadline - monotonic()
    if left is not None and left <= 0:
        raise TimeoutError
    sock.settimeout(left)
    sock.connect(address)
