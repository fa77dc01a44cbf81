"""HTTP/1.1 as nginx speaks it."""

from __future__ import annotations

import random
from contextlib import aclosing

import pytest
from kinds import Kind
from nginx import Nginx

Files = dict[str, bytes]


async def test_gets_a_file(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client() as client:
        response = await client.get(f"{nginx.urls['plain']}/hello.txt")
    assert (response.status_code, response.http_version) == (200, "HTTP/1.1")
    assert response.content == files["hello.txt"]
    assert response.headers["server"].startswith("nginx/")


@pytest.mark.parametrize("path", ["/empty.txt", "/nothing"])
async def test_reads_responses_without_a_body(kind: Kind, nginx: Nginx, path: str) -> None:
    async with kind.client() as client:
        responses = [await client.get(nginx.urls["plain"] + path) for _ in range(3)]
    assert [response.content for response in responses] == [b""] * 3
    assert len({response.headers["x-connection"] for response in responses}) == 1


@pytest.mark.parametrize("name", ["hello.txt", "repeated.txt", "medium.bin"])
async def test_decodes_gzip(kind: Kind, nginx: Nginx, files: Files, name: str) -> None:
    async with kind.client() as client:
        response = await client.get(f"{nginx.urls['plain']}/gzip/{name}")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.content == files[name]


@pytest.mark.parametrize("name", ["hello.txt", "repeated.txt"])
async def test_reads_a_chunked_body(kind: Kind, nginx: Nginx, files: Files, name: str) -> None:
    async with kind.client() as client:
        response = await client.get(f"{nginx.urls['plain']}/chunked/{name}")
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.content == files[name]


async def test_reads_a_large_file_at_once(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client() as client:
        response = await client.get(f"{nginx.urls['plain']}/large.bin")
    assert response.content == files["large.bin"]


async def test_reads_a_large_file_in_pieces(kind: Kind, nginx: Nginx, files: Files) -> None:
    pieces = []
    async with kind.client() as client, client.stream("GET", f"{nginx.urls['plain']}/large.bin") as response:
        async for piece in response.aiter_bytes():
            pieces.append(piece)
    assert len(pieces) > 1
    assert b"".join(pieces) == files["large.bin"]


async def test_leaves_a_large_file_unfinished(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client() as client:
        async with client.stream("GET", f"{nginx.urls['plain']}/large.bin") as response:
            async with aclosing(response.aiter_bytes()) as pieces:
                assert files["large.bin"].startswith(await anext(pieces))
        response = await client.get(f"{nginx.urls['plain']}/hello.txt")
    assert response.content == files["hello.txt"]


async def test_head_has_the_headers_and_no_body(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client() as client:
        head = await client.head(f"{nginx.urls['plain']}/large.bin")
        after = await client.get(f"{nginx.urls['plain']}/hello.txt")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(files["large.bin"]))
    assert after.content == files["hello.txt"]
    assert after.headers["x-connection"] == head.headers["x-connection"]


async def test_not_modified_has_no_body(kind: Kind, nginx: Nginx, files: Files) -> None:
    url = f"{nginx.urls['plain']}/hello.txt"
    async with kind.client() as client:
        first = await client.get(url)
        second = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
        third = await client.get(url)
    assert (second.status_code, second.content) == (304, b"")
    assert third.content == files["hello.txt"]
    assert len({response.headers["x-connection"] for response in (first, second, third)}) == 1


async def test_gets_a_range(kind: Kind, nginx: Nginx, files: Files) -> None:
    large = files["large.bin"]
    async with kind.client() as client:
        part = await client.get(
            f"{nginx.urls['plain']}/large.bin", headers={"Range": "bytes=1000000-1000099"}
        )
        beyond = await client.get(f"{nginx.urls['plain']}/hello.txt", headers={"Range": "bytes=1000-"})
    assert (part.status_code, part.content) == (206, large[1_000_000:1_000_100])
    assert part.headers["content-range"] == f"bytes 1000000-1000099/{len(large)}"
    assert beyond.status_code == 416


async def test_a_proxied_response_is_the_same(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client() as client:
        response = await client.get(f"{nginx.urls['plain']}/proxied/chunked/repeated.txt")
    assert response.content == files["repeated.txt"]


async def test_follows_a_redirect(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(f"{nginx.urls['plain']}/redirect")
    assert response.content == files["hello.txt"]
    assert [redirect.status_code for redirect in response.history] == [302]


async def test_uses_a_connection_again(kind: Kind, nginx: Nginx) -> None:
    async with kind.client() as client:
        paths = ["/hello.txt", "/chunked/hello.txt", "/missing", "/unwilling", "/nothing", "/gzip/hello.txt"]
        responses = [await client.get(nginx.urls["plain"] + path) for path in paths]
    assert [response.status_code for response in responses] == [200, 200, 404, 503, 204, 200]
    assert len({response.headers["x-connection"] for response in responses}) == 1


async def test_a_block_survives_connections_that_end_after_five_requests(
    kind: Kind, nginx: Nginx, files: Files
) -> None:
    async with kind.client() as client:
        async with client.parallel(max_concurrency=4) as parallel:
            for _ in range(50):
                parallel.get(f"{nginx.urls['few']}/hello.txt")
            responses = [response async for response in parallel]
    assert [response.content for response in responses] == [files["hello.txt"]] * 50
    assert len({response.headers["x-connection"] for response in responses}) >= 10


@pytest.mark.parametrize("listener", ["few", "once"])
async def test_follows_a_server_that_closes_connections(
    kind: Kind, nginx: Nginx, files: Files, listener: str
) -> None:
    async with kind.client() as client:
        responses = [await client.get(f"{nginx.urls[listener]}/hello.txt") for _ in range(10)]
    assert [response.content for response in responses] == [files["hello.txt"]] * 10
    connections = {response.headers["x-connection"] for response in responses}
    assert len(connections) == {"few": 2, "once": 10}[listener]


async def test_stores_an_upload(kind: Kind, nginx: Nginx) -> None:
    content = random.Random(3).randbytes(2_000_000)
    async with kind.client() as client:
        response = await client.put(f"{nginx.urls['plain']}/stored/{kind}-known", content=content)
    assert response.status_code == 201
    assert (nginx.stored / f"{kind}-known").read_bytes() == content


async def test_stores_an_upload_of_unknown_length(kind: Kind, nginx: Nginx) -> None:
    pieces = [random.Random(4).randbytes(length) for length in (1, 70_000, 0, 500_000, 13)]
    async with kind.client() as client:
        response = await client.put(
            f"{nginx.urls['plain']}/stored/{kind}-unknown", content=kind.content(pieces)
        )
    assert response.status_code == 201
    assert (nginx.stored / f"{kind}-unknown").read_bytes() == b"".join(pieces)


@pytest.mark.parametrize("is_known", [True, False])
async def test_reads_the_refusal_of_an_upload_that_is_too_large(
    kind: Kind, nginx: Nginx, files: Files, is_known: bool
) -> None:
    large = files["large.bin"]
    content = (
        large if is_known else kind.content(large[at : at + 100_000] for at in range(0, len(large), 100_000))
    )
    async with kind.client() as client:
        response = await client.post(f"{nginx.urls['plain']}/limited/hello.txt", content=content)
        after = await client.get(f"{nginx.urls['plain']}/hello.txt")
    assert response.status_code == 413
    assert b"Request Entity Too Large" in response.content
    assert after.content == files["hello.txt"]


async def test_many_requests_in_parallel(kind: Kind, nginx: Nginx, files: Files) -> None:
    names = ["hello.txt", "medium.bin", "repeated.txt", "empty.txt"] * 25
    async with kind.client() as client, client.parallel(max_concurrency=20) as parallel:
        urls = [f"{nginx.urls['plain']}/gzip/{name}" for name in names]
        contents = [response.content async for response in parallel.map(urls)]
    assert contents == [files[name] for name in names]
