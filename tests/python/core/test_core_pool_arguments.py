"""Every argument of a pool, and every extension of requests and responses, does what is written of it.

For pools on the engine and for those that have Python carry the bytes.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import Any

import pytest
from kinds import Kind
from pools import Program, is_fine
from testserver import Server

from httparallel.core import ConnectError, PoolTimeout, SyncBackend
from httparallel.core._backends.auto import AutoBackend


def made(program: Program, **arguments: Any) -> Any:
    """A pool on the engine; or one with the backend that this kind of program would have anyway."""
    if program.driver == "own":
        arguments.setdefault("network_backend", AutoBackend() if program.kind.is_async else SyncBackend())
    return program.pool(**arguments)


async def from_where(pool: Any, url: str) -> tuple[str, int]:
    """The address that a request came from. Its connection is still open."""
    response = await pool.request("GET", url)
    assert is_fine(response)
    address: tuple[str, int] = response.extensions["network_stream"].get_extra_info("client_addr")
    return address


def option_of(address: tuple[str, int], level: int, name: int) -> int:
    """What is set on the socket of this process that has this address."""
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            copy = os.dup(number)
        except OSError:
            continue
        try:
            sock = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)
            continue
        with sock:
            if sock.family == socket.AF_INET and sock.getsockname() == address:
                return sock.getsockopt(level, name)
    raise AssertionError(f"no socket has the address {address}")


# Where from and where to.


async def test_connections_come_from_the_local_address(program: Program, server: Server) -> None:
    async with made(program, local_address="127.0.0.7") as pool:
        assert (await from_where(pool, server.http))[0] == "127.0.0.7"


async def test_an_unspecified_local_address_chooses_the_family(program: Program, server: Server) -> None:
    url = server.http.replace("127.0.0.1", "localhost")
    async with made(program, local_address="0.0.0.0") as pool:
        assert (await from_where(pool, url))[0] == "127.0.0.1"
    async with made(program, local_address="::") as pool:
        with pytest.raises(ConnectError):
            await pool.request("GET", server.http)


async def test_a_unix_socket_takes_the_place_of_any_host(program: Program, server: Server) -> None:
    async with made(program, uds=server.uds) as pool:
        for url in ("http://example.org/", "http://other.example/"):
            assert is_fine(await pool.request("GET", url))


async def test_socket_options_are_set_on_each_connection(program: Program, server: Server) -> None:
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77)]
    async with made(program, socket_options=options) as pool:
        address = await from_where(pool, server.http)
        assert option_of(address, socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert option_of(address, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 77
        assert option_of(address, socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    async with made(program, socket_options=[(socket.SOL_SOCKET, 9_999, 1)]) as pool:
        with pytest.raises(ConnectError):
            await pool.request("GET", server.http)


@pytest.mark.parametrize("retries", [0, 1])
async def test_failed_attempts_to_connect_are_repeated(
    program: Program, server: Server, retries: int
) -> None:
    # There is no TLS behind this port.
    with server.script("close\nforever") as script:
        async with made(program, retries=retries) as pool:
            with pytest.raises(ConnectError):
                await pool.request("GET", script.url.replace("http:", "https:"))
        assert len(script.received()) == 1 + retries


# How many, and how long.


async def test_there_are_ten_connections_at_most_unless_otherwise_said(
    program: Program, server: Server
) -> None:
    for arguments, most in (({}, 10), ({"max_connections": 3}, 3), ({"max_connections": None}, 15)):
        async with made(program, **arguments) as pool:
            streams = [pool.stream("GET", f"{server.http}/bytes/1000000") for _ in range(most)]
            for stream in streams:
                await stream.__aenter__()
            assert len(pool.connections) == most
            if most < 15:
                with pytest.raises(PoolTimeout):
                    await pool.request("GET", server.http, extensions={"timeout": {"pool": 0.01}})
            for stream in streams:
                await stream.__aexit__(None, None, None)


async def test_no_more_connections_idle_than_may(program: Program, server: Server) -> None:
    async with made(program, max_keepalive_connections=2) as pool:
        streams = [pool.stream("GET", server.http) for _ in range(5)]
        responses = [await stream.__aenter__() for stream in streams]
        assert len(pool.connections) == 5
        for stream, response in zip(streams, responses, strict=True):
            await response.aread()
            await stream.__aexit__(None, None, None)
        await program.kind.until(lambda: len(pool.connections) == 2)


async def test_a_connection_that_has_idled_too_long_serves_no_more(program: Program, server: Server) -> None:
    server.reset()
    async with made(program, keepalive_expiry=0.02) as pool:
        assert is_fine(await pool.request("GET", server.http))
        await program.kind.sleep(0.05)
        assert is_fine(await pool.request("GET", server.http))
    assert server.stats()["connections_opened"] == 2


# Which protocol, and which TLS.


@pytest.mark.parametrize(
    ("arguments", "version"),
    [
        ({}, b"HTTP/1.1"),
        ({"http2": True}, b"HTTP/2"),
        ({"http1": False, "http2": True}, b"HTTP/2"),
    ],
)
async def test_the_protocols_are_those_that_are_allowed(
    program: Program,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, bool],
    version: bytes,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    async with made(program, **arguments) as pool:
        response = await pool.request("GET", server.https)
    assert response.extensions["http_version"] == version
    assert ("stream_id" in response.extensions) is (version == b"HTTP/2")
    # HTTP/2 has none.
    assert response.extensions.get("reason_phrase") == (None if version == b"HTTP/2" else b"OK")


class Particular(ssl.SSLContext):
    """A context that looks at certificates in a way of its own."""

    refuses = False

    def wrap_bio(self, *arguments: Any, **keywords: Any) -> ssl.SSLObject:
        if self.refuses:
            raise ssl.SSLCertVerificationError("not the one that is pinned")
        return super().wrap_bio(*arguments, **keywords)


@pytest.mark.parametrize("http2", [False, True])
async def test_a_context_is_used_as_it_is(kind: Kind, server: Server, http2: bool) -> None:
    # Without a backend, as programs have it: the engine's own TLS could not take it over.
    context = Particular(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.ca_pem)
    context.load_cert_chain(server.client_pem)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    program = Program(kind, "engine")
    async with program.pool(ssl_context=context, http2=http2) as pool:
        response = await pool.request("GET", server.https_client_required)
        assert is_fine(response)
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        assert tls.version() == "TLSv1.2"
        context.refuses = True
        with pytest.raises(ConnectError, match="pinned"):
            await pool.request("GET", server.https)


async def test_the_name_that_tls_asks_for_may_be_another_one(
    program: Program, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    async with made(program) as pool:
        with pytest.raises(ConnectError):
            await pool.request("GET", server.https_wrong_host)
        extensions = {"sni_hostname": "other.test"}
        assert is_fine(await pool.request("GET", server.https_wrong_host, extensions=extensions))
