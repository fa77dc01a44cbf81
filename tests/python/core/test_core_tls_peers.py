"""TLS with peers that leave, cut, stall, or ask for something in the middle."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from network import Network, port_of
from testserver import Server

from httparallel.core import AsyncConnectionPool, ConnectionPool
from httparallel.core._exceptions import (
    ConnectError,
    ConnectTimeout,
    RemoteProtocolError,
    WriteError,
    WriteTimeout,
)
from httparallel.core._io import CloseStream, Invoke


class Peer:
    """A TLS server for one connection, in a thread; `play` is what it does there."""

    def __init__(self, server: Server, play: Any) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The test server's client certificate is as good as any: names are not checked here.
        self._context.load_cert_chain(server.client_pem)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=[play])

    def _serve(self, play: Any) -> None:
        accepted, _ = self._listening.accept()
        accepted.settimeout(10)
        with accepted:
            play(accepted, self._context)

    def __enter__(self) -> Peer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listening.close()


@pytest.fixture
def careless() -> Iterator[ssl.SSLContext]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_an_end_without_farewell_is_the_end(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    def play(sock: socket.socket, context: ssl.SSLContext) -> None:
        with context.wrap_socket(sock, server_side=True) as inside:
            inside.sendall(b"and then?")

    with Peer(server, play) as peer:
        stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
        assert await network.read_to_end(stream) == b"and then?"
        await network.close(stream)


async def test_the_end_of_a_stream_is_known_for_a_truncation(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    def cut(sock: socket.socket, context: ssl.SSLContext) -> None:
        context.wrap_socket(sock, server_side=True).close()

    def closed(sock: socket.socket, context: ssl.SSLContext) -> None:
        inside = context.wrap_socket(sock, server_side=True)
        with suppress(OSError):
            inside.unwrap()
        inside.close()

    for play, is_truncated in ((cut, True), (closed, False)):
        with Peer(server, play) as peer:
            stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
            assert not stream.get_extra_info("is_truncated")
            assert await network.read(stream) == b""
            assert stream.get_extra_info("is_truncated") is is_truncated
            await network.close(stream)


async def test_closing_says_farewell(network: Network, server: Server, careless: ssl.SSLContext) -> None:
    received: list[bytes] = []

    def play(sock: socket.socket, context: ssl.SSLContext) -> None:
        # Without the farewell, this `recv` raises.
        with context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as inside:
            received.append(inside.recv(10))
            received.append(inside.recv(10))

    with Peer(server, play) as peer:
        stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
        await network.write(stream, b"bye")
        await network.close(stream)
        await network.close(stream)
    assert received == [b"bye", b""]


async def test_closing_does_not_wait_for_a_peer_that_reads_nothing(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    done = threading.Event()

    def play(sock: socket.socket, context: ssl.SSLContext) -> None:
        with context.wrap_socket(sock, server_side=True):
            done.wait(10)

    with Peer(server, play) as peer:
        stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
        with pytest.raises(WriteTimeout):
            await network.write(stream, bytes(50_000_000), timeout=0.05)
        with pytest.raises(WriteError, match="cannot be written to any more"):
            await network.write(stream, b"and", timeout=5)
        started = time.monotonic()
        await network.close(stream)
        assert time.monotonic() - started < 2
        done.set()


@pytest.mark.parametrize(("ending", "is_whole"), [("close", True), ("cut", False)])
@pytest.mark.parametrize("length", ["", "Content-Length: 5\\r\\n"])
async def test_a_response_that_ends_with_the_connection_may_be_cut_short(
    network: Network, server: Server, careless: ssl.SSLContext, ending: str, is_whole: bool, length: str
) -> None:
    head = f"HTTP/1.1 200 OK\\r\\n{length}Connection: close\\r\\n\\r\\n"
    script = f"tls\nexpect-request\nsend {head}whole\n{ending}"
    pool = AsyncConnectionPool if network.kind.is_async else ConnectionPool
    connections: Any = pool(ssl_context=careless, network_backend=network.backend)
    with server.script(script) as scripted:
        outcome: Any = None
        try:
            request = Invoke(connections.request, "GET", scripted.url)
            outcome = (await network.do(request)).content
        except RemoteProtocolError as error:
            outcome = str(error)
    await network.do(CloseStream(connections))
    if is_whole or length:
        assert outcome == b"whole"
    else:
        assert "without close_notify" in outcome


async def test_a_peer_that_leaves_during_the_handshake_is_a_connect_error(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    def play(sock: socket.socket, _: ssl.SSLContext) -> None:
        sock.recv(10_000)

    with Peer(server, play) as peer:
        stream = await network.tcp("127.0.0.1", peer.port)
        with pytest.raises(ConnectError):
            await network.tls(stream, careless, timeout=5)


async def test_a_peer_that_does_not_speak_tls_is_a_connect_error(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    stream = await network.tcp("127.0.0.1", port_of(server.http))
    with pytest.raises(ConnectError):
        await network.tls(stream, careless, timeout=5)


async def test_the_handshake_has_a_time_limit(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    done = threading.Event()
    with Peer(server, lambda *_: done.wait(10)) as peer:
        stream = await network.tcp("127.0.0.1", peer.port)
        with pytest.raises(ConnectTimeout):
            await network.tls(stream, careless, timeout=0.05)
        assert stream.get_extra_info("is_readable"), "the stream is closed"
        done.set()


async def test_the_server_may_ask_for_a_certificate_in_the_middle(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    # The client has to write in the middle of a read, as in a renegotiation of TLS 1.2.
    careless.post_handshake_auth = True
    careless.load_cert_chain(server.client_pem)

    def play(sock: socket.socket, context: ssl.SSLContext) -> None:
        context.post_handshake_auth = True
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(server.ca_pem)
        with context.wrap_socket(sock, server_side=True) as inside:
            assert inside.recv(100) == b"who am I?"
            inside.verify_client_post_handshake()
            inside.sendall(b"prove it")
            assert inside.recv(100) == b"there"
            inside.sendall(b"yes" if inside.getpeercert() else b"nobody")

    with Peer(server, play) as peer:
        stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
        await network.write(stream, b"who am I?")
        assert await network.read(stream) == b"prove it"
        await network.write(stream, b"there")
        assert await network.read(stream) == b"yes"
        await network.close(stream)


async def test_reading_and_writing_go_on_at_once(
    network: Network, server: Server, careless: ssl.SSLContext
) -> None:
    data = bytes(range(256)) * 20_000
    received = bytearray()

    def play(sock: socket.socket, context: ssl.SSLContext) -> None:
        with context.wrap_socket(sock, server_side=True) as inside:
            left = len(data)
            while left:
                piece = inside.recv(65536)
                left -= len(piece)
                inside.sendall(piece)

    async def write() -> None:
        for start in range(0, len(data), 100_000):
            await network.write(stream, data[start : start + 100_000])

    async def read() -> None:
        # More than the sockets hold on their way: written without being read, it would come to a halt.
        while len(received) < len(data):
            received.extend(await network.read(stream))

    with Peer(server, play) as peer:
        stream = await network.tls(await network.tcp("127.0.0.1", peer.port), careless)
        await network.both(write, read)
        assert received == data
        await network.close(stream)
