"""Streams of every backend carry bytes, keep their time limits, and fail with the low level's exceptions."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest
from network import Network, port_of
from testserver import Server

from httparallel.core._backends.asyncio import AsyncioStream
from httparallel.core._backends.sync import SyncBackend
from httparallel.core._exceptions import (
    ConnectError,
    ConnectTimeout,
    ReadError,
    ReadTimeout,
    WriteError,
    WriteTimeout,
)

REQUEST = b"GET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Listener:
    """A server that does nothing by itself."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


async def test_bytes_go_out_and_come_in(network: Network, server: Server) -> None:
    stream = await network.tcp("127.0.0.1", port_of(server.http), timeout=5)
    await network.write(stream, REQUEST)
    response = await network.read_to_end(stream)
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response.endswith(b"Hello, world!")
    await network.close(stream)


async def test_a_read_gives_no_more_than_asked_for(network: Network, server: Server) -> None:
    stream = await network.tcp("127.0.0.1", port_of(server.http))
    await network.write(stream, REQUEST)
    assert await network.read(stream, 8) == b"HTTP/1.1"
    await network.close(stream)


async def test_a_large_write_is_written_whole(network: Network, server: Server) -> None:
    body = bytes(range(256)) * 40_000
    stream = await network.tcp("127.0.0.1", port_of(server.http))
    head = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    await network.write(stream, head % len(body))
    await network.write(stream, b"")
    await network.write(stream, body)
    response = await network.read_to_end(stream)
    assert b'"length": %d' % len(body) in response
    assert b'"sum": %d' % (sum(body) % 2**32) in response
    await network.close(stream)


async def test_host_names_are_looked_up(network: Network, server: Server) -> None:
    stream = await network.tcp("localhost", port_of(server.http), timeout=5)
    await network.write(stream, REQUEST)
    assert await network.read(stream)
    await network.close(stream)


async def test_an_address_that_refuses_does_not_keep_from_the_next_one(network: Network) -> None:
    # `localhost` is often ::1 as well, where nobody listens here.
    with Listener() as listener:
        stream = await network.tcp("localhost", listener.port, timeout=5)
        await network.close(stream)


async def test_unix_sockets_are_connected_to(network: Network, server: Server) -> None:
    stream = await network.unix(
        server.uds, timeout=5, socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    )
    await network.write(stream, REQUEST)
    assert (await network.read_to_end(stream)).endswith(b"Hello, world!")
    await network.close(stream)


async def test_a_unix_socket_that_is_not_there_is_a_connect_error(network: Network) -> None:
    with pytest.raises(ConnectError):
        await network.unix("/nowhere/at/all.sock")


async def test_socket_options_are_set(network: Network, server: Server) -> None:
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    stream = await network.tcp("127.0.0.1", port_of(server.http), socket_options=options)
    sock = stream.get_extra_info("socket")
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await network.close(stream)


async def test_the_local_address_is_bound(network: Network, server: Server) -> None:
    stream = await network.tcp("127.0.0.1", port_of(server.http), local_address="127.0.0.7")
    assert stream.get_extra_info("client_addr")[0] == "127.0.0.7"
    await network.close(stream)


async def test_what_is_known_of_a_connection(network: Network, server: Server) -> None:
    port = port_of(server.http)
    stream = await network.tcp("127.0.0.1", port)
    assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
    assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
    assert stream.get_extra_info("socket").family == socket.AF_INET
    assert stream.get_extra_info("ssl_object") is None
    assert stream.get_extra_info("anything else") is None
    await network.close(stream)


async def test_a_connection_is_readable_once_the_peer_has_left(network: Network) -> None:
    with Listener() as listener:
        stream = await network.tcp("127.0.0.1", listener.port)
        peer, _ = listener.socket.accept()
        assert not stream.get_extra_info("is_readable")
        peer.close()
        await network.kind.until(lambda: bool(stream.get_extra_info("is_readable")))
        assert await network.read(stream) == b""
        await network.close(stream)


async def test_a_refused_connection_is_a_connect_error(network: Network) -> None:
    with Listener() as listener:
        pass
    with pytest.raises(ConnectError) as raised:
        await network.tcp("127.0.0.1", listener.port, timeout=5)
    assert str(raised.value)


async def test_an_unknown_host_is_a_connect_error(network: Network) -> None:
    with pytest.raises(ConnectError):
        await network.tcp("nobody.invalid", 80, timeout=10)


async def test_connecting_has_a_time_limit(network: Network) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        # Fills the queue of connections that wait to be accepted: the next ones get no answer.
        with socket.create_connection(("127.0.0.1", port)):
            with pytest.raises(ConnectTimeout):
                await network.tcp("127.0.0.1", port, timeout=0.1)


async def test_reading_has_a_time_limit(network: Network) -> None:
    with Listener() as listener:
        stream = await network.tcp("127.0.0.1", listener.port)
        with pytest.raises(ReadTimeout) as raised:
            await network.read(stream, timeout=0.02)
        assert str(raised.value)
        await network.close(stream)


async def test_writing_has_a_time_limit(network: Network) -> None:
    with Listener() as listener:
        stream = await network.tcp("127.0.0.1", listener.port)
        with pytest.raises(WriteTimeout):
            await network.write(stream, bytes(50_000_000), timeout=0.05)
        await network.close(stream)


async def test_a_reset_is_a_read_error(network: Network) -> None:
    with Listener() as listener:
        stream = await network.tcp("127.0.0.1", listener.port)
        peer, _ = listener.socket.accept()
        # A linger time of zero: closing sends RST.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        with pytest.raises(ReadError):
            await network.read(stream)
        with pytest.raises(WriteError):
            for _ in range(3):
                await network.write(stream, b"too late")
        await network.close(stream)


async def test_closing_wakes_whoever_reads(network: Network) -> None:
    with Listener() as listener:
        stream = await network.tcp("127.0.0.1", listener.port)

        async def read() -> None:
            with suppress(ReadError):
                assert await network.read(stream, timeout=10) == b""

        async def close() -> None:
            await network.kind.sleep(0.03)
            await network.close(stream)

        started = time.monotonic()
        await network.both(read, close)
        assert time.monotonic() - started < 5


def test_ctrl_c_ends_a_read_without_a_time_limit() -> None:
    with Listener() as listener:
        stream = SyncBackend().connect_tcp("127.0.0.1", listener.port)
        main = threading.main_thread().ident
        assert main is not None
        timer = threading.Timer(0.05, signal.pthread_kill, [main, signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            stream.read(10)
        timer.join()
        stream.close()


def test_a_read_that_is_cancelled_when_data_comes_loses_nothing_on_asyncio() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        stream = AsyncioStream(ours)
        reading = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        theirs.send(b"data")
        # The loop notices the data in the first of these turns, and would wake the task after the second.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert reading.cancelled()
        assert await stream.read(10, timeout=5) == b"data"
        await stream.aclose()
        theirs.close()

    asyncio.run(main())


async def test_a_closed_stream_fails_and_can_be_closed_again(network: Network, server: Server) -> None:
    stream = await network.tcp("127.0.0.1", port_of(server.http))
    await network.close(stream)
    await network.close(stream)
    assert stream.get_extra_info("is_readable")
    with pytest.raises(ReadError):
        await network.read(stream)
    with pytest.raises(WriteError):
        await network.write(stream, b"to nobody")
