"""HTTP/2 as nghttp2 speaks it, which is another implementation than the client's."""

from __future__ import annotations

import random

import pytest
from certificates import Certificates
from kinds import Kind
from nghttpd import Nghttpd

import httparallel

Files = dict[str, bytes]


def client_of(kind: Kind, certificates: Certificates | None) -> httparallel.AsyncClient:
    """A client of HTTP/2: by agreement in TLS, or without TLS by prior knowledge."""
    verify = False if certificates is None else str(certificates.ca)
    client: httparallel.AsyncClient = kind.client(http1=certificates is not None, http2=True, verify=verify)
    return client


async def test_gets_a_file(kind: Kind, nghttpd: Nghttpd, certificates: Certificates, files: Files) -> None:
    async with client_of(kind, certificates) as client:
        response = await client.get(f"{nghttpd.url}/hello.txt")
    assert (response.status_code, response.http_version) == (200, "HTTP/2")
    assert response.headers["server"].startswith("nghttpd")
    assert response.content == files["hello.txt"]


async def test_many_streams_at_once(
    kind: Kind, nghttpd: Nghttpd, certificates: Certificates, files: Files
) -> None:
    names = ["hello.txt", "medium.bin", "empty.txt", "repeated.txt"] * 50
    async with client_of(kind, certificates) as client, client.parallel() as parallel:
        urls = [f"{nghttpd.url}/{name}" for name in names]
        contents = [response.content async for response in parallel.map(urls)]
    assert contents == [files[name] for name in names]


async def test_more_requests_than_the_server_allows_streams(
    kind: Kind, nghttpd_plain: Nghttpd, files: Files
) -> None:
    names = ["hello.txt", "medium.bin", "empty.txt", "repeated.txt"] * 20
    async with client_of(kind, None) as client, client.parallel() as parallel:
        urls = [f"{nghttpd_plain.url}/{name}" for name in names]
        responses = [response async for response in parallel.map(urls)]
    assert {response.http_version for response in responses} == {"HTTP/2"}
    assert [response.content for response in responses] == [files[name] for name in names]


async def test_a_large_download_at_once_and_in_pieces(
    kind: Kind, nghttpd: Nghttpd, certificates: Certificates, files: Files
) -> None:
    async with client_of(kind, certificates) as client:
        whole = await client.get(f"{nghttpd.url}/large.bin")
        async with client.stream("GET", f"{nghttpd.url}/large.bin") as response:
            pieces = [piece async for piece in response.aiter_bytes()]
    assert whole.content == files["large.bin"]
    assert b"".join(pieces) == files["large.bin"]


async def test_a_large_upload_comes_back(kind: Kind, nghttpd: Nghttpd, certificates: Certificates) -> None:
    content = random.Random(6).randbytes(5_000_000)
    async with client_of(kind, certificates) as client:
        response = await client.post(f"{nghttpd.url}/echo", content=content)
    assert response.content == content


async def test_an_upload_goes_through_small_windows(kind: Kind, nghttpd_plain: Nghttpd) -> None:
    pieces = [random.Random(7).randbytes(length) for length in (1, 1023, 1024, 0, 1025, 100_000)]
    async with client_of(kind, None) as client:
        known = await client.put(f"{nghttpd_plain.url}/echo", content=b"".join(pieces))
        unknown = await client.put(f"{nghttpd_plain.url}/echo", content=kind.content(pieces))
    assert known.content == b"".join(pieces)
    assert unknown.content == b"".join(pieces)


async def test_a_body_that_nobody_reads_holds_up_nobody(
    kind: Kind, nghttpd: Nghttpd, certificates: Certificates, files: Files
) -> None:
    async with client_of(kind, certificates) as client:
        async with client.stream("GET", f"{nghttpd.url}/large.bin"):
            response = await client.get(f"{nghttpd.url}/medium.bin")
        after = await client.get(f"{nghttpd.url}/hello.txt")
    assert response.content == files["medium.bin"]
    assert after.content == files["hello.txt"]


async def test_responses_without_a_body(kind: Kind, nghttpd: Nghttpd, certificates: Certificates) -> None:
    async with client_of(kind, certificates) as client:
        first = await client.get(f"{nghttpd.url}/hello.txt")
        head = await client.head(f"{nghttpd.url}/hello.txt")
        since = {"If-Modified-Since": first.headers["last-modified"]}
        same = await client.get(f"{nghttpd.url}/hello.txt", headers=since)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "19", b"")
    assert (same.status_code, same.content) == (304, b"")


async def test_a_missing_file_is_a_response(kind: Kind, nghttpd: Nghttpd, certificates: Certificates) -> None:
    async with client_of(kind, certificates) as client:
        response = await client.get(f"{nghttpd.url}/missing")
    assert response.status_code == 404
    assert b"404" in response.content


async def test_a_body_after_head_is_an_error_of_the_server(
    kind: Kind, nghttpd: Nghttpd, certificates: Certificates, files: Files
) -> None:
    # nghttpd sends the page that says what is missing, whatever the method.
    async with client_of(kind, certificates) as client:
        with pytest.raises(httparallel.RemoteProtocolError):
            await client.head(f"{nghttpd.url}/missing")
        after = await client.get(f"{nghttpd.url}/hello.txt")
    assert after.content == files["hello.txt"]
