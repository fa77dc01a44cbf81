"""Bodies that are read piece by piece, and connections that are free as soon as nobody reads on."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from kinds import Kind, async_only, without_waiting
from testserver import Server

import httparallel

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
ONE = httparallel.Limits(max_connections=1)


async def collected(pieces: Any) -> list[Any]:
    return [piece async for piece in pieces]


@pytest.mark.parametrize("path", ["/bytes/1000000", "/chunked/1000000?size=5000"])
async def test_a_body_is_streamed_whole(kind: Kind, server: Server, path: str) -> None:
    async with kind.client() as client, client.stream("GET", server.http + path) as response:
        assert not response.is_closed
        body = b"".join(await collected(response.aiter_bytes()))
        assert body == (ALPHABET * 38462)[:1_000_000]
        assert response.is_closed
        assert response.num_bytes_downloaded == 1_000_000


async def test_pieces_come_as_they_are_sent(kind: Kind, server: Server) -> None:
    with server.script(
        "expect-request\n"
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nfirst\n"
        "wait go\n"
        "send again\n"
        "hang\n"
    ) as script:
        async with kind.client() as client, client.stream("GET", script.url) as response:
            pieces = response.aiter_bytes()
            assert await anext(pieces) == b"first"
            script.signal("go")
            assert await anext(pieces) == b"again"
            assert await collected(pieces) == []


async def test_chunks_of_one_size(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.stream("GET", f"{server.http}/bytes/26") as response:
            assert await collected(response.aiter_bytes(10)) == [
                ALPHABET[:10],
                ALPHABET[10:20],
                ALPHABET[20:],
            ]
        async with client.stream("GET", f"{server.http}/bytes/26") as response:
            assert await collected(response.aiter_text(20)) == ["abcdefghijklmnopqrst", "uvwxyz"]


async def test_lines(kind: Kind, server: Server) -> None:
    body = "one\\ntwo\\r\\nthree"
    async with (
        kind.client() as client,
        client.stream("POST", f"{server.http}/echo-body", content="one\ntwo\r\nthree") as response,
    ):
        assert await collected(response.aiter_lines()) == ["one", "two", "three"], body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_coded_body_is_decoded_and_raw_is_as_sent(kind: Kind, server: Server, coding: str) -> None:
    async with kind.client() as client:
        whole = await client.get(f"{server.http}/{coding}")
        assert whole.json()["coding"] == coding
        async with client.stream("GET", f"{server.http}/{coding}") as response:
            assert json.loads(b"".join(await collected(response.aiter_bytes()))) == whole.json()
        async with client.stream("GET", f"{server.http}/{coding}") as response:
            raw = b"".join(await collected(response.aiter_raw()))
            assert str(len(raw)) == response.headers.get("content-length", str(len(raw)))
            assert raw != whole.content
            assert response.num_bytes_downloaded == len(raw) == whole.num_bytes_downloaded


async def test_reading_gives_the_same_each_time(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.stream("GET", f"{server.http}/bytes/26") as response:
        with pytest.raises(httparallel.ResponseNotRead):
            _ = response.content
        assert await response.aread() == ALPHABET
        assert await response.aread() == ALPHABET
        assert response.content == ALPHABET
        assert response.text == ALPHABET.decode()
        assert await collected(response.aiter_bytes(13)) == [ALPHABET[:13], ALPHABET[13:]]


async def test_a_body_can_be_streamed_once(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.stream("GET", f"{server.http}/bytes/26") as response:
        await collected(response.aiter_raw())
        with pytest.raises(httparallel.StreamConsumed):
            await collected(response.aiter_raw())
        with pytest.raises(httparallel.StreamConsumed):
            await response.aread()


async def test_a_closed_body_cannot_be_read(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.stream("GET", f"{server.http}/bytes/26") as response:
            pass
        assert response.is_closed
        with pytest.raises(httparallel.StreamClosed):
            await response.aread()


async def test_leaving_the_block_frees_the_connection(kind: Kind, server: Server) -> None:
    timeout = httparallel.Timeout(5, pool=2)
    async with kind.client(limits=ONE, timeout=timeout) as client:
        for _ in range(3):
            async with client.stream("GET", f"{server.http}/stream/100000?interval_ms=5") as response:
                assert response.status_code == 200
        assert (await client.get(server.http)).status_code == 200


async def test_an_exception_in_the_block_frees_the_connection(kind: Kind, server: Server) -> None:
    async def fail(client: Any) -> None:
        async with client.stream("GET", f"{server.http}/bytes/50000000"):
            raise LookupError("enough")

    async with kind.client(limits=ONE, timeout=httparallel.Timeout(5, pool=2)) as client:
        with pytest.raises(LookupError, match="enough"):
            await fail(client)
        assert (await client.get(server.http)).status_code == 200


async def test_a_body_that_was_read_leaves_its_connection_for_the_next(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(limits=ONE) as client:
        for _ in range(3):
            async with client.stream("GET", f"{server.http}/bytes/1000") as response:
                await response.aread()
    assert server.stats()["connections_opened"] == 1


async def test_what_nobody_reads_is_not_taken_from_the_server(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.stream("GET", f"{server.http}/bytes/500000000") as response:
            pieces = response.aiter_raw()
            await anext(pieces)
            await kind.sleep(0.2)
            # A server that could write it all would have been done with the request.
            assert server.stats()["requests_active"] == 1
            await pieces.aclose()
        await kind.until(lambda: server.stats()["requests_active"] == 0)


async def test_a_response_that_is_forgotten_frees_its_connection(kind: Kind, server: Server) -> None:
    async with kind.client(limits=ONE, timeout=httparallel.Timeout(5, pool=2)) as client:
        for _ in range(2):
            response = await client.get(f"{server.http}/bytes/50000000", stream=True)
            assert response.status_code == 200
            del response
            gc.collect()
        assert (await client.get(server.http)).status_code == 200


async def test_the_names_of_stream_true(kind: Kind, server: Server) -> None:
    async with kind.client(limits=ONE) as client:
        url = f"{server.http}/gzip"
        response = await client.get(url, stream=True)
        assert not response.is_closed
        text = json.loads(await response.read())
        assert json.loads(response.content) == text

        response = await client.get(url, stream=True)
        assert json.loads(b"".join(await collected(response.stream()))) == text

        response = await client.get(url, stream=True)
        assert b"".join(await collected(response.raw())).startswith(b"\x1f\x8b")

        response = await client.get(f"{server.http}/bytes/50000000", stream=True)
        await response.close()
        assert response.is_closed
        assert (await client.get(url)).status_code == 200


async def test_today_s_names_work_with_stream_true(kind: Kind, server: Server) -> None:
    async with kind.client(limits=ONE) as client:
        response = await client.request("POST", f"{server.http}/echo-body", content=b"text", stream=True)
        assert await response.aread() == b"text"
        response = await client.get(f"{server.http}/bytes/26", stream=True)
        assert b"".join(await collected(response.aiter_bytes())) == ALPHABET
        response = await client.get(f"{server.http}/bytes/50000000", stream=True)
        await response.aclose()
        assert (await client.get(server.http)).status_code == 200


async def test_a_request_can_be_sent_with_its_body_streamed(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        request = client.build_request("GET", f"{server.http}/bytes/26")
        response = await client.send(request, stream=True)
        assert not response.is_closed
        assert await response.aread() == ALPHABET
        assert response.is_closed


async def test_elapsed_is_known_at_the_end_only(kind: Kind, server: Server) -> None:
    url = f"{server.http}/drip?bytes=3&interval_ms=50"
    async with kind.client() as client, client.stream("GET", url) as response:
        with pytest.raises(RuntimeError, match="elapsed"):
            _ = response.elapsed
        await response.aread()
        assert 0.1 < response.elapsed.total_seconds() < 10


def test_a_synchronous_response_has_no_async_stream(server: Server) -> None:
    with httparallel.Client() as client, client.stream("GET", f"{server.http}/bytes/26") as response:
        with pytest.raises(RuntimeError, match="synchronous stream"):
            without_waiting(response.aread())
        with pytest.raises(RuntimeError, match="synchronous stream"):
            without_waiting(response.aclose())


@async_only
async def test_an_async_response_has_no_synchronous_stream(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.stream("GET", f"{server.http}/bytes/26") as response:
        with pytest.raises(RuntimeError, match="asynchronous stream"):
            response.read()
        with pytest.raises(RuntimeError, match="asynchronous stream"):
            response.close()


async def test_a_stream_that_is_open_keeps_its_connection(kind: Kind, server: Server) -> None:
    timeout = httparallel.Timeout(10.0, pool=0.02)
    async with kind.client(limits=ONE, timeout=timeout) as client:
        async with client.stream("GET", server.http) as response:
            with pytest.raises(httparallel.PoolTimeout):
                await client.get(server.http)
            assert await response.aread() == b"Hello, world!"
            assert (await client.get(server.http)).text == "Hello, world!"
        async with client.stream("GET", server.http):
            pass
        assert (await client.get(server.http)).text == "Hello, world!"
