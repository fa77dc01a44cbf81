"""HTTP/2 connections over streams that Python carries: many requests at once, none in another one's way."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest
import trio
from frames import GOAWAY, RST_STREAM, SETTINGS, answer, frame
from kinds import Kind, async_only
from pools import Program
from testserver import Server
from wires import http2

from httparallel.core import (
    ConnectionNotAvailable,
    LocalProtocolError,
    PoolTimeout,
    ReadTimeout,
    RemoteProtocolError,
    Request,
    Response,
)

URL = "http://example.com/"


@pytest.fixture
def program(kind: Kind) -> Program:
    return Program(kind, "own")


@pytest.fixture
def pool(program: Program) -> Any:
    """A pool of one HTTP/2 connection."""
    return program.pool(http1=False, http2=True, max_connections=1)


async def test_a_connection_serves_one_request_after_another(kind: Kind) -> None:
    connection, tape = http2(kind, frame(SETTINGS, 0, 0), *answer(1), *answer(3, b"next"))
    assert (await connection.request("GET", URL)).content == b"ok"
    response = await connection.request("GET", URL)
    assert response.content == b"next"
    assert response.extensions["stream_id"] == 3
    assert response.extensions["http_version"] == b"HTTP/2"
    assert connection.info() == "'http://example.com:80', HTTP/2, IDLE, Request Count: 2"
    assert connection.can_multiplex()
    # RFC 9113, section 3.4.
    assert tape.sent.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


async def handled(kind: Kind, connection: Any, request: Request) -> Any:
    """The response to a request that is sent as it is."""
    if kind.is_async:
        return await connection.handle_async_request(request)
    return connection.handle_request(request)


async def test_a_request_needs_a_host(kind: Kind) -> None:
    connection, tape = http2(kind)
    with pytest.raises(LocalProtocolError, match="Host"):
        await handled(kind, connection, Request("GET", URL))
    assert tape.sent == b""


async def test_a_reset_stream_fails_alone(kind: Kind) -> None:
    reset = frame(RST_STREAM, 0, 1, (2).to_bytes(4, "big"))
    connection, _ = http2(kind, frame(SETTINGS, 0, 0), reset, *answer(3))
    with pytest.raises(RemoteProtocolError):
        await connection.request("GET", URL)
    assert (await connection.request("GET", URL)).content == b"ok"


async def test_a_request_above_the_last_one_of_goaway_can_be_sent_elsewhere(kind: Kind) -> None:
    goaway = frame(GOAWAY, 0, 0, (1).to_bytes(4, "big") + bytes(4))
    connection, _ = http2(kind, frame(SETTINGS, 0, 0), *answer(1), goaway)
    await connection.request("GET", URL)
    with pytest.raises(ConnectionNotAvailable):
        await connection.request("GET", URL)
    assert connection.is_closed()


async def test_requests_at_once_get_their_own_answers(program: Program, pool: Any, server: Server) -> None:
    async def one(length: int) -> tuple[int, int]:
        response = await pool.request("GET", f"{server.h2c}/bytes/{length}")
        return length, len(response.content)

    async with pool:
        lengths = [number * 7919 % 200_000 for number in range(40)]
        outcomes = await program.together([partial(one, length) for length in lengths])
        assert outcomes == [(length, length) for length in lengths]
        (connection,) = pool.connections
        assert connection.info().endswith("HTTP/2, IDLE, Request Count: 40")


async def test_content_larger_than_the_servers_window(program: Program, pool: Any, server: Server) -> None:
    content = bytes(range(256)) * 2000

    async def one(as_stream: bool) -> Any:
        given = program.kind.content([content[:300_000], content[300_000:]]) if as_stream else content
        response = await pool.request("POST", f"{server.h2c}/upload", content=given)
        return json.loads(response.content)

    async with pool:
        outcomes = await program.together([partial(one, bool(number % 2)) for number in range(6)])
    assert outcomes == [{"length": len(content), "sum": sum(content) % 2**32}] * 6


async def test_an_answer_that_does_not_wait_for_the_content(pool: Any, server: Server) -> None:
    async with pool:
        response = await pool.request("POST", f"{server.h2c}/early-413", content=b"x" * 1_000_000)
        assert response.status == 413
        assert (await pool.request("GET", server.h2c)).status == 200


async def test_a_time_limit_for_reading_is_that_of_one_request(
    program: Program, pool: Any, server: Server
) -> None:
    async def hanging() -> Any:
        return await pool.request("GET", f"{server.h2c}/hang", extensions={"timeout": {"read": 0.2}})

    async def slow() -> Any:
        return await pool.request("GET", f"{server.h2c}/delay/600", extensions={"timeout": {"read": 5.0}})

    async with pool:
        await pool.request("GET", server.h2c)
        server.reset()
        # Whoever comes first reads for the others.
        outcomes = await program.together([hanging, slow, hanging, slow])
        assert [type(outcome) for outcome in outcomes] == [ReadTimeout, Response] * 2
        assert server.stats()["connections_opened"] == 0


@async_only
async def test_the_one_that_reads_for_all_may_be_cancelled(
    program: Program, pool: Any, server: Server
) -> None:
    async def one(delay: int) -> Any:
        return await pool.request("GET", f"{server.h2c}/delay/{delay}")

    async def cancelled(seconds: float) -> None:
        if program.kind.name == "trio":
            with trio.move_on_after(seconds):
                await one(5000)
            return
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await one(5000)

    async with pool:
        await pool.request("GET", server.h2c)
        server.reset()
        functions = [partial(cancelled, seconds) for seconds in (0.05, 0.1, 0.15)]
        outcomes = await program.together([*functions, partial(one, 400), partial(one, 300)])
        assert [getattr(outcome, "status", None) for outcome in outcomes] == [None, None, None, 200, 200]
        await program.kind.until(lambda: server.stats()["rst_received"] == 3)
        assert server.stats()["connections_opened"] == 0


async def test_a_refused_request_is_sent_again(pool: Any, server: Server) -> None:
    async with pool:
        url = f"{server.h2c}/refuse-first?id=refused-{id(pool)}"
        # It was certainly not processed, whatever its method.
        assert (await pool.request("POST", url, content=b"data")).status == 200


async def test_content_that_is_gone_is_not_sent_again(kind: Kind, pool: Any, server: Server) -> None:
    async with pool:
        url = f"{server.h2c}/refuse-first?id=gone-{id(pool)}"
        with pytest.raises(RemoteProtocolError):
            await pool.request("POST", url, content=kind.content([b"data"]))


async def test_a_server_that_refuses_for_ever_is_not_asked_for_ever(pool: Any, server: Server) -> None:
    async with pool:
        with pytest.raises(RemoteProtocolError):
            await pool.request("GET", f"{server.h2c}/refuse-first?id=ever-{id(pool)}&times=1000")


async def test_after_goaway_a_new_connection_is_opened(pool: Any, server: Server) -> None:
    async with pool:
        assert (await pool.request("GET", f"{server.h2c}/small?goaway=1")).status == 200
        responses = [await pool.request("GET", server.h2c) for _ in range(3)]
        assert [response.status for response in responses] == [200] * 3
        assert len(pool.connections) == 1


async def test_a_connection_without_a_pool_waits_for_room(
    kind: Kind, program: Program, server: Server
) -> None:
    async with program.pool(http1=False, http2=True) as pool:
        await pool.request("GET", server.h2c_limited)
        (connection,) = pool.connections
        inner = connection._connection
        # The limit has come with the first response.
        assert inner.limits() == (2, False)

        async def send(path: str, **timeout: float) -> Any:
            url, headers = f"{server.h2c_limited}{path}", {"Host": "localhost"}
            request = Request("GET", url, headers=headers, extensions={"timeout": timeout})
            return await handled(kind, inner, request)

        held = [await send("/bytes/10"), await send("/bytes/10")]
        assert not inner.is_available()
        with pytest.raises(PoolTimeout):
            await send("/small", pool=0.05)
        closed = held[0].aclose() if kind.is_async else held[0].close()
        if kind.is_async:
            await closed
        assert (await send("/small", pool=5.0)).status == 200


@pytest.mark.parametrize("farewell", ["frame 7 0 0 \\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\n", ""])
async def test_what_the_server_said_meanwhile_is_heard_before_the_next_request(
    kind: Kind, pool: Any, server: Server, farewell: str
) -> None:
    answered = "expect-bytes 24\nframe 4 0 0 \nexpect-frame 1\nframe 1 5 1 \\x88\n"
    with server.script(f"{answered}wait bye\n{farewell}close\nconnection\n{answered}forever\n") as script:
        async with pool:
            assert (await pool.request("POST", script.url, content=b"")).status == 200
            (first,) = pool.connections
            script.signal("bye")
            await kind.until(lambda: first._connection.wire.stream.get_extra_info("is_readable"))
            # Nothing of it was sent on the connection that is gone, so that it is not in doubt.
            assert (await pool.request("POST", script.url, content=b"")).status == 200
            assert pool.connections != [first]
