"""Requests that want to see their connection, or to have it: the low level carries them."""

from __future__ import annotations

from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel

UPGRADED = r"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "echo"}


async def test_an_upgrade_gives_the_connection(kind: Kind, server: Server) -> None:
    with server.script(f"expect-request\nsend {UPGRADED}\nexpect-bytes 4\nsend world\nclose") as script:
        async with kind.client() as client:
            async with client.stream("GET", script.url, headers=UPGRADE) as response:
                assert response.status_code == 101
                stream = response.extensions["network_stream"]
                assert await result(stream.read(5)) == b"hello"
                await result(stream.write(b"ping"))
                assert await result(stream.read(5)) == b"world"
        assert script.received()[0].endswith("ping")


async def result(given: Any) -> Any:
    """What a stream of either kind gives."""
    return await given if hasattr(given, "__await__") else given


async def test_a_trace_is_told_of_each_step(kind: Kind, server: Server) -> None:
    steps = []
    trace = kind.function(lambda name, _: steps.append(name))
    async with kind.client() as client:
        response = await client.get(server.http, extensions={"trace": trace})
        assert response.text == "Hello, world!"
        # Others keep to the engine.
        assert (await client.get(server.http)).text == "Hello, world!"
        async with client.parallel() as parallel:
            traced = parallel.get(server.http, extensions={"trace": trace})
            plain = parallel.get(server.http)
            assert (await plain.get_response()).text == (await traced.get_response()).text
    assert steps[0] == "connection.connect_tcp.started"
    assert steps.count("http11.send_request_headers.complete") == 2


async def test_an_upgrade_may_have_a_web_socket_s_url(kind: Kind, server: Server) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        for url in (server.http, server.https):
            url = url.replace("http", "ws", 1) + "/echo"
            async with client.stream("GET", url, headers=UPGRADE) as response:
                await response.aread()
            assert response.json()["target"] == "/echo"


async def test_the_low_level_goes_through_proxies_too(kind: Kind, server: Server) -> None:
    steps: list[str] = []
    trace = kind.function(lambda name, _: steps.append(name))
    proxy = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
    async with kind.client(proxy=proxy) as client:
        response = await client.get("http://example.org/echo", extensions={"trace": trace})
    assert response.json()["target"] == "http://example.org/echo"
    assert steps


@pytest.mark.parametrize("carried", ["engine", "low level"])
async def test_a_transport_says_what_carries_a_request(kind: Kind, server: Server, carried: str) -> None:
    trace = kind.function(lambda *_: None)
    extensions = {"trace": trace} if carried == "low level" else {}
    async with kind.client() as client:
        response = await client.get(server.http, extensions=extensions)
    socket = response.extensions["network_stream"].get_extra_info("socket")
    assert (socket is not None) is (carried == "low level")
