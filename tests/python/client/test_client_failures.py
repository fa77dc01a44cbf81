"""What goes wrong between client and server is an exception of its own class, which carries the request."""

from __future__ import annotations

import pickle
import socket

import pytest
from kinds import Kind
from testserver import Server

import httparallel


def unused_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def answer(text: str, ending: str = "finish") -> str:
    """A script that answers one request with these bytes."""
    return f"expect-request\nsend {text}\n{ending}\n"


@pytest.mark.parametrize("long_way", [False, True])
async def test_a_refused_connection(kind: Kind, long_way: bool) -> None:
    url = f"http://127.0.0.1:{unused_port()}/path"
    async with kind.client() as client:
        if long_way:
            client.cookies.set("a", "1")
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.post(url, json={"a": 1})
    assert raised.value.request.url == url
    assert raised.value.request.method == "POST"
    assert raised.value.request.content == b'{"a":1}'


async def test_an_unknown_host(kind: Kind) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.get("http://no-such-host.invalid/")
    assert raised.value.request.url.host == "no-such-host.invalid"


async def test_a_connection_that_ends_without_an_answer(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.RemoteProtocolError) as raised:
            await client.post(f"{server.http}/refuse-first?id=failures-{kind}&times=9")
    assert raised.value.request.method == "POST"


async def test_a_connection_that_is_reset(kind: Kind, server: Server) -> None:
    with server.script(answer("HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc", "reset")) as script:
        async with kind.client() as client:
            with pytest.raises(httparallel.ReadError) as raised:
                await client.get(script.url)
    assert raised.value.request.url == script.url


@pytest.mark.parametrize(
    "text",
    [
        "garbage\\r\\n\\r\\n",
        "HTTP/1.1 99 Low\\r\\n\\r\\n",
        "HTTP/1.1 200 OK\\r\\nContent-Length: +5\\r\\n\\r\\nhello",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\nhello",
        "HTTP/1.1 200 OK\\r\\nName : value\\r\\n\\r\\n",
        "HTTP/1.1 200 OK\\r\\nName: a\\0b\\r\\n\\r\\n",
        "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nxyz\\r\\n",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc",
        "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhel",
    ],
)
async def test_an_answer_that_is_no_http(kind: Kind, server: Server, text: str) -> None:
    with server.script(answer(text)) as script:
        async with kind.client() as client:
            with pytest.raises(httparallel.RemoteProtocolError) as raised:
                await client.get(script.url)
    assert raised.value.request.url == script.url


async def test_a_body_that_ends_early_while_it_is_streamed(kind: Kind, server: Server) -> None:
    with server.script(answer("HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc")) as script:
        async with kind.client() as client, client.stream("GET", script.url) as response:
            assert response.status_code == 200
            with pytest.raises(httparallel.RemoteProtocolError) as raised:
                await response.aread()
            assert raised.value.request is response.request


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_body_that_cannot_be_decoded(kind: Kind, server: Server, coding: str) -> None:
    head = f"HTTP/1.1 200 OK\\r\\nContent-Encoding: {coding}\\r\\nContent-Length: 7\\r\\n\\r\\n"
    with server.script(answer(head + "garbage") * 2) as script:
        async with kind.client() as client:
            with pytest.raises(httparallel.DecodingError) as raised:
                await client.get(script.url)
            assert raised.value.request.url == script.url


async def test_a_streamed_body_that_cannot_be_decoded(kind: Kind, server: Server) -> None:
    text = "HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: 7\\r\\n\\r\\ngarbage"
    with server.script(answer(text)) as script:
        async with kind.client() as client, client.stream("GET", script.url) as response:
            with pytest.raises(httparallel.DecodingError) as raised:
                await response.aread()
            assert raised.value.request is response.request


async def test_a_body_that_expands_too_much(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.BodyTooLarge) as raised:
            await client.get(f"{server.http}/gzip-bomb?mb=200")
        assert raised.value.request.url.path == "/gzip-bomb"
        assert isinstance(raised.value, httparallel.DecodingError)


async def test_too_many_content_codings(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.DecodingError, match="content codings") as raised:
            await client.get(f"{server.http}/headers?Content-Encoding=gzip,gzip,gzip,gzip,gzip,gzip")
        assert raised.value.request.url.path == "/headers"


async def test_an_unanswered_upgrade_of_the_protocol(kind: Kind, server: Server) -> None:
    """HTTP/2 with prior knowledge, to a server that does not know it."""
    with server.script(answer("HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n")) as script:
        async with kind.client(http1=False, http2=True) as client:
            with pytest.raises(httparallel.TransportError) as raised:
                await client.get(script.url)
    assert raised.value.request.url == script.url


@pytest.mark.parametrize("status", [404, 500])
async def test_raise_for_status(kind: Kind, server: Server, status: int) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/status/{status}")
    with pytest.raises(httparallel.HTTPStatusError, match=str(status)) as raised:
        response.raise_for_status()
    assert raised.value.response is response
    assert raised.value.request is response.request


async def test_an_exception_can_be_pickled_with_its_request(kind: Kind) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.get(f"http://127.0.0.1:{unused_port()}/")
    restored = pickle.loads(pickle.dumps(raised.value))
    assert str(restored) == str(raised.value)
    assert restored.request.url == raised.value.request.url


async def test_a_client_goes_on_after_failures(kind: Kind, server: Server) -> None:
    limits = httparallel.Limits(max_connections=1)
    async with kind.client(limits=limits) as client:
        for number in range(3):
            with pytest.raises(httparallel.RemoteProtocolError):
                await client.get(f"{server.http}/close-after-head?length={number + 1}")
            assert (await client.get(server.http)).status_code == 200
