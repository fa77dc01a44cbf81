"""Pools: which request gets which connection, what is opened for it, and what is kept."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trio
from kinds import Kind, async_only
from pools import OwnAsyncBackend, OwnBackend, Program
from testserver import Server

from httparallel.core import (
    AsyncConnectionPool,
    ConnectError,
    ConnectionPool,
    ConnectTimeout,
    PoolTimeout,
    ReadError,
    RemoteProtocolError,
    Response,
)


@pytest.fixture(params=["engine", "own"])
def program(kind: Kind, request: pytest.FixtureRequest) -> Program:
    return Program(kind, request.param)


own = pytest.mark.parametrize("program", ["own"], indirect=True)


class Gate:
    """A backend whose connections are opened when a test says so, or fail."""

    def __init__(self, kind: Kind) -> None:
        self._behind: Any = OwnAsyncBackend() if kind.is_async else OwnBackend()
        self.attempts = 0
        self.slept: list[float] = []
        self.failures: list[Exception] = []
        self.hangs = 0
        if kind.is_async:
            self.connect_tcp, self.sleep = self._aconnect, self._asleep
        else:
            self.connect_tcp, self.sleep = self._connect, self.slept.append

    def _fail(self) -> None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)

    def _connect(self, *arguments: Any, **keywords: Any) -> Any:
        self._fail()
        return self._behind.connect_tcp(*arguments, **keywords)

    async def _aconnect(self, *arguments: Any, **keywords: Any) -> Any:
        self._fail()
        if self.hangs:
            self.hangs -= 1
            await (trio.sleep_forever() if trio.lowlevel.in_trio_run() else asyncio.Event().wait())
        return await self._behind.connect_tcp(*arguments, **keywords)

    async def _asleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def cancelled_when(kind: Kind, condition: Callable[[], bool], function: Callable[[], Any]) -> None:
    """Runs an async function, and cancels it as soon as a condition holds."""
    if kind.name == "trio":
        async with trio.open_nursery() as nursery:
            nursery.start_soon(function)
            await kind.until(condition)
            nursery.cancel_scope.cancel()
        return
    task = asyncio.create_task(function())
    await kind.until(condition)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


# Opening connections.


async def test_attempts_to_connect_are_repeated_after_a_while(kind: Kind, server: Server) -> None:
    gate = Gate(kind)
    async with Program(kind, "own").pool(network_backend=gate, retries=4) as pool:
        gate.failures = [ConnectError("refused"), ConnectTimeout("slow")] * 2
        assert (await pool.request("GET", server.http)).status == 200
        assert gate.slept == [0, 0.5, 1.0, 2.0]
        assert gate.attempts == 5


@own
async def test_requests_that_share_an_attempt_to_connect_fail_with_it(
    program: Program, server: Server
) -> None:
    gate = Gate(program.kind)
    async with program.pool(network_backend=gate, http1=False, http2=True) as pool:
        gate.failures = [ConnectError("refused")] * 3
        one = lambda: pool.request("GET", server.h2c)  # noqa: E731 - a request
        outcomes = await program.together([one] * 3)
        assert {type(outcome) for outcome in outcomes} <= {ConnectError, Response}
        assert any(isinstance(outcome, ConnectError) for outcome in outcomes)
        assert gate.attempts <= 3
        gate.failures = []
        assert (await pool.request("GET", server.h2c)).status == 200
        assert len(pool.connections) == 1


@async_only
@own
@pytest.mark.parametrize("http2", [False, True])
async def test_an_attempt_to_connect_outlives_the_request_that_made_it(
    program: Program, server: Server, http2: bool
) -> None:
    kind, gate, outcomes = program.kind, Gate(program.kind), []
    url = server.h2c if http2 else server.http
    gate.hangs = 1
    pool = program.pool(network_backend=gate, max_connections=1, http1=not http2, http2=http2)
    async with pool:

        async def one() -> None:
            outcomes.append(await pool.request("GET", url))

        async def both() -> None:
            await cancelled_when(kind, lambda: gate.attempts > 0 and len(pool.connections) > 0, one)

        async def later() -> None:
            await kind.until(lambda: gate.attempts == 1)
            await one()

        await program.together([both, later])
        assert [response.status for response in outcomes] == [200]
        assert len(pool.connections) == 1
        assert "Requests: 0 active, 0 queued" in repr(pool)


async def test_waiting_for_a_connection_has_a_time_limit(program: Program, server: Server) -> None:
    async with program.pool(max_connections=1) as pool:
        async with pool.stream("GET", f"{server.http}/bytes/1000000"):
            with pytest.raises(PoolTimeout):
                await pool.request("GET", server.http, extensions={"timeout": {"pool": 0.05}})
        assert (await pool.request("GET", server.http, extensions={"timeout": {"pool": 5.0}})).status == 200


@own
async def test_requests_that_wait_when_the_pool_is_closed_fail(program: Program, server: Server) -> None:
    pool = program.pool(max_connections=1)

    async def held() -> Any:
        async with pool.stream("GET", f"{server.http}/bytes/10"):
            await program.kind.until(lambda: "1 queued" in repr(pool))
            await pool.aclose()

    async def waiting() -> Any:
        await program.kind.until(lambda: "1 active" in repr(pool))
        return await pool.request("GET", server.http)

    outcomes = await program.together([held, waiting])
    assert isinstance(outcomes[1], RuntimeError)
    assert pool.connections == []


# Keeping connections.


@own
async def test_idle_connections_above_the_limit_are_closed(program: Program, server: Server) -> None:
    async with program.pool(max_keepalive_connections=2) as pool:
        one = lambda: pool.request("GET", f"{server.http}/delay/50")  # noqa: E731 - a request
        await program.together([one] * 6)
        assert len(pool.connections) == 2


@own
@pytest.mark.parametrize("arguments", [{"keepalive_expiry": 0.0}, {"max_keepalive_connections": 0}])
async def test_connections_may_not_idle(program: Program, server: Server, arguments: Any) -> None:
    server.reset()
    async with program.pool(**arguments) as pool:
        for _ in range(3):
            await pool.request("GET", server.http)
            assert pool.connections == []
    assert server.stats()["connections_opened"] == 3


async def test_an_idle_connection_makes_room_for_another_origin(program: Program, server: Server) -> None:
    async with program.pool(max_connections=1) as pool:
        for _ in range(2):
            for url in (server.http, server.h2c):
                with suppress(RemoteProtocolError):
                    await pool.request("GET", url, extensions={"timeout": {"pool": 5.0}})
            assert len(pool.connections) <= 1


@own
async def test_a_lost_request_is_sent_again_only_if_that_does_no_harm(
    program: Program, server: Server
) -> None:
    # The second request on a connection is read, and not answered.
    answered = "expect-request\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\n"
    with server.script(answered + "expect-request\nclose\nconnection\n" + answered + "forever\n") as script:
        async with program.pool() as pool:
            await pool.request("GET", script.url)
            assert (await pool.request("GET", script.url)).content == b"ok"
    with server.script(answered + "expect-request\nclose\nconnection\n" + answered + "forever\n") as script:
        async with program.pool() as pool:
            await pool.request("GET", script.url)
            with pytest.raises((RemoteProtocolError, ReadError)):
                await pool.request("POST", script.url, content=b"data")


def test_a_pool_that_nobody_closes_leaves_no_socket(server: Server) -> None:
    pool = ConnectionPool(network_backend=OwnBackend())
    pool.request("GET", server.http)
    del pool
    gc.collect()
    for run in (asyncio.run, trio.run):
        apool = AsyncConnectionPool(network_backend=OwnAsyncBackend())

        async def main(used: AsyncConnectionPool = apool) -> None:
            await used.request("GET", server.http)

        run(main) if run is trio.run else run(main())
        del apool, main
        # A ResourceWarning would be an error.
        gc.collect()
