"""What responses of the engine tell about themselves."""

from __future__ import annotations

import pickle

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_the_parts_of_a_response(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/headers?X-One=1&X-Many=a&X-Many=b")
    assert response.status_code == 200
    assert response.reason_phrase == "OK"
    assert response.http_version == "HTTP/1.1"
    assert response.headers["x-one"] == "1"
    assert response.headers.get_list("x-many") == ["a", "b"]
    assert response.is_closed
    assert response.is_stream_consumed
    assert response.is_success
    assert response.url == response.request.url
    assert repr(response) == "<Response [200 OK]>"


async def test_the_request_of_a_response_is_what_was_sent(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.put(f"{server.http}/echo", json=[1], headers={"X-A": "b"})
    assert response.request.method == "PUT"
    assert response.request.content == b"[1]"
    echoed = [(name.lower(), value) for name, value in response.json()["headers"]]
    assert sorted(echoed) == sorted(
        (name.lower(), value) for name, value in response.request.headers.multi_items()
    )


async def test_elapsed_is_how_long_it_took(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/delay/100")
    assert 0.1 <= response.elapsed.total_seconds() < 10


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500, 599])
async def test_any_status_is_a_response(kind: Kind, server: Server, status: int) -> None:
    async with kind.client() as client:
        assert (await client.get(f"{server.http}/status/{status}")).status_code == status


async def test_interim_responses_are_passed_over(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/interim/103?count=3")
    assert response.status_code == 200


async def test_a_response_knows_the_size_of_what_came(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/gzip")
    assert response.num_bytes_downloaded != len(response.content)
    assert response.num_bytes_downloaded == int(response.headers["content-length"])


@pytest.mark.parametrize("long_way", [False, True])
async def test_the_default_encoding_is_used_if_none_is_named(
    kind: Kind, server: Server, long_way: bool
) -> None:
    async with kind.client(default_encoding="latin-1") as client:
        if long_way:
            client.cookies.set("a", "1")
        headers = {"Content-Type": "text/plain"}
        response = await client.post(f"{server.http}/echo-body", content=b"\xfc", headers=headers)
        assert response.text == "ü"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        response = await client.post(f"{server.http}/echo-body", content="ü".encode(), headers=headers)
        assert response.text == "ü"


async def test_the_default_encoding_may_be_a_function(kind: Kind, server: Server) -> None:
    async with kind.client(default_encoding=lambda _: "cp1252") as client:
        response = await client.post(f"{server.http}/echo-body", content=b"\x80")
    assert response.text == "€"


@pytest.mark.parametrize("path", ["/gzip", "/json", "/status/404", "/redirect/1"])
async def test_a_response_can_be_pickled(kind: Kind, server: Server, path: str) -> None:
    async with kind.client() as client:
        response = await client.post(server.http + path, content=b"sent")
    restored = pickle.loads(pickle.dumps(response))
    assert type(restored) is httparallel.Response
    assert restored.status_code == response.status_code
    assert restored.content == response.content
    assert restored.headers == response.headers
    assert restored.request.content == b"sent"
    assert restored.url == response.url
    assert restored.elapsed == response.elapsed
    assert restored.is_closed


async def test_a_streamed_response_can_be_pickled_once_read(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.send(client.build_request("GET", f"{server.http}/bytes/26"), stream=True)
        await response.aread()
    restored = pickle.loads(pickle.dumps(getattr(response, "_behind", response)))
    assert restored.content == response.content


async def test_trailers_are_passed_over(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/trailers?X-Late=1")
        assert response.content == b"abcdefghijklmnopqrstuvwxyz"
        assert (await client.get(server.http)).status_code == 200


async def test_a_body_without_length_ends_with_the_connection(kind: Kind, server: Server) -> None:
    with server.script("expect-request\nsend HTTP/1.1 200 OK\\r\\n\\r\\nuntil the end\nfinish\n") as script:
        async with kind.client() as client:
            assert (await client.get(script.url)).content == b"until the end"


async def test_http_1_0(kind: Kind, server: Server) -> None:
    text = "HTTP/1.0 200 Fine\\r\\n\\r\\nold"
    with server.script(f"expect-request\nsend {text}\nfinish\n") as script:
        async with kind.client() as client:
            response = await client.get(script.url)
    assert (response.http_version, response.reason_phrase, response.text) == ("HTTP/1.0", "Fine", "old")


async def test_a_large_body_is_the_same_in_one_piece_in_chunks_and_streamed(
    kind: Kind, server: Server
) -> None:
    size = 3_000_001
    async with kind.client() as client:
        whole = await client.get(f"{server.http}/bytes/{size}")
        chunked = await client.get(f"{server.http}/chunked/{size}?size=100000")
        async with client.stream("GET", f"{server.http}/bytes/{size}") as response:
            streamed = [piece async for piece in response.aiter_bytes()]
        async with client.stream("GET", f"{server.http}/bytes/{size}") as response:
            raw = [piece async for piece in response.aiter_raw()]
    assert len(whole.content) == size
    assert whole.num_bytes_downloaded == response.num_bytes_downloaded == size
    assert whole.content == chunked.content == b"".join(streamed) == b"".join(raw)
    assert whole.content is whole.content
    assert max(map(len, streamed + raw)) <= 65_536


async def test_large_bodies_of_many_requests_at_once_are_not_mixed_up(kind: Kind, server: Server) -> None:
    sizes = [2_000_000 + number for number in range(8)]
    async with kind.client() as client:
        async with client.parallel() as parallel:
            pending = [parallel.get(f"{server.http}/bytes/{size}") for size in sizes]
            bodies = [(await each.get_response()).content for each in pending]
        alone = [(await client.get(f"{server.http}/bytes/{size}")).content for size in sizes]
    assert [len(body) for body in bodies] == sizes
    assert bodies == alone
