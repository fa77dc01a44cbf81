"""What users of httpcore have asked for, or have run into, holds here: one test for each row of that list.

A comment says what went wrong, or still goes wrong, in httpcore. Each test runs for synchronous code, on
asyncio and on trio, and for pools on the engine as well as over a backend that a program brings along.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
import trio
from frames import SETTINGS, answer, frame
from kinds import Kind, async_only, sync_only
from pools import Program, is_fine
from testserver import Server
from wires import ORIGIN

from httparallel.core import (
    AsyncHTTP2Connection,
    AsyncMockStream,
    ConnectionPool,
    HTTPConnection,
    PoolTimeout,
    Response,
)
from httparallel.core import Request as CoreRequest


async def cancelled_after(kind: Kind, seconds: float, function: Callable[[], Any]) -> None:
    """Runs an async function as a task of its own, and cancels it after that time."""
    if kind.name == "trio":
        with trio.move_on_after(seconds):
            await function()
        return
    task = asyncio.create_task(function())
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Work:
    """How many functions Python calls in this thread, inside of a block."""

    def __init__(self) -> None:
        self.calls = 0

    def __enter__(self) -> Work:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        del frame
        self.calls += event in ("call", "c_call")


async def test_1_the_cost_of_a_request_does_not_grow_with_the_number_of_connections(
    program: Program, server: Server
) -> None:
    # Every request that came or went looked at all connections and at all waiting requests: at 300 at once,
    # one took nine times the calls that it took at 10. (The engine's own tests of its pool count in the same
    # way, in slots that are looked at: `cost.rs`.)
    async def cost(connections: int) -> float:
        work = Work()
        async with program.pool(max_connections=None) as pool:
            for _ in range(2):
                # The first time on new connections, the second on idle ones.
                streams = [pool.stream("GET", f"{server.http}/small") for _ in range(connections)]
                with work:
                    responses = [await stream.__aenter__() for stream in streams]
                assert len(pool.connections) == connections
                with work:
                    for stream, response in zip(streams, responses, strict=True):
                        await response.aread()
                        await stream.__aexit__(None, None, None)
                await program.kind.until(lambda: all(each.is_idle() for each in pool.connections))
        return work.calls / connections

    assert await cost(1_000) < 1.5 * await cost(10)


@async_only
async def test_1_the_cost_of_a_request_does_not_grow_with_the_number_that_wait(
    program: Program, server: Server
) -> None:
    async def cost(at_once: int) -> float:
        work = Work()
        async with program.pool() as pool:
            with work:
                outcomes = await program.together([lambda: pool.request("GET", server.http)] * at_once)
        assert all(map(is_fine, outcomes))
        return work.calls / at_once

    # With ten connections, which cost something by themselves.
    assert await cost(1_000) < 1.5 * await cost(20)


class OneByOne(AsyncMockStream):
    """Reads one answer at a time, when all requests have been sent."""

    def __init__(self, kind: Kind, count: int) -> None:
        answers = [b"".join(answer(2 * number + 1)) for number in range(count)]
        super().__init__([frame(SETTINGS, 0, 0), *answers])
        self._kind = kind
        self.are_sent: Callable[[], bool] = lambda: False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        await self._kind.sleep(0)
        while not self.are_sent():
            await self._kind.sleep(0)
        return await super().read(max_bytes, timeout)


@async_only
async def test_1_the_cost_of_a_response_does_not_grow_with_the_number_of_streams(kind: Kind) -> None:
    # Of those who share a connection, each looked at what had come for another one.
    async def cost(streams: int) -> float:
        stream, work = OneByOne(kind, streams), Work()
        connection = AsyncHTTP2Connection(ORIGIN, stream)
        stream.are_sent = lambda: f"Request Count: {streams}" in connection.info()
        with work:
            request = [lambda: connection.request("GET", "http://example.com/")]
            outcomes = await Program(kind, "own").together(request * streams)
        assert all(map(is_fine, outcomes))
        return work.calls / streams

    # As many as a server has allowed that has not said otherwise.
    assert await cost(100) < 1.1 * await cost(10)


@sync_only
@pytest.mark.parametrize("program", ["own"], indirect=True)
async def test_2_a_waiting_request_is_given_a_connection_once(program: Program, server: Server) -> None:
    # One connection that became idle was given to all waiting requests, and all but one of them had to begin
    # again: quadratic work.
    handled: list[CoreRequest] = []

    class Counting(HTTPConnection):
        def handle_request(self, request: CoreRequest) -> Response:
            handled.append(request)
            return super().handle_request(request)

    class Pool(ConnectionPool):
        def create_connection(self, origin: Any) -> Any:
            return Counting(origin)

    with Pool(max_connections=2) as pool:

        async def one() -> Any:
            return pool.request("GET", f"{server.http}/small")

        outcomes = await program.together([one] * 40)
    assert all(map(is_fine, outcomes))
    assert len(handled) == 40


@async_only
async def test_3_cancelled_requests_leave_their_slots(program: Program, server: Server) -> None:
    # A request that was cancelled while it waited, or while its connection was opened, left the pool with a
    # connection that nobody would ever open: after as many as `max_connections`, each request timed out.
    async with program.pool(max_connections=3) as pool:
        for seconds in (0, 0.001, 0.005, 0.02, 0.05):

            async def one(seconds: float = seconds) -> None:
                await cancelled_after(
                    program.kind, seconds, lambda: pool.request("GET", f"{server.http}/delay/30")
                )

            await program.together([one] * 12)
        timeout = {"pool": 2.0, "connect": 2.0, "read": 2.0}
        responses = await program.together(
            [lambda: pool.request("GET", server.http, extensions={"timeout": timeout})] * 6
        )
        assert all(map(is_fine, responses))
        assert len(pool.connections) <= 3


@async_only
async def test_4_a_cancelled_http2_request_resets_its_stream(program: Program, server: Server) -> None:
    # Nothing was sent, the server went on, and its limit of streams was used up for good.
    async with program.pool(http1=False, http2=True, max_connections=1) as pool:
        await pool.request("GET", server.h2c_limited)
        server.reset()

        async def one() -> None:
            await cancelled_after(
                program.kind, 0.1, lambda: pool.request("GET", f"{server.h2c_limited}/hang")
            )

        await program.together([one] * 2)
        await program.kind.until(lambda: server.stats()["rst_received"] == 2)
        timeout = {"pool": 2.0, "read": 2.0}
        for _ in range(5):
            extensions = {"timeout": timeout}
            assert is_fine(await pool.request("GET", server.h2c_limited, extensions=extensions))
        assert server.stats()["connections_opened"] == 0


async def test_5_one_http2_connection_serves_many_threads(program: Program, server: Server) -> None:
    # The state of a connection was changed by threads in the middle of each other's changes: of the 2,000
    # requests that 40 threads sent like this, 230 were answered.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        async with program.pool(http1=False, http2=True, max_connections=1) as pool:

            async def several() -> Any:
                return [
                    await pool.request("POST", f"{server.h2c}/echo-body", content=b"%d" % number * 100)
                    for number in range(50)
                ]

            outcomes = await program.together([several] * 40)
    finally:
        sys.setswitchinterval(interval)
    for responses in outcomes:
        assert not isinstance(responses, Exception), responses
        assert [response.content for response in responses] == [b"%d" % n * 100 for n in range(50)]


async def test_6_more_requests_than_connections_only_wait(program: Program, server: Server) -> None:
    # Waiting for a turn is no failure. It became one with default time limits that take a busy pool for a
    # broken one; the low level has none, and where it is given one, each turn that comes in time counts.
    async with program.pool(max_connections=3) as pool:
        extensions = {"timeout": {"pool": 5.0}}
        request = [lambda: pool.request("GET", f"{server.http}/delay/5", extensions=extensions)]
        assert all(map(is_fine, await program.together(request * 60)))
        assert len(pool.connections) <= 3


async def test_7_http2_requests_above_the_peers_limit_get_a_second_connection(
    program: Program, server: Server
) -> None:
    # They waited, without any time limit, for streams of the one connection there was.
    async with program.pool(http1=False, http2=True) as pool:
        await pool.request("GET", server.h2c_limited)
        server.reset()
        request = [lambda: pool.request("GET", f"{server.h2c_limited}/delay/150")]
        assert all(map(is_fine, await program.together(request * 6)))
        # Of the four that it has no stream for, two may have come to the second, and two to a third.
        assert server.stats()["connections_opened"] in (1, 2)


async def test_7_waiting_for_a_stream_has_the_time_limit_of_the_pool(
    program: Program, server: Server
) -> None:
    async with program.pool(http1=False, http2=True, max_connections=1) as pool:
        await pool.request("GET", server.h2c_limited)
        extensions = {"timeout": {"pool": 0.1}}
        request = [lambda: pool.request("GET", f"{server.h2c_limited}/delay/600", extensions=extensions)]
        outcomes = await program.together(request * 3)
        assert sorted(map(is_fine, outcomes)) == [False, True, True]
        assert any(isinstance(outcome, PoolTimeout) for outcome in outcomes)


async def test_8_requests_go_on_elsewhere_after_goaway(program: Program, server: Server) -> None:
    # A server that shuts a connection down in all politeness made the requests fail that it had not begun.
    async with program.pool(http1=False, http2=True) as pool:

        async def several() -> Any:
            return [
                await pool.request("POST", f"{server.h2c}/small?goaway=1", content=b"x") for _ in range(5)
            ]

        outcomes = await program.together([several] * 6)
        for responses in outcomes:
            assert not isinstance(responses, Exception), responses
            assert all(map(is_fine, responses))


async def test_9_a_connection_that_the_server_has_closed_is_replaced(
    program: Program, server: Server
) -> None:
    # The request was written to it all the same, and failed as "Server disconnected".
    async with program.pool() as pool:
        for _ in range(4):
            assert is_fine(await pool.request("GET", f"{server.http}/keepalive-close?after_ms=0"))
        # Whether the end is seen before the request is written or after it is a matter of luck, so both.
        await program.kind.sleep(0.02)
        assert is_fine(await pool.request("GET", server.http))
        script = (
            "expect-request\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\nexpect-request\nclose"
        )
        with server.script(script) as scripted:
            for _ in range(3):
                assert (await pool.request("GET", scripted.url)).content == b"ok"
