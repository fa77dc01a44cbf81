"""Connections are kept, counted and given up as the limits and the servers say."""

from __future__ import annotations

import ssl

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_connections_are_kept_up_to_the_limit(kind: Kind, server: Server) -> None:
    limits = httparallel.Limits(max_keepalive_connections=1)
    await kind.until(lambda: server.stats()["connections_open"] == 0)
    async with kind.client(limits=limits) as client:
        async with (
            client.stream("GET", f"{server.http}/bytes/10000000") as one,
            client.stream("GET", f"{server.http}/bytes/10000000") as two,
        ):
            assert server.stats()["connections_open"] == 2
            await one.aread()
            await two.aread()
        await kind.until(lambda: server.stats()["connections_open"] == 1)


async def test_no_connection_is_kept_if_none_may_be(kind: Kind, server: Server) -> None:
    async with kind.client(limits=httparallel.Limits(max_keepalive_connections=0)) as client:
        server.reset()
        for _ in range(3):
            await client.get(server.http)
    assert server.stats()["connections_opened"] == 3


async def test_connections_expire(kind: Kind, server: Server) -> None:
    async with kind.client(limits=httparallel.Limits(keepalive_expiry=0.05)) as client:
        server.reset()
        await client.get(server.http)
        await client.get(server.http)
        await kind.sleep(0.15)
        await client.get(server.http)
    assert server.stats()["connections_opened"] == 2


@pytest.mark.parametrize("http2", [False, True])
async def test_a_connection_that_is_too_old_serves_no_more(kind: Kind, server: Server, http2: bool) -> None:
    limits = httparallel.Limits(max_connection_age=0.0)
    async with kind.client(limits=limits, http1=not http2, http2=http2) as client:
        server.reset()
        for _ in range(3):
            assert not (await client.get(server.http)).timings.reused
    assert server.stats()["connections_opened"] == 3


async def test_an_idle_connection_is_closed_when_it_is_too_old(kind: Kind, server: Server) -> None:
    await kind.until(lambda: server.stats()["connections_open"] == 0)
    limits = httparallel.Limits(max_connection_age=0.1, keepalive_expiry=None)
    async with kind.client(limits=limits) as client:
        await client.get(server.http)
        await kind.until(lambda: server.stats()["connections_open"] == 0)


async def test_connections_of_the_low_level_age_too(kind: Kind, server: Server) -> None:
    context = ssl.create_default_context(cafile=server.ca_pem)
    limits = httparallel.Limits(max_connection_age=0.0)
    async with kind.client(limits=limits, verify=context) as client:
        server.reset()
        for _ in range(3):
            await client.get(server.https)
    assert server.stats()["connections_opened"] == 3


@pytest.mark.parametrize("http2", [False, True])
async def test_requests_of_a_client_share_one_http2_connection_only(
    kind: Kind, server: Server, http2: bool
) -> None:
    base = server.h2c if http2 else server.http
    async with kind.client(http1=not http2, http2=http2) as client:
        await client.get(base)
        server.reset()
        async with (
            client.stream("GET", f"{base}/bytes/3000000") as one,
            client.stream("GET", f"{base}/bytes/3000000") as two,
        ):
            assert len(await two.aread()) == len(await one.aread()) == 3_000_000
    assert server.stats()["connections_opened"] == (0 if http2 else 1)


async def test_connection_close_is_heeded(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        server.reset()
        for _ in range(2):
            assert (await client.get(f"{server.http}/close")).status_code == 200
    assert server.stats()["connections_opened"] == 2


async def test_a_get_on_a_connection_that_was_closed_meanwhile_is_sent_again(
    kind: Kind, server: Server
) -> None:
    async with kind.client() as client:
        for _ in range(5):
            assert (await client.get(f"{server.http}/keepalive-close")).status_code == 200
            assert (await client.get(server.http)).status_code == 200


async def test_bytes_after_a_response_are_not_the_next_one(kind: Kind, server: Server) -> None:
    good = "HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\n"
    with server.script(
        f"expect-request\nsend {good}good{good}evil\nhang\n"
        f"connection\nexpect-request\nsend {good}next\nfinish\n"
    ) as script:
        async with kind.client() as client:
            assert (await client.get(script.url)).text == "good"
            assert (await client.get(script.url)).text == "next"


async def test_content_waits_for_100_continue(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        headers = {"Expect": "100-continue"}
        response = await client.post(f"{server.http}/expect", content=b"x" * 1000, headers=headers)
        assert response.json() == {"length": 1000}
        refused = await client.post(f"{server.http}/expect?status=417", content=b"x" * 1000, headers=headers)
        assert refused.status_code == 417
        assert (await client.get(server.http)).status_code == 200


async def test_a_stream_that_is_refused_is_opened_again(kind: Kind, server: Server) -> None:
    async with kind.client(http1=False, http2=True) as client:
        url = f"{server.h2c}/refuse-first?id=connections-{kind}&times=1"
        assert (await client.get(url)).status_code == 200


async def test_a_stream_that_is_reset_is_an_error_and_its_connection_goes_on(
    kind: Kind, server: Server
) -> None:
    async with kind.client(http1=False, http2=True) as client:
        await client.get(server.h2c)
        server.reset()
        with pytest.raises(httparallel.RemoteProtocolError) as raised:
            await client.get(f"{server.h2c}/close-after-head")
        assert raised.value.request.url.path == "/close-after-head"
        assert (await client.get(server.h2c)).status_code == 200
        assert server.stats()["connections_opened"] == 0


async def test_a_goaway_lets_streams_end_and_the_next_request_connects_anew(
    kind: Kind, server: Server
) -> None:
    async with kind.client(http1=False, http2=True) as client:
        server.reset()
        assert (await client.get(f"{server.h2c}/delay/50?goaway=1")).status_code == 200
        assert (await client.get(server.h2c)).status_code == 200
        assert server.stats()["connections_opened"] == 2
