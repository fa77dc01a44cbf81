"""Bodies arrive whole, described by the right headers, whatever they are made of."""

from __future__ import annotations

import io
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from kinds import Kind, async_only, sync_only
from testserver import Server

import httparallel


def described(response: httparallel.Response) -> dict[str, str]:
    """The headers by which the server was told about the body."""
    names = ("content-length", "content-type", "transfer-encoding")
    return {name.lower(): value for name, value in response.json()["headers"] if name.lower() in names}


async def test_json(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", json={"text": "ü", "list": [1, None]})
    assert response.json()["body"] == '{"text":"ü","list":[1,null]}'
    assert described(response) == {"content-length": "29", "content-type": "application/json"}


async def test_form_data(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", data={"a": "1 2", "b": ["x", "y"], "c": 3})
    assert parse_qs(response.json()["body"]) == {"a": ["1 2"], "b": ["x", "y"], "c": ["3"]}
    assert described(response)["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("content", [b"some bytes", "some bytes"])
async def test_bytes_and_text(kind: Kind, server: Server, content: bytes | str) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", content=content)
    assert response.json()["body"] == "some bytes"
    assert described(response) == {"content-length": "10"}


async def test_files(kind: Kind, server: Server) -> None:
    files = {"one": ("one.txt", b"first"), "two": ("two.bin", io.BytesIO(b"second"), "image/png")}
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", files=files, data={"field": "value"})
    body = response.json()["body"]
    headers = described(response)
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    boundary = headers["content-type"].partition("boundary=")[2]
    assert headers["content-length"] == str(len(body))
    assert body.count(f"--{boundary}\r\n") == 3
    assert 'name="field"\r\n\r\nvalue\r\n' in body
    assert 'name="one"; filename="one.txt"\r\nContent-Type: text/plain\r\n\r\nfirst\r\n' in body
    assert 'name="two"; filename="two.bin"\r\nContent-Type: image/png\r\n\r\nsecond\r\n' in body


async def test_a_generator_is_sent_in_chunks(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/echo", content=kind.content([b"one, ", b"", b"two"]))
    assert response.json()["body"] == "one, two"
    assert described(response) == {"transfer-encoding": "chunked"}


async def test_a_generator_of_known_length_is_sent_with_its_length(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(
            f"{server.http}/echo", content=kind.content([b"one", b"two"]), headers={"Content-Length": "6"}
        )
    assert response.json()["body"] == "onetwo"
    assert described(response) == {"content-length": "6"}


@sync_only
async def test_an_open_file_is_streamed(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.post(f"{server.http}/upload", content=io.BytesIO(b"\x01" * 300_000))
    assert response.json() == {"length": 300_000, "sum": 300_000}


@sync_only
async def test_a_list_of_pieces_is_streamed_and_can_be_sent_again(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        request = client.build_request("POST", f"{server.http}/echo", content=[b"a", b"b"])
        for _ in range(2):
            assert (await client.send(request)).json()["body"] == "ab"


async def test_a_large_stream_arrives_whole_over_each_protocol(kind: Kind, server: Server) -> None:
    pieces = [bytes([number % 256]) * 10_000 for number in range(300)]
    expected = {"length": 3_000_000, "sum": sum(map(sum, pieces))}
    for options, base in (({}, server.http), ({"http1": False, "http2": True}, server.h2c)):
        async with kind.client(**options) as client:
            response = await client.post(f"{base}/upload", content=kind.content(pieces))
        assert response.json() == expected


async def test_a_large_body_in_memory_arrives_whole_over_each_protocol(kind: Kind, server: Server) -> None:
    content = bytes(range(256)) * 20_000
    for options, base in (({}, server.http), ({"http1": False, "http2": True}, server.h2c)):
        async with kind.client(**options) as client:
            response = await client.post(f"{base}/echo-body", content=content)
        assert response.content == content


async def test_a_generator_that_raises_gives_the_request_up(kind: Kind, server: Server) -> None:
    def pieces() -> Any:
        yield b"first"
        raise LookupError("no second")

    async with kind.client() as client:
        with pytest.raises(LookupError, match="no second"):
            await client.post(f"{server.http}/echo", content=kind.content(pieces()))
        assert (await client.get(server.http)).status_code == 200


async def test_a_generator_of_something_else_than_bytes_is_a_type_error(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(TypeError):
            await client.post(f"{server.http}/echo", content=kind.content(["text"]))  # type: ignore[list-item]
        assert (await client.get(server.http)).status_code == 200


async def test_a_generator_cannot_be_sent_again(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        request = client.build_request("POST", f"{server.http}/echo", content=kind.content([b"once"]))
        await client.send(request)
        with pytest.raises(httparallel.StreamConsumed):
            await client.send(request)


@pytest.mark.parametrize("length", ["2", "4", "x"])
async def test_a_length_that_contradicts_the_content_is_refused(
    kind: Kind, server: Server, length: str
) -> None:
    async with kind.client() as client:
        for content in (b"abc", kind.content([b"a", b"bc"])):
            with pytest.raises(httparallel.LocalProtocolError) as raised:
                await client.post(f"{server.http}/echo", content=content, headers={"Content-Length": length})
            assert raised.value.request.headers["Content-Length"] == length
        assert (await client.get(server.http)).status_code == 200


async def test_a_slow_generator_uses_up_no_time_limit(kind: Kind, server: Server) -> None:
    async def apieces() -> Any:
        for _ in range(3):
            await kind.sleep(0.12)
            yield b"x"

    def pieces() -> Any:
        for _ in range(3):
            time.sleep(0.12)
            yield b"x"

    async with kind.client(timeout=0.1) as client:
        content = apieces() if kind.is_async else pieces()
        assert (await client.post(f"{server.http}/echo", content=content)).json()["body"] == "xxx"


async def test_an_early_answer_ends_the_upload(kind: Kind, server: Server) -> None:
    sent = 0

    def pieces() -> Any:
        nonlocal sent
        for _ in range(100_000):
            sent += 1
            yield b"x" * 10_000

    async with kind.client() as client:
        response = await client.post(
            f"{server.http}/early-413?linger_ms=2000", content=kind.content(pieces())
        )
    assert response.status_code == 413
    assert sent < 100_000


@async_only
async def test_an_async_client_refuses_a_synchronous_generator(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(RuntimeError, match="sync request"):
            await client.post(f"{server.http}/echo", content=(piece for piece in [b"x"]))


@sync_only
async def test_a_synchronous_client_refuses_an_async_generator(kind: Kind, server: Server) -> None:
    async def pieces() -> Any:
        yield b"x"

    async with kind.client() as client:
        with pytest.raises(RuntimeError, match="async request"):
            await client.post(f"{server.http}/echo", content=pieces())
