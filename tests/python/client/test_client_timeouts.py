"""Each phase has its time limit and its exception, which carries the request."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full, so that connecting to it takes for ever."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            queued = socket.socket()
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
            waiting.append(queued)
        yield listener.getsockname()[1]
        for queued in waiting:
            queued.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are established, and nothing more."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_connecting_takes_too_long(kind: Kind, full_port: int) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, connect=0.05)) as client:
        with pytest.raises(httparallel.ConnectTimeout) as raised:
            await client.get(f"http://127.0.0.1:{full_port}/")
        assert raised.value.request.url.port == full_port


async def test_a_tls_handshake_takes_too_long(kind: Kind, silent_port: int) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, connect=0.05)) as client:
        with pytest.raises(httparallel.ConnectTimeout) as raised:
            await client.get(f"https://127.0.0.1:{silent_port}/")
        assert raised.value.request.url.scheme == "https"


@pytest.mark.parametrize("long_way", [False, True])
async def test_an_answer_takes_too_long(kind: Kind, server: Server, long_way: bool) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, read=0.05)) as client:
        if long_way:
            client.cookies.set("a", "1")
        with pytest.raises(httparallel.ReadTimeout) as raised:
            await client.get(f"{server.http}/hang")
        assert raised.value.request.url == f"{server.http}/hang"
        assert raised.value.request.method == "GET"


async def test_a_body_takes_too_long(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, read=0.1)) as client:
        with pytest.raises(httparallel.ReadTimeout):
            await client.get(f"{server.http}/drip?bytes=3&interval_ms=2000")
        async with client.stream("GET", f"{server.http}/drip?bytes=3&interval_ms=2000") as response:
            assert response.status_code == 200
            with pytest.raises(httparallel.ReadTimeout) as raised:
                await response.aread()
            assert raised.value.request is response.request


async def test_the_read_timeout_is_for_each_wait_only(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, read=0.5)) as client:
        response = await client.get(f"{server.http}/drip?bytes=8&interval_ms=100")
    assert response.elapsed.total_seconds() > 0.5
    assert len(response.content) == 8


async def test_sending_takes_too_long(kind: Kind, silent_port: int) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, write=0.05)) as client:
        with pytest.raises(httparallel.WriteTimeout) as raised:
            await client.post(f"http://127.0.0.1:{silent_port}/", content=b"x" * 30_000_000)
        assert raised.value.request.method == "POST"


async def test_sending_a_stream_takes_too_long(kind: Kind, silent_port: int) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, write=0.05)) as client:
        content = kind.content(b"x" * 100_000 for _ in range(1000))
        with pytest.raises(httparallel.WriteTimeout) as raised:
            await client.post(f"http://127.0.0.1:{silent_port}/", content=content)
        assert raised.value.request.method == "POST"


async def test_no_connection_becomes_free(kind: Kind, server: Server) -> None:
    limits = httparallel.Limits(max_connections=1)
    async with kind.client(timeout=httparallel.Timeout(None, pool=0.05), limits=limits) as client:
        async with client.stream("GET", f"{server.http}/bytes/10000000"):
            with pytest.raises(httparallel.PoolTimeout) as raised:
                await client.get(server.http)
            assert raised.value.request.url == server.http
        assert (await client.get(server.http)).status_code == 200


async def test_the_whole_request_takes_too_long(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, total=0.15)) as client:
        with pytest.raises(httparallel.TotalTimeout) as raised:
            await client.get(f"{server.http}/drip?bytes=1000&interval_ms=20")
        assert raised.value.request.url.path == "/drip"
        assert isinstance(raised.value, httparallel.TimeoutException)


@pytest.mark.parametrize("long_way", [False, True])
async def test_redirects_share_one_limit(kind: Kind, server: Server, long_way: bool) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, total=0.4), follow_redirects=True) as client:
        if long_way:
            client.cookies.set("a", "1")
        with pytest.raises(httparallel.TotalTimeout):
            await client.get(f"{server.http}/delay/250?then=/redirect-to?url=/delay/250")


async def test_a_redirect_that_sets_cookies_does_not_extend_the_limit(kind: Kind, server: Server) -> None:
    with server.script(
        "expect-request\n"
        "pause 250\n"
        "send HTTP/1.1 302 Found\\r\\nLocation: /next\\r\\nSet-Cookie: a=1\\r\\n"
        "Content-Length: 0\\r\\n\\r\\n\n"
        "expect-request\n"
        "pause 250\n"
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n"
    ) as script:
        async with kind.client(follow_redirects=True) as client:
            with pytest.raises(httparallel.TotalTimeout):
                await client.get(script.url, timeout=httparallel.Timeout(None, total=0.4))


async def test_requests_of_an_auth_flow_share_one_limit(kind: Kind, server: Server) -> None:
    class Asking(httparallel.Auth):
        def auth_flow(self, request: httparallel.Request) -> Any:
            yield httparallel.Request("GET", f"{server.http}/delay/250")
            yield request

    async with kind.client(timeout=httparallel.Timeout(None, total=0.4), auth=Asking()) as client:
        with pytest.raises(httparallel.TotalTimeout):
            await client.get(f"{server.http}/delay/250")


async def test_the_limit_begins_anew_if_a_request_is_sent_again(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=httparallel.Timeout(None, total=0.4)) as client:
        request = client.build_request("GET", f"{server.http}/delay/250")
        for _ in range(2):
            assert (await client.send(request)).status_code == 200


async def test_a_request_may_have_its_own_limits(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=0.05) as client:
        assert (await client.get(f"{server.http}/delay/150", timeout=5)).status_code == 200
        assert (await client.get(f"{server.http}/delay/150", timeout=None)).status_code == 200
        with pytest.raises(httparallel.ReadTimeout):
            await client.get(f"{server.http}/delay/1000")
        client.timeout = 5
        assert (await client.get(f"{server.http}/delay/150")).status_code == 200


async def test_a_built_request_has_its_limits_with_it(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        request = client.build_request("GET", f"{server.http}/hang", timeout=0.05)
        assert request.extensions["timeout"]["read"] == 0.05
        with pytest.raises(httparallel.ReadTimeout) as raised:
            await client.send(request)
        assert raised.value.request is request


async def test_a_client_goes_on_after_a_timeout(kind: Kind, server: Server) -> None:
    limits = httparallel.Limits(max_connections=1)
    async with kind.client(timeout=httparallel.Timeout(5, read=0.05), limits=limits) as client:
        for _ in range(3):
            with pytest.raises(httparallel.ReadTimeout):
                await client.get(f"{server.http}/hang")
            assert (await client.get(server.http)).status_code == 200


@pytest.mark.parametrize("timeout", [-1, float("nan"), "soon", object()])
def test_other_things_are_no_time_limits(timeout: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        httparallel.Client(timeout=timeout)  # type: ignore[arg-type]
