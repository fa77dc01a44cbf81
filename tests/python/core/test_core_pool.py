"""Pools: what they show, and what carries their requests."""

from __future__ import annotations

import gc
import json
import re
import ssl
import subprocess
import sys
from typing import Any

import pytest
from kinds import Kind
from network import port_of
from pools import OwnBackend, PoolFacade, Program
from testserver import Server

from httparallel.core import (
    AsyncConnectionInterface,
    AsyncConnectionPool,
    ConnectionInterface,
    ConnectionPool,
    Origin,
    PoolTimeout,
    ReadError,
    ReadTimeout,
    Request,
    Response,
    UnsupportedProtocol,
)


@pytest.fixture(params=["engine", "own"])
def program(kind: Kind, request: pytest.FixtureRequest) -> Program:
    return Program(kind, request.param)


engine = pytest.mark.parametrize("program", ["engine"], indirect=True)


# What pools show.


async def test_a_response_knows_its_connection_s_addresses(program: Program, server: Server) -> None:
    port = int(server.http.rpartition(":")[2])
    async with program.pool() as pool:
        async with pool.stream("GET", server.http) as response:
            stream = response.extensions["network_stream"]
            address = stream.get_extra_info("client_addr")
            assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
            assert stream.get_extra_info("ssl_object") is None
            await response.aread()
        stream = (await pool.request("GET", server.http)).extensions["network_stream"]
        assert stream.get_extra_info("client_addr") == address
        assert not stream.get_extra_info("is_readable")


@pytest.mark.parametrize("http2", [False, True])
async def test_a_response_knows_its_connection_s_tls(
    program: Program, server: Server, http2: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As httpcore's users ask, whatever carries the bytes.
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    async with program.pool(http2=http2) as pool:
        response = await pool.request("GET", server.https)
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        assert tls.version() == "TLSv1.3"
        assert tls.selected_alpn_protocol() == ("h2" if http2 else "http/1.1")
        name, version, bits = tls.cipher()
        assert (name[:4], version) == ("TLS_", "TLSv1.3")
        assert bits == (128 if "_128_" in name else 256)
        shown = ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))
    assert shown == ssl.get_server_certificate(("localhost", port_of(server.https)))


async def test_a_pool_shows_what_it_does(program: Program, server: Server) -> None:
    name = "AsyncConnectionPool" if program.kind.is_async else "ConnectionPool"
    async with program.pool() as pool:
        idle = f"<{name} [Requests: 0 active, 0 queued | Connections: 0 active, {{}} idle]>"
        assert repr(pool) == idle.format(0)
        async with pool.stream("GET", f"{server.http}/bytes/1000000") as response:
            assert repr(pool) == f"<{name} [Requests: 1 active, 0 queued | Connections: 1 active, 0 idle]>"
            (connection,) = pool.connections
            assert connection.info() == f"'{server.http}', HTTP/1.1, ACTIVE, Request Count: 1"
            await response.aread()
        await program.kind.until(lambda: repr(pool) == idle.format(1))
        (connection,) = pool.connections
        assert repr(connection) == (
            f"<{name.removesuffix('ConnectionPool')}HTTPConnection "
            f"['{server.http}', HTTP/1.1, IDLE, Request Count: 1]>"
        )
        assert connection.is_idle()
        assert connection.is_connected()
        assert connection.can_handle_request(Origin(b"http", b"127.0.0.1", int(server.http.split(":")[-1])))
    assert repr(pool) == idle.format(0)


async def test_a_pool_can_be_used_again_after_it_was_closed(program: Program, server: Server) -> None:
    pool = program.pool()
    for _ in range(2):
        assert (await pool.request("GET", server.http)).status == 200
        await pool.aclose()
        assert pool.connections == []


async def test_a_response_whose_pool_is_closed_fails(program: Program, server: Server) -> None:
    async with program.pool() as pool:
        async with pool.stream("GET", f"{server.http}/bytes/10000000") as response:
            await pool.aclose()
            with pytest.raises(ReadError):
                await response.aread()


@pytest.mark.parametrize("url", ["ftp://example.com/", "//example.com/", "example.com"])
async def test_other_schemes_are_refused(program: Program, url: str) -> None:
    async with program.pool() as pool:
        with pytest.raises(UnsupportedProtocol):
            await pool.request("GET", url)


# What carries a request.


async def test_the_extensions_of_a_request(program: Program, server: Server) -> None:
    async with program.pool() as pool:
        extensions = {"target": b"/echo?%41=../|"}
        response = await pool.request("GET", f"{server.http}/other", extensions=extensions)
        assert json.loads(response.content)["target"] == "/echo?%41=../|"
        response = await pool.request("GET", f"{server.http}/echo?a|b=%7e")
        assert json.loads(response.content)["target"] == "/echo?a|b=%7e"
        with pytest.raises(ReadTimeout):
            await pool.request("GET", f"{server.http}/hang", extensions={"timeout": {"read": 0.1}})


@pytest.mark.parametrize(("driver", "total"), [("engine", 2), ("own", 1)])
async def test_a_pool_counts_connections_of_the_engine_and_its_own_by_themselves(
    kind: Kind, server: Server, driver: str, total: int
) -> None:
    # As `docs/httpcore-differences.md` says; with a backend there is one kind, and one limit.
    trace = kind.function(lambda *_: None)
    async with Program(kind, driver).pool(max_connections=1) as pool:
        for _ in range(3):
            assert (await pool.request("GET", server.http)).status == 200
            assert (await pool.request("GET", server.http, extensions={"trace": trace})).status == 200
        assert len(pool.connections) == total
        timeout = {"pool": 0.05}
        for extensions in ({"timeout": timeout}, {"timeout": timeout, "trace": trace}):
            async with pool.stream("GET", f"{server.http}/bytes/1000000", extensions=extensions):
                with pytest.raises(PoolTimeout):
                    await pool.request("GET", server.http, extensions=extensions)


async def test_content_is_not_decoded(program: Program, server: Server) -> None:
    async with program.pool() as pool:
        response = await pool.request("GET", f"{server.http}/gzip")
        assert response.content.startswith(b"\x1f\x8b")


async def test_content_that_is_produced_while_it_is_sent(program: Program, server: Server) -> None:
    async with program.pool() as pool:
        content = program.kind.content([b"x" * 100_000] * 10)
        response = await pool.request("POST", f"{server.http}/upload", content=content)
        assert json.loads(response.content)["length"] == 1_000_000


@engine
async def test_what_the_engine_does_not_do_is_done_by_other_connections(
    program: Program, server: Server
) -> None:
    events: list[str] = []

    def trace(name: str, _: dict[str, Any]) -> None:
        events.append(name)

    async with program.pool() as pool:
        await pool.request("GET", server.http)
        traced: dict[str, Any] = {"trace": program.kind.function(trace)}
        await pool.request("GET", server.http, extensions=traced)
        assert events[0] == "connection.connect_tcp.started"
        await program.kind.until(lambda: len(pool.connections) == 2)
        # Every port of the test server is a proxy, too.
        extensions = {"target": server.http.removeprefix("http://")}
        async with pool.stream("CONNECT", server.http, extensions=extensions) as tunnel:
            assert tunnel.extensions["network_stream"].get_extra_info("socket") is not None


async def test_a_pool_uses_the_connections_that_a_subclass_makes(kind: Kind, server: Server) -> None:
    class Canned:
        def __init__(self) -> None:
            self.requests = 0
            self.closed = False

        def can_handle_request(self, _: Origin) -> bool:
            return True

        def is_available(self) -> bool:
            return True

        def is_idle(self) -> bool:
            return True

        def has_expired(self) -> bool:
            return False

        def is_closed(self) -> bool:
            return self.closed

        def answer(self) -> Response:
            self.requests += 1
            return Response(200, content=kind.content([b"canned"]))

    class CannedConnection(Canned, ConnectionInterface):
        def handle_request(self, _: Request) -> Response:
            return self.answer()

        def close(self) -> None:
            self.closed = True

    class AsyncCannedConnection(Canned, AsyncConnectionInterface):
        async def handle_async_request(self, _: Request) -> Response:
            return self.answer()

        async def aclose(self) -> None:
            self.closed = True

    class Pool(ConnectionPool):
        def create_connection(self, _: Origin) -> Any:
            return CannedConnection()

    class AsyncPool(AsyncConnectionPool):
        def create_connection(self, _: Origin) -> Any:
            return AsyncCannedConnection()

    pool = AsyncPool() if kind.is_async else PoolFacade(Pool())
    async with pool:
        for _ in range(3):
            assert (await pool.request("GET", server.http)).content == b"canned"
        (connection,) = pool.connections
        assert connection.requests == 3
    assert connection.closed


def test_a_response_keeps_its_pool(server: Server) -> None:
    for backend in (OwnBackend(), None):
        request = Request("GET", f"{server.http}/bytes/1000000", headers={"Host": "localhost"})
        response = ConnectionPool(network_backend=backend).handle_request(request)
        gc.collect()
        assert len(response.read()) == 1_000_000
        response.close()


def test_the_low_level_is_loaded_when_it_is_wanted() -> None:
    program = (
        "import sys, httparallel\n"
        "assert 'httparallel.core' not in sys.modules\n"
        "print(httparallel.ConnectionPool, httparallel.AsyncConnectionPool)\n"
        "assert 'trio' not in sys.modules and 'anyio' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    assert re.findall(r"'([\w.]+)'", done.stdout) == [
        "httparallel.core.ConnectionPool",
        "httparallel.core.AsyncConnectionPool",
    ]
