"""Pools that send requests through proxies: forwarded, tunnelled, and over SOCKS5."""

from __future__ import annotations

import json
import ssl
from typing import Any

import pytest
from kinds import Kind
from pools import PoolFacade, Program
from testserver import Server

from httparallel.core import (
    AsyncHTTPProxy,
    AsyncSOCKSProxy,
    ConnectError,
    HTTPProxy,
    Origin,
    Proxy,
    ProxyError,
    ReadTimeout,
    SOCKSProxy,
)

# RFC 1928: the proxy's choice of no authentication, and its answer that the tunnel is open.
ANONYMOUS = r"\x05\x00"
OPENED = r"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50"
# A greeting with one method; a request to the host `example.test`.
GREETING, REQUEST = 3, 4 + 1 + 12 + 2
OK = r"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def program(kind: Kind) -> Program:
    return Program(kind, "own")


@pytest.fixture
def trusting(server: Server) -> ssl.SSLContext:
    """A context that trusts the test server."""
    return ssl.create_default_context(cafile=server.ca_pem)


def proxy_of(server: Server) -> Proxy:
    return Proxy(server.proxy, auth=("proxy", "secret"))


def traced(kind: Kind, events: list[str]) -> dict[str, Any]:
    def trace(name: str, _: dict[str, Any]) -> None:
        events.append(name)

    return {"trace": kind.function(trace)}


async def test_http_requests_are_forwarded(program: Program, server: Server) -> None:
    async with program.pool(proxy=proxy_of(server)) as pool:
        response = await pool.request("GET", "http://example.test:81/echo?a=1", headers={"X": "y"})
        echoed = json.loads(response.content)
        assert echoed["target"] == "http://example.test:81/echo?a=1"
        headers = dict(echoed["headers"])
        assert headers["Host"] == "example.test:81"
        assert headers["X"] == "y"
        assert headers["Proxy-Authorization"] == "Basic cHJveHk6c2VjcmV0"
        (connection,) = pool.connections
        name = "AsyncForwardHTTPConnection" if program.kind.is_async else "ForwardHTTPConnection"
        assert repr(connection) == f"<{name} ['{server.proxy}', HTTP/1.1, IDLE, Request Count: 1]>"
        assert connection.can_handle_request(Origin(b"http", b"example.test", 81))
        assert not connection.can_handle_request(Origin(b"http", b"example.test", 80))


async def test_a_header_of_the_request_takes_the_place_of_the_proxys(
    program: Program, server: Server
) -> None:
    proxy = Proxy(server.proxy, headers={"Proxy-Authorization": "wrong", "X-Proxy": "a"})
    async with program.pool(proxy=proxy) as pool:
        headers = {"proxy-authorization": "Basic cHJveHk6c2VjcmV0"}
        response = await pool.request("GET", "http://example.test/echo", headers=headers)
        received = [name.lower() for name, _ in json.loads(response.content)["headers"]]
        assert received.count("proxy-authorization") == 1
        assert "x-proxy" in received


async def test_https_requests_go_through_a_tunnel(
    program: Program, server: Server, trusting: ssl.SSLContext
) -> None:
    server.reset()
    events: list[str] = []
    async with program.pool(proxy=proxy_of(server), ssl_context=trusting) as pool:
        url, extensions = f"{server.https}/echo", traced(program.kind, events)
        echoed = json.loads((await pool.request("GET", url, extensions=extensions)).content)
        assert echoed["target"] == "/echo"
        assert "Proxy-Authorization" not in dict(echoed["headers"])
        assert (await pool.request("GET", f"{server.https}/small")).content == b"Hello, world!"
        (connection,) = pool.connections
        name = "AsyncTunnelHTTPConnection" if program.kind.is_async else "TunnelHTTPConnection"
        assert repr(connection) == f"<{name} ['{server.https}', HTTP/1.1, IDLE, Request Count: 2]>"
    assert server.stats()["tunnels"] == 1
    started = [name.removesuffix(".started") for name in events if name.endswith(".started")]
    assert started[:8] == [
        "connection.connect_tcp",
        "http11.send_request_headers",
        "http11.send_request_body",
        "http11.receive_response_headers",
        "proxy.start_tls",
        "http11.send_request_headers",
        "http11.send_request_body",
        "http11.receive_response_headers",
    ]


async def test_http2_through_a_tunnel(program: Program, server: Server, trusting: ssl.SSLContext) -> None:
    async with program.pool(proxy=proxy_of(server), ssl_context=trusting, http2=True) as pool:

        async def one() -> Any:
            return await pool.request("GET", server.https)

        responses = await program.together([one] * 10)
        assert [response.extensions["http_version"] for response in responses] == [b"HTTP/2"] * 10
        assert len(pool.connections) == 1


async def test_a_proxy_that_refuses(program: Program, server: Server) -> None:
    async with program.pool(proxy=Proxy(server.proxy)) as pool:
        with pytest.raises(ProxyError, match="407"):
            await pool.request("GET", server.https)
        assert pool.connections == []


async def test_a_proxy_that_cannot_be_reached(program: Program) -> None:
    async with program.pool(proxy=Proxy("http://127.0.0.1:1")) as pool:
        for url in ("http://example.test", "https://example.test"):
            with pytest.raises(ConnectError):
                await pool.request("GET", url)
        assert pool.connections == []


async def test_a_handshake_that_fails_in_a_tunnel(program: Program, server: Server) -> None:
    context = ssl.create_default_context(cafile=server.ca_pem)
    async with program.pool(proxy=proxy_of(server), ssl_context=context) as pool:
        with pytest.raises(ConnectError):
            await pool.request("GET", server.https_untrusted)
        assert pool.connections == []
        await program.kind.until(lambda: server.stats()["connections_open"] == 0)


async def test_the_classes_of_proxies(kind: Kind, server: Server, trusting: ssl.SSLContext) -> None:
    arguments: dict[str, Any] = {
        "proxy_url": server.proxy,
        "proxy_auth": ("proxy", "secret"),
        "proxy_headers": {"X-Proxy": "a"},
        "ssl_context": trusting,
    }
    made = AsyncHTTPProxy(**arguments) if kind.is_async else PoolFacade(HTTPProxy(**arguments))
    async with made as pool:
        echoed = json.loads((await pool.request("GET", "http://example.test/echo")).content)
        assert ["X-Proxy", "a"] in echoed["headers"]
        assert (await pool.request("GET", server.https)).status == 200
    with pytest.raises(RuntimeError, match="proxy_ssl_context"):
        HTTPProxy(server.proxy, proxy_ssl_context=trusting)


async def test_socks(program: Program, server: Server) -> None:
    script = f"expect-bytes {GREETING}\nsend {ANONYMOUS}\nexpect-bytes {REQUEST}\nsend {OPENED}\n"
    with server.script(script + f"expect-request\nsend {OK}\nexpect-request\nsend {OK}\nfinish\n") as proxy:
        async with program.pool(proxy=Proxy(f"socks5://127.0.0.1:{proxy.port}")) as pool:
            for _ in range(2):
                assert (await pool.request("GET", "http://example.test:82/")).content == b"ok"
            (connection,) = pool.connections
            name = "AsyncSocks5Connection" if program.kind.is_async else "Socks5Connection"
            assert (
                repr(connection) == f"<{name} ['http://example.test:82', HTTP/1.1, IDLE, Request Count: 2]>"
            )
        await program.kind.until(lambda: "GET / HTTP/1.1" in proxy.received()[0])
        sent = proxy.received()[0]
        # The proxy resolves the name.
        assert sent.startswith("\x05\x01\x00\x05\x01\x00\x03\x0cexample.test\x00\x52GET / HTTP/1.1\r\n")


async def test_socks_with_a_user_name(kind: Kind, server: Server) -> None:
    user = 1 + 1 + 5 + 1 + 6
    script = (
        f"expect-bytes {GREETING + 1}\nsend \\x05\\x02\nexpect-bytes {user}\nsend \\x01\\x00\n"
        f"expect-bytes {REQUEST}\nsend {OPENED}\nexpect-request\nsend {OK}\nfinish\n"
    )
    with server.script(script) as proxy:
        url, auth = f"socks5://127.0.0.1:{proxy.port}", ("proxy", "secret")
        made = AsyncSOCKSProxy(url, auth) if kind.is_async else PoolFacade(SOCKSProxy(url, auth))
        async with made as pool:
            assert (await pool.request("GET", "http://example.test/")).content == b"ok"
        await kind.until(lambda: "GET / HTTP/1.1" in proxy.received()[0])
        assert proxy.received()[0].startswith("\x05\x02\x00\x02\x01\x05proxy\x06secret\x05\x01\x00\x03\x0c")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([r"\x05\x02"], "got USERNAME/PASSWORD"),
        ([ANONYMOUS, r"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"], "Connection refused"),
        ([], "closed"),
    ],
)
async def test_a_socks_proxy_that_refuses(
    program: Program, server: Server, answers: list[str], message: str
) -> None:
    lengths = [GREETING, REQUEST]
    steps = [f"expect-bytes {length}\nsend {sent}\n" for length, sent in zip(lengths, answers, strict=False)]
    with server.script("".join(steps) + "finish\n") as proxy:
        async with program.pool(proxy=Proxy(f"socks5://127.0.0.1:{proxy.port}")) as pool:
            with pytest.raises(ProxyError, match=message):
                await pool.request("GET", "http://example.test/")
            assert pool.connections == []


async def test_a_socks_proxy_that_is_silent(program: Program, server: Server) -> None:
    with server.script(f"expect-bytes {GREETING}\nhang\n") as proxy:
        async with program.pool(proxy=Proxy(f"socks5://127.0.0.1:{proxy.port}")) as pool:
            with pytest.raises(ReadTimeout):
                await pool.request("GET", "http://example.test/", extensions={"timeout": {"read": 0.1}})
            assert pool.connections == []
