"""Connections on asyncio, and on loops that do as it does: sockets, which the loop watches."""

from __future__ import annotations

import asyncio
import socket
from asyncio import get_running_loop
from contextlib import suppress

from .._exceptions import map_exceptions
from .._public import public
from .base import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream
from .sync import CONNECT_ERRORS, READ_ERRORS, WRITE_ERRORS, set_up, socket_info, unix_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Sequence
    from typing import Any, TypeAlias

    # Family, and the address as sockets of that family have it.
    Address: TypeAlias = tuple[int, Any]

__all__ = ["AsyncioBackend"]

# RFC 8305, section 5: "One recommended value for a default delay is 250 milliseconds."
ATTEMPT_DELAY = 0.25


class AsyncioStream(AsyncNetworkStream):
    """A connected socket. One task may read while another writes."""

    def __init__(self, sock: socket.socket) -> None:
        self._loop = get_running_loop()
        self._socket = sock
        self._is_closed = False
        self._in_use = 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with map_exceptions(READ_ERRORS, "timed out while reading"):
            try:
                return self._socket.recv(max_bytes)
            except (BlockingIOError, InterruptedError):
                pass
            with self:
                async with asyncio.timeout(timeout):
                    return await self._read_when_possible(max_bytes)

    async def _read_when_possible(self, max_bytes: int) -> bytes:
        loop = get_running_loop()
        while True:
            readable = loop.create_future()
            loop.add_reader(self._socket, _settle, readable)
            try:
                await readable
            finally:
                loop.remove_reader(self._socket)
            # Not by `loop.sock_recv`: that has read already when its caller is woken, and if a time limit or
            # a cancellation comes in between, what it has read is lost.
            with suppress(BlockingIOError, InterruptedError):
                return self._socket.recv(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with map_exceptions(WRITE_ERRORS, "timed out while writing"):
            try:
                sent = self._socket.send(buffer) if buffer else 0
            except (BlockingIOError, InterruptedError):
                sent = 0
            if sent == len(buffer):
                return
            with self:
                async with asyncio.timeout(timeout):
                    await get_running_loop().sock_sendall(self._socket, memoryview(buffer)[sent:])

    def __del__(self) -> None:
        # With the loop gone, there was nobody left who could have closed it.
        if self._loop.is_closed():
            self._socket.close()

    def __enter__(self) -> None:
        self._in_use += 1

    def __exit__(self, *_: object) -> None:
        self._in_use -= 1
        if self._is_closed and not self._in_use:
            self._socket.close()

    async def aclose(self) -> None:
        self._is_closed = True
        if not self._in_use:
            self._socket.close()
            return
        # The loop would never wake a task whose socket has been closed: the connection is ended, which
        # wakes it, and it closes the socket.
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        from .tls import astart_tls

        return await astart_tls(self, ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        if info == "is_readable" and self._is_closed:
            return True
        return socket_info(self._socket, info)


@public
class AsyncioBackend(AsyncNetworkBackend):
    """Opens sockets, to several addresses of a host at once if the first ones are slow (RFC 8305)."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        options = list(socket_options or ())
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"):
            async with asyncio.timeout(timeout):
                addresses = _interleaved(await _addresses(host, port))
                return AsyncioStream(await _first_connected(addresses, local_address, options))

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        with map_exceptions(CONNECT_ERRORS, "timed out while connecting"):
            sock = unix_socket()
            try:
                for option in socket_options or ():
                    sock.setsockopt(*option)
                sock.setblocking(False)
                async with asyncio.timeout(timeout):
                    await get_running_loop().sock_connect(sock, path)
            except BaseException:
                sock.close()
                raise
            return AsyncioStream(sock)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _addresses(host: str, port: int) -> list[Address]:
    try:
        # Needs no lookup, and no thread for it.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def _interleaved(addresses: list[Address]) -> list[Address]:
    """The families by turns, beginning with that of the first address (RFC 8305, section 4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    paired = [address for pair in zip(first, others, strict=False) for address in pair]
    return paired + first[len(others) :] + others[len(first) :]


async def _connected(
    address: Address, local_address: str | None, options: Iterable[SOCKET_OPTION]
) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        set_up(sock, local_address, options)
        await get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


async def _first_connected(
    addresses: Sequence[Address], local_address: str | None, options: Iterable[SOCKET_OPTION]
) -> socket.socket:
    """The first connection that comes to stand. The next attempt starts when one has failed, or is slow."""
    if len(addresses) == 1:
        return await _connected(addresses[0], local_address, options)
    attempts: list[asyncio.Task[socket.socket]] = []
    try:
        for address in addresses:
            attempts.append(asyncio.create_task(_connected(address, local_address, options)))
            running = [attempt for attempt in attempts if not attempt.done()]
            done, _ = await asyncio.wait(running, timeout=ATTEMPT_DELAY, return_when="FIRST_COMPLETED")
            if any(attempt.exception() is None for attempt in done):
                break
        return await _first_success(attempts)
    finally:
        _abandon(attempts)


async def _first_success(attempts: list[asyncio.Task[socket.socket]]) -> socket.socket:
    """Takes the first attempt that succeeds out of the list. The last one's error if none does."""
    while True:
        for attempt in attempts:
            if attempt.done() and attempt.exception() is None:
                attempts.remove(attempt)
                return attempt.result()
        running = [attempt for attempt in attempts if not attempt.done()]
        if not running:
            return attempts[-1].result()
        await asyncio.wait(running, return_when="FIRST_COMPLETED")


def _abandon(attempts: list[asyncio.Task[socket.socket]]) -> None:
    """Ends what is still running. Of two that succeeded in the same moment, the second one is closed."""

    def close(attempt: asyncio.Task[socket.socket]) -> None:
        if not attempt.cancelled() and attempt.exception() is None:
            attempt.result().close()

    for attempt in attempts:
        attempt.cancel()
        attempt.add_done_callback(close)
