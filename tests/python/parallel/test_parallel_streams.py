"""Streaming responses in a parallel block."""

from __future__ import annotations

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_a_streaming_response_is_there_with_its_head(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/stream/3?size=10&interval_ms=50", stream=True)
        response = await pending.get_response()
        assert response.status_code == 200
        assert not response.is_closed
        with pytest.raises(httparallel.ResponseNotRead):
            response.content  # noqa: B018 - it raises
        assert len(await response.read()) == 30
        assert response.is_closed


async def test_the_body_is_iterated_over_as_it_comes(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/stream/4?size=5&interval_ms=50", stream=True)
        response = await parallel.next_response()
        chunks = [chunk async for chunk in response.stream()]
    assert len(chunks) > 1
    assert b"".join(chunks) == b"abcdefghijklmnopqrst"


async def test_raw_and_decoded_bodies_differ(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        decoded = await parallel.get(f"{server.http}/gzip", stream=True).get_response()
        raw = await parallel.get(f"{server.http}/gzip", stream=True).get_response()
        assert b"gzip" in b"".join([chunk async for chunk in decoded.stream()])
        assert b"".join([chunk async for chunk in raw.raw()]).startswith(b"\x1f\x8b")


async def test_todays_names_work_too(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        first = await parallel.get(f"{server.http}/bytes/10", stream=True).get_response()
        second = await parallel.get(f"{server.http}/bytes/10", stream=True).get_response()
        assert len(await first.aread()) == 10
        assert b"".join([chunk async for chunk in second.aiter_bytes(4)]) == b"abcdefghij"


@pytest.mark.parametrize("protocol", ["http", "h2c"])
async def test_closing_gives_up_the_rest(kind: Kind, server: Server, protocol: str) -> None:
    settings = {"http1": False, "http2": True} if protocol == "h2c" else {}
    async with kind.client(**settings) as client, client.parallel() as parallel:
        server.reset()
        response = await parallel.get(
            f"{getattr(server, protocol)}/stream/1000?interval_ms=20", stream=True
        ).get_response()
        await response.close()
        assert response.is_closed
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert server.stats()["cancelled"] == 1


async def test_a_body_that_is_not_read_is_given_up_when_the_block_is_left(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.parallel() as parallel:
            url = f"{server.http}/stream/1000?interval_ms=20"
            delivered = await parallel.get(url, stream=True).get_response()
            undelivered = await parallel.get(url, stream=True)
            await kind.until(lambda: server.stats()["requests_active"] == 2)
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert client._engine_transport._engine.connections() == []
        with pytest.raises(httparallel.RequestCancelled):
            await delivered.read()
        with pytest.raises(httparallel.RequestCancelled):
            await undelivered.get_response()


async def test_a_body_that_breaks_off_is_an_error_of_reading_it(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        response = await parallel.get(f"{server.http}/close-after-head", stream=True).get_response()
        assert response.status_code == 200
        with pytest.raises(httparallel.RemoteProtocolError):
            await response.read()


async def test_an_open_stream_keeps_its_turn_until_it_is_read(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel(max_concurrency=1) as parallel:
        first = await parallel.get(f"{server.http}/stream/5?interval_ms=20", stream=True).get_response()
        second = parallel.get(server.http)
        await kind.sleep(0.05)
        assert not second.done
        await first.read()
        assert (await second.get_response()).status_code == 200


async def test_a_stream_may_be_cancelled_before_it_is_delivered(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/stream/1000?interval_ms=20", stream=True)
        other = parallel.get(server.http)
        await other.get_response()
        await kind.until(lambda: server.stats()["requests_active"] == 1)
        pending.cancel()
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        with pytest.raises(httparallel.RequestCancelled):
            await pending.get_response()


async def test_redirects_and_authentication_come_before_the_stream(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client, client.parallel() as parallel:
        redirected = parallel.get(f"{server.http}/redirect/2", stream=True)
        digest = parallel.get(
            f"{server.http}/digest-auth/user/secret",
            auth=httparallel.DigestAuth("user", "secret"),
            stream=True,
        )
        assert await (await redirected.get_response()).read() == b"Hello, world!"
        response = await digest.get_response()
        assert response.status_code == 200
        await response.close()


async def test_responses_that_are_not_read_yet_leave_their_connections_to_the_others(
    kind: Kind, server: Server
) -> None:
    limits = httparallel.Limits(max_connections=1)
    async with kind.client(limits=limits) as client, client.parallel() as parallel:
        for _ in range(3):
            parallel.get(server.http, stream=True)
        responses = [await parallel.next_response() for _ in range(3)]
        assert [await response.aread() for response in responses] == [b"Hello, world!"] * 3
