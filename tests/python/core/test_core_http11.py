"""HTTP/1.1 connections over streams that Python carries: what they write, what they make of answers."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from kinds import Kind
from wires import http11

from httparallel.core import (
    ConnectionNotAvailable,
    LocalProtocolError,
    ReadError,
    RemoteProtocolError,
    WriteError,
)

URL = "http://example.com/path?query"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_sends_a_request_as_it_was_given(kind: Kind) -> None:
    connection, tape = http11(kind, OK)
    await connection.request("GET", URL, headers=[("X-Case", "a"), (b"x-case", b"b")])
    assert tape.sent == b"GET /path?query HTTP/1.1\r\nHost: example.com\r\nX-Case: a\r\nx-case: b\r\n\r\n"


async def test_sends_content_by_its_length(kind: Kind) -> None:
    connection, tape = http11(kind, OK)
    await connection.request("POST", URL, content=b"data")
    assert tape.sent.endswith(b"\r\nContent-Length: 4\r\n\r\ndata")


async def test_sends_content_of_unknown_length_in_chunks(kind: Kind) -> None:
    connection, tape = http11(kind, OK)
    await connection.request("POST", URL, content=kind.content([b"one", b"", b"three"]))
    assert tape.sent.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")


async def test_each_step_has_its_own_time_limit(kind: Kind) -> None:
    connection, tape = http11(kind, OK)
    timeout = {"connect": 1.0, "write": 2.0, "read": 3.0, "pool": 4.0}
    await connection.request("POST", URL, content=b"data", extensions={"timeout": timeout})
    assert tape.timeouts == [("write", 2.0), ("write", 2.0), ("read", 3.0)]


@pytest.mark.parametrize("content", [b"short", b"much too long"])
async def test_content_of_another_length_than_announced_ends_the_connection(
    kind: Kind, content: bytes
) -> None:
    connection, tape = http11(kind, OK)
    with pytest.raises(LocalProtocolError):
        await connection.request("POST", URL, headers={"Content-Length": "7"}, content=content)
    assert connection.is_closed()
    assert tape.is_closed


async def test_an_invalid_request_is_not_sent(kind: Kind) -> None:
    connection, tape = http11(kind, OK)
    with pytest.raises(LocalProtocolError):
        await connection.request("GET", URL, headers={"X": "a\r\nY: b"})
    assert tape.sent == b""


async def test_content_that_fails_ends_the_connection(kind: Kind) -> None:
    connection, _ = http11(kind, OK)

    def failing() -> Any:
        yield b"one"
        raise ZeroDivisionError

    async def afailing() -> Any:
        for piece in failing():
            yield piece

    with pytest.raises(ZeroDivisionError):
        await connection.request("POST", URL, content=afailing() if kind.is_async else failing())
    assert connection.is_closed()


async def test_an_answer_is_read_although_the_request_could_not_be_sent(kind: Kind) -> None:
    connection, _ = http11(kind, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    stream = connection._stream

    def refuse() -> None:
        raise WriteError("broken pipe")

    stream.write = lambda *_, **__: refuse()
    response = await connection.request("POST", URL, content=b"x" * 1000)
    assert response.status == 413
    # The server has not got the whole request, and would take the next one for the rest of it.
    assert connection.is_closed()


async def test_a_response_in_single_bytes(kind: Kind) -> None:
    raw = b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    connection, _ = http11(kind, *(bytes([byte]) for byte in raw))
    response = await connection.request("GET", URL)
    assert (response.status, response.content) == (200, b"abc")
    assert response.headers == [(b"X-A", b"1"), (b"Transfer-Encoding", b"chunked")]
    assert response.extensions["http_version"] == b"HTTP/1.1"
    assert response.extensions["reason_phrase"] == b"Fine"
    assert connection.is_idle()


@pytest.mark.parametrize(
    ("method", "answer"),
    [("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), ("GET", b"HTTP/1.1 204 No Content\r\n\r\n")],
)
async def test_some_responses_have_no_content(kind: Kind, method: str, answer: bytes) -> None:
    connection, _ = http11(kind, answer, OK)
    assert (await connection.request(method, URL)).content == b""
    assert (await connection.request("GET", URL)).content == b"ok"


async def test_a_connection_serves_one_request_after_another(kind: Kind) -> None:
    connection, _ = http11(kind, OK, OK)
    for number in (1, 2):
        assert (await connection.request("GET", URL)).content == b"ok"
        assert connection.info() == f"'http://example.com:80', HTTP/1.1, IDLE, Request Count: {number}"
    assert connection.is_available()
    assert connection.is_connected()
    assert not connection.can_multiplex()


async def test_a_connection_serves_one_request_at_a_time(kind: Kind) -> None:
    connection, _ = http11(kind, OK)
    async with connection.stream("GET", URL):
        with pytest.raises(ConnectionNotAvailable):
            await connection.request("GET", URL)
    # The response was not read to its end.
    assert connection.is_closed()


async def test_bytes_after_the_response_are_nobodys(kind: Kind) -> None:
    connection, tape = http11(kind, OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    assert (await connection.request("GET", URL)).content == b"ok"
    assert connection.is_closed()
    assert tape.is_closed


async def test_a_response_that_ends_early_fails(kind: Kind) -> None:
    connection, _ = http11(kind, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    async with connection.stream("GET", URL) as response:
        with pytest.raises(RemoteProtocolError):
            await response.aread()
    assert connection.is_closed()


async def test_no_response_at_all(kind: Kind) -> None:
    connection, _ = http11(kind)
    with pytest.raises(RemoteProtocolError, match="Server disconnected without sending a response"):
        await connection.request("GET", URL)


async def test_an_idle_connection_expires(kind: Kind) -> None:
    connection, _ = http11(kind, OK, keepalive_expiry=-1.0)
    assert not connection.has_expired()
    await connection.request("GET", URL)
    assert connection.has_expired()


async def test_an_idle_connection_on_which_the_server_speaks_has_expired(kind: Kind) -> None:
    connection, _ = http11(kind, OK)
    await connection.request("GET", URL)
    assert not connection.has_expired()
    connection._stream.get_extra_info = lambda name: name == "is_readable"
    assert connection.has_expired()


async def test_an_upgraded_connection_belongs_to_the_caller(kind: Kind) -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: toy\r\n\r\nearly"
    connection, tape = http11(kind, switching, b"late")
    headers = {"Connection": "upgrade", "Upgrade": "toy"}
    async with connection.stream("GET", URL, headers=headers) as response:
        stream = response.extensions["network_stream"]
        assert stream.get_extra_info("is_readable")
        read = [stream.read(3), stream.read(100), stream.read(100)]
        pieces = [await piece if kind.is_async else piece for piece in read]
        assert pieces == [b"ear", b"ly", b"late"]
        assert not stream.get_extra_info("is_readable")
        written = stream.write(b"hello")
        if kind.is_async:
            await written
    assert tape.written[-1] == b"hello"
    assert tape.is_closed


async def test_what_came_before_the_handshake_is_not_taken_for_what_is_inside_of_tls(kind: Kind) -> None:
    connection, _ = http11(kind, b"HTTP/1.1 200 OK\r\n\r\ninjected")
    async with connection.stream("CONNECT", "http://example.com:80") as response:
        stream = response.extensions["network_stream"]
        with pytest.raises(RuntimeError, match="ahead of the TLS handshake"):
            started = stream.start_tls(ssl.create_default_context(), "example.com", 1.0)
            if kind.is_async:
                await started


async def test_a_closed_connection_fails_its_response(kind: Kind) -> None:
    connection, _ = http11(kind, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok")
    async with connection.stream("GET", URL) as response:
        await connection.aclose()
        with pytest.raises(ReadError):
            await response.aread()
    assert connection.is_closed()
