"""Bodies stay within bounds: the client's, a request's, and those of what a content coding may expand to."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel

Fetch = Callable[..., Awaitable[bytes]]


async def whole(client: Any, url: str, **arguments: Any) -> bytes:
    response = await client.get(url, **arguments)
    content: bytes = response.content
    return content


async def by_a_flow(client: Any, url: str, **arguments: Any) -> bytes:
    client.cookies.set("a", "1")
    return await whole(client, url, **arguments)


async def streamed(client: Any, url: str, **arguments: Any) -> bytes:
    async with client.stream("GET", url, **arguments) as response:
        return b"".join([piece async for piece in response.aiter_bytes()])


async def read_later(client: Any, url: str, **arguments: Any) -> bytes:
    response = await client.get(url, stream=True, **arguments)
    content: bytes = await response.read()
    return content


async def in_a_block(client: Any, url: str, **arguments: Any) -> bytes:
    async with client.parallel() as parallel:
        parallel.get(url, **arguments)
        response = await parallel.next_response()
    content: bytes = response.content
    return content


every_way = pytest.mark.parametrize("fetch", [whole, by_a_flow, streamed, read_later, in_a_block])


def answer(body: bytes, coding: str, length: int | None = None) -> str:
    """A script that answers any request with a coded body."""
    coded = "".join(f"\\x{byte:02x}" for byte in body)
    head = f"HTTP/1.1 200 OK\\r\\nContent-Encoding: {coding}\\r\\nContent-Length: {length or len(body)}"
    return f"expect-request\nsend {head}\\r\\n\\r\\n{coded}\nfinish\n"


@every_way
async def test_a_body_may_be_as_large_as_the_limit(kind: Kind, server: Server, fetch: Fetch) -> None:
    async with kind.client(max_body=1000) as client:
        assert len(await fetch(client, f"{server.http}/bytes/1000")) == 1000
        with pytest.raises(httparallel.BodyTooLarge) as raised:
            await fetch(client, f"{server.http}/bytes/1001")
        assert raised.value.request.url.path == "/bytes/1001"
        assert len(await fetch(client, f"{server.http}/chunked/10?chunk=3")) == 10


@every_way
async def test_a_body_without_a_length_is_read_no_further(kind: Kind, server: Server, fetch: Fetch) -> None:
    server.reset()
    async with kind.client(max_body=100_000) as client:
        with pytest.raises(httparallel.BodyTooLarge):
            await fetch(client, f"{server.http}/stream/1000000?interval_ms=1")
        await kind.until(lambda: server.stats()["cancelled"] == 1)
        assert (await client.get(f"{server.http}/bytes/9")).status_code == 200


@pytest.mark.parametrize("http2", [False, True])
@every_way
async def test_what_is_decoded_is_what_counts(kind: Kind, server: Server, fetch: Fetch, http2: bool) -> None:
    url = (server.https if http2 else server.http) + "/gzip-bomb?mb=2"
    async with kind.client(max_body=1 << 20, http2=http2, verify=server.ca_pem) as client:
        with pytest.raises(httparallel.BodyTooLarge, match="1048576"):
            await fetch(client, url)
        assert len(await fetch(client, url, extensions={"max_body": 2 << 20})) == 2 << 20
        client.max_body = 2 << 20
        assert client.max_body == 2 << 20
        assert len(await fetch(client, url)) == 2 << 20


@every_way
async def test_a_request_has_a_limit_of_its_own(kind: Kind, server: Server, fetch: Fetch) -> None:
    async with kind.client(max_body=10) as client:
        assert len(await fetch(client, f"{server.http}/bytes/99", max_body=None)) == 99
        assert len(await fetch(client, f"{server.http}/bytes/99", max_body=99)) == 99
        assert len(await fetch(client, f"{server.http}/bytes/99", extensions={"max_body": None})) == 99
        assert len(await fetch(client, f"{server.http}/bytes/99", extensions={"max_body": 99})) == 99
        with pytest.raises(httparallel.BodyTooLarge):
            await fetch(client, f"{server.http}/bytes/100", extensions={"max_body": 99})


async def test_bodies_of_redirects_count(kind: Kind, server: Server) -> None:
    script = (
        "expect-request\nsend HTTP/1.1 302 Found\\r\\nLocation: /next\\r\\nContent-Length: 99\\r\\n\\r\\n\n"
        "send-repeated 99 x\nhang\n"
    )
    async with kind.client(max_body=98, follow_redirects=True) as client:
        with server.script(script) as played, pytest.raises(httparallel.BodyTooLarge):
            await client.get(played.url)


async def test_a_head_that_announces_too_much_is_refused_before_the_body(kind: Kind, server: Server) -> None:
    head = "HTTP/1.1 200 OK\\r\\nContent-Length: 1000000000000\\r\\n\\r\\n"
    with server.script(f"expect-request\nsend {head}\nhang\n") as script:
        async with kind.client(max_body=10) as client:
            with pytest.raises(httparallel.BodyTooLarge):
                await client.get(script.url)
            with pytest.raises(httparallel.BodyTooLarge):
                async with client.stream("GET", script.url):
                    raise AssertionError("the stream opens")


async def test_the_answer_to_head_has_no_body_to_be_too_large(kind: Kind, server: Server) -> None:
    async with kind.client(max_body=10) as client:
        response = await client.head(f"{server.http}/bytes/1000")
    assert response.headers["content-length"] == "1000"


async def test_a_raw_body_has_the_limit_too(kind: Kind, server: Server) -> None:
    async with (
        kind.client(max_body=10) as client,
        client.stream("GET", f"{server.http}/chunked/11?chunk=4") as response,
    ):
        with pytest.raises(httparallel.BodyTooLarge):
            [piece async for piece in response.aiter_raw()]


class Pieces(httparallel.SyncByteStream, httparallel.AsyncByteStream):
    def __iter__(self) -> Any:
        yield from (b"12345", b"67890", b"1")

    async def __aiter__(self) -> Any:
        for piece in self:
            yield piece


@pytest.mark.parametrize("body", [{"content": b"12345678901"}, {"stream": Pieces()}], ids=["whole", "pieces"])
async def test_transports_written_in_python_are_held_to_it(kind: Kind, body: Any) -> None:
    transport = httparallel.MockTransport(lambda _: httparallel.Response(200, **body))
    async with kind.client(transport=transport, max_body=10) as client:
        with pytest.raises(httparallel.BodyTooLarge) as raised:
            await client.get("http://example.org/")
        assert raised.value.request.url == "http://example.org/"
        client.max_body = 11
        assert len((await client.get("http://example.org/")).content) == 11


@pytest.mark.parametrize("limit", [-1, 1.5, "10"])
def test_a_limit_is_a_number_of_bytes(limit: Any) -> None:
    with pytest.raises(ValueError, match="number of bytes"):
        httparallel.Client(max_body=limit)
    with httparallel.Client() as client, pytest.raises(ValueError, match="number of bytes"):
        client.get("http://example.org/", max_body=limit)


# Without a limit: the guard against bodies that expand without end, and codings that do not decode.


@every_way
async def test_a_body_that_expands_too_much_is_refused_by_default(
    kind: Kind, server: Server, fetch: Fetch
) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.BodyTooLarge, match="1000 times"):
            await fetch(client, f"{server.http}/gzip-bomb?mb=64")


async def test_a_stream_gives_what_expands_part_by_part(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.stream("GET", f"{server.http}/gzip-bomb?mb=12") as response:
        sizes = [len(piece) async for piece in response.aiter_bytes()]
    assert (sum(sizes), max(sizes)) == (12 << 20, 1 << 20)


@every_way
async def test_more_than_five_codings_are_refused(kind: Kind, server: Server, fetch: Fetch) -> None:
    async with kind.client() as client:
        url = f"{server.http}/headers?Content-Encoding=gzip,gzip,gzip,gzip,gzip"
        with pytest.raises(httparallel.DecodingError, match="gzip"):
            await fetch(client, url)
        with pytest.raises(httparallel.DecodingError, match="more than 5 content codings"):
            await fetch(client, f"{url},gzip")
        with pytest.raises(httparallel.DecodingError, match="more than 5 content codings"):
            await fetch(client, f"{url}&Content-Encoding=br")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@every_way
async def test_every_coding_is_undone(kind: Kind, server: Server, fetch: Fetch, coding: str) -> None:
    async with kind.client() as client:
        assert b"plain text" in await fetch(client, f"{server.http}/{coding}")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hello")[:-1]),
        ("gzip", gzip.compress(b"hello")[:-5] + bytes(5)),
        ("gzip", gzip.compress(b"hello")[:-4] + (6).to_bytes(4, "little")),
        ("gzip", gzip.compress(b"hello") + b"junk"),
        ("gzip", b"no gzip at all"),
        ("deflate", zlib.compress(b"hello")[:-1]),
        ("br", b"\x10\x00\x10a"),
        ("zstd", b"\x28\xb5\x2f\xfd\xa0"),
    ],
    ids=["truncated", "checksum", "size", "trailing", "garbage", "deflate", "br", "zstd"],
)
@every_way
async def test_what_does_not_decode_is_an_error(
    kind: Kind, server: Server, fetch: Fetch, coding: str, body: bytes
) -> None:
    with server.script(answer(body, coding)) as script:
        async with kind.client() as client:
            with pytest.raises(httparallel.DecodingError):
                await fetch(client, script.url)


@pytest.mark.parametrize("parts", [(b"one ", b"two"), (b"same", b"same")])
@every_way
async def test_several_gzip_members_are_one_body(
    kind: Kind, server: Server, fetch: Fetch, parts: tuple[bytes, ...]
) -> None:
    with server.script(answer(b"".join(map(gzip.compress, parts)), "gzip")) as script:
        async with kind.client() as client:
            assert await fetch(client, script.url) == b"".join(parts)


# Those of up to 4 MiB are decoded into the object that they will be.
@pytest.mark.parametrize("megabytes", [1, 4, 5])
@every_way
async def test_gzip_is_undone_whatever_its_size(
    kind: Kind, server: Server, fetch: Fetch, megabytes: int
) -> None:
    async with kind.client() as client:
        assert await fetch(client, f"{server.http}/gzip-bomb?mb={megabytes}") == bytes(megabytes << 20)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_decoded_content_is_one_object(kind: Kind, server: Server, coding: str) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/{coding}")
        assert response.content is response.content


@every_way
async def test_an_unknown_coding_leaves_the_body_as_it_is(kind: Kind, server: Server, fetch: Fetch) -> None:
    with server.script(answer(b"as it is", "sdch")) as script:
        async with kind.client() as client:
            assert await fetch(client, script.url) == b"as it is"
