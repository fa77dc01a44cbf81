"""TLS and HTTP/2 as nginx speaks them."""

from __future__ import annotations

import random

import pytest
from certificates import Certificates
from kinds import Kind
from nginx import Nginx

import httparallel

Files = dict[str, bytes]


async def test_verifies_with_an_authority(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with kind.client(verify=str(certificates.ca)) as client:
        response = await client.get(f"{nginx.urls['tls']}/hello.txt")
    assert response.content == files["hello.txt"]


async def test_refuses_an_unknown_authority(kind: Kind, nginx: Nginx) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError, match="certificate"):
            await client.get(f"{nginx.urls['tls']}/hello.txt")


async def test_refuses_a_certificate_for_another_name(
    kind: Kind, nginx: Nginx, certificates: Certificates
) -> None:
    port = nginx.urls["tls"].rpartition(":")[2]
    async with kind.client(verify=str(certificates.ca)) as client:
        with pytest.raises(httparallel.ConnectError, match="certificate"):
            await client.get(f"https://127.0.0.1:{port}/hello.txt")


async def test_takes_an_unknown_authority_if_told_to(kind: Kind, nginx: Nginx, files: Files) -> None:
    async with kind.client(verify=False) as client:
        response = await client.get(f"{nginx.urls['tls']}/hello.txt")
    assert response.content == files["hello.txt"]


async def test_reads_a_large_file_over_tls(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with kind.client(verify=str(certificates.ca)) as client:
        response = await client.get(f"{nginx.urls['tls']}/large.bin")
    assert response.content == files["large.bin"]


async def test_resumes_the_tls_session(kind: Kind, nginx: Nginx, certificates: Certificates) -> None:
    async with kind.client(verify=str(certificates.ca)) as client:
        responses = [await client.get(f"{nginx.urls['tls_once']}/hello.txt") for _ in range(4)]
    assert len({response.headers["x-connection"] for response in responses}) == 4
    assert [response.headers["x-session-reused"] for response in responses] == [".", "r", "r", "r"]


async def test_many_tls_connections_side_by_side(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with kind.client(verify=str(certificates.ca)) as client:
        async with client.parallel(max_concurrency=8) as parallel:
            urls = [f"{nginx.urls['tls_once']}/medium.bin"] * 24
            contents = [response.content async for response in parallel.map(urls)]
    assert contents == [files["medium.bin"]] * 24


def over_http2(kind: Kind, listener: str, certificates: Certificates) -> httparallel.AsyncClient:
    """A client that speaks HTTP/2 to this listener: by agreement in TLS, or by prior knowledge."""
    client: httparallel.AsyncClient = kind.client(
        http1=listener != "h2c", http2=True, verify=str(certificates.ca)
    )
    return client


@pytest.mark.parametrize("listener", ["h2", "h2c"])
async def test_http2_serves_many_requests_on_one_connection(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files, listener: str
) -> None:
    names = ["hello.txt", "medium.bin", "gzip/repeated.txt", "chunked/hello.txt", "empty.txt"] * 20
    async with over_http2(kind, listener, certificates) as client:
        first = await client.get(f"{nginx.urls[listener]}/hello.txt")
        async with client.parallel() as parallel:
            urls = [f"{nginx.urls[listener]}/{name}" for name in names]
            responses = [response async for response in parallel.map(urls)]
    assert {response.http_version for response in responses} == {"HTTP/2"}
    assert [response.content for response in responses] == [files[name.rpartition("/")[2]] for name in names]
    assert {response.headers["x-connection"] for response in responses} == {first.headers["x-connection"]}


async def test_http2_responses_without_a_body(kind: Kind, nginx: Nginx, certificates: Certificates) -> None:
    url = nginx.urls["h2"]
    async with over_http2(kind, "h2", certificates) as client:
        head = await client.head(f"{url}/large.bin")
        same = await client.get(
            f"{url}/hello.txt", headers={"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}
        )
        nothing = await client.get(f"{url}/nothing")
    assert [response.status_code for response in (head, nothing)] == [200, 204]
    assert same.status_code in (200, 304)
    assert head.headers["content-length"] == "20000000"
    assert [head.content, nothing.content] == [b"", b""]


async def test_http2_large_file_in_pieces(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    pieces = []
    async with over_http2(kind, "h2", certificates) as client:
        async with client.stream("GET", f"{nginx.urls['h2']}/large.bin") as response:
            async for piece in response.aiter_bytes():
                pieces.append(piece)
    assert b"".join(pieces) == files["large.bin"]


@pytest.mark.parametrize("is_known", [True, False])
async def test_http2_stores_an_upload(
    kind: Kind, nginx: Nginx, certificates: Certificates, is_known: bool
) -> None:
    pieces = [random.Random(5).randbytes(300_000) for _ in range(8)]
    name = f"{kind}-h2-{is_known}"
    content = b"".join(pieces) if is_known else kind.content(pieces)
    async with over_http2(kind, "h2", certificates) as client:
        response = await client.put(f"{nginx.urls['h2']}/stored/{name}", content=content)
    assert response.status_code == 201
    assert (nginx.stored / name).read_bytes() == b"".join(pieces)


async def test_http2_reads_the_refusal_of_an_upload_that_is_too_large(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with over_http2(kind, "h2", certificates) as client:
        response = await client.post(f"{nginx.urls['h2']}/limited/hello.txt", content=files["large.bin"])
        after = await client.get(f"{nginx.urls['h2']}/hello.txt")
    assert response.status_code == 413
    assert after.content == files["hello.txt"]


async def test_http2_block_survives_going_away_after_twenty_requests(
    kind: Kind, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with over_http2(kind, "h2_few", certificates) as client, client.parallel() as parallel:
        for _ in range(50):
            parallel.get(f"{nginx.urls['h2_few']}/hello.txt")
        responses = [response async for response in parallel]
    assert [response.content for response in responses] == [files["hello.txt"]] * 50
    assert len({response.headers["x-connection"] for response in responses}) >= 3
