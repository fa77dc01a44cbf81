"""More of what users of httpcore have run into: what is left in the middle, collected, closed, forked.

As in `test_core_demand`: one test for each row of the list, with httpcore's fault in a comment.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from kinds import Kind, sync_only
from pools import Program, is_fine
from testserver import Server

from httparallel.core import AsyncConnectionPool


async def test_13_a_response_may_be_left_in_the_middle(program: Program, server: Server) -> None:
    # Iterators that nobody had finished were ended by the garbage collector, in no task: RuntimeErrors about
    # generators and cancel scopes came out of nowhere, on trio above all.
    async with program.pool(max_connections=1) as pool:
        for _ in range(3):
            async with pool.stream("GET", f"{server.http}/bytes/3000000") as response:
                pieces = response.aiter_stream()
                assert await anext(pieces)
                await pieces.aclose()
            with pytest.raises(ZeroDivisionError):
                async with pool.stream("GET", f"{server.http}/chunked/100000") as response:
                    raise ZeroDivisionError
            with suppress(KeyError):
                async with pool.stream("GET", f"{server.http}/stream/50"):
                    raise KeyError
        assert is_fine(await pool.request("GET", server.http))
        assert len(pool.connections) == 1
    gc.collect()


@sync_only
@pytest.mark.parametrize("http2", [False, True])
def test_14_the_garbage_collector_may_end_responses_anywhere(
    program: Program, server: Server, http2: bool
) -> None:
    # It closed a forgotten response in a thread that held the pool's lock already, and waited for it forever.
    base = server.h2c if http2 else server.http
    pool: Any = program.pool(http1=not http2, http2=http2, max_connections=3)._behind
    extensions = {"timeout": {"pool": 5.0, "read": 5.0}}
    calls = 0
    forgotten: list[Any] = []

    def collect(frame: FrameType, event: str, _: object) -> None:
        """Does as the garbage collector does, in the middle of the `position`th function of the package."""
        nonlocal calls
        if event == "call" and "/httparallel/" in frame.f_code.co_filename:
            calls += 1
            if calls == position and forgotten:
                forgotten.pop().close()

    position = 0
    while position <= calls:
        calls, position = 0, position + 1
        stream = pool.stream("GET", f"{base}/bytes/100000", extensions=extensions)
        forgotten.append(stream.__enter__())
        sys.setprofile(collect)
        try:
            response = pool.request("GET", base, extensions=extensions)
        finally:
            sys.setprofile(None)
        assert is_fine(response), position
        while forgotten:
            forgotten.pop().close()
    assert position > 5
    pool.close()


async def test_15_a_connection_is_not_closed_under_the_request_that_got_it(
    program: Program, server: Server
) -> None:
    # A connection above `max_keepalive_connections`, or of another origin, was closed after a waiting request
    # had been given it.
    origins = [server.http, server.h2c, server.proxy]
    async with program.pool(max_connections=2, max_keepalive_connections=1) as pool:

        async def several(number: int) -> Any:
            return [
                await pool.request("GET", f"{origins[(number + turn) % len(origins)]}/bytes/{turn}")
                for turn in range(10)
            ]

        outcomes = await program.together([lambda n=n: several(n) for n in range(12)])
        for responses in outcomes:
            assert not isinstance(responses, Exception), responses
            assert [len(response.content) for response in responses] == list(range(10))
        await program.kind.until(lambda: len(pool.connections) <= 1)


@pytest.mark.parametrize("driver", ["engine", "own"])
def test_16_a_pool_serves_one_event_loop_after_another(server: Server, driver: str) -> None:
    # It gave the second loop a connection of the first one: "Event loop is closed".
    pool: AsyncConnectionPool | None = None

    async def use(program: Program) -> None:
        nonlocal pool
        pool = pool or program.pool()
        for _ in range(2):
            assert is_fine(await pool.request("GET", server.http))

    async def leave(program: Program) -> None:
        await use(program)
        assert pool is not None
        await pool.aclose()

    for function, name in ((use, "asyncio"), (use, "trio"), (use, "asyncio"), (leave, "trio")):
        kind = Kind(name)
        kind.run(function, program=Program(kind, driver))
    gc.collect()


FORK = """
import os, sys
sys.path[:0] = sys.argv[2:]
from kinds import Kind
from pools import Program, is_fine

url = sys.argv[1]
program = Program(Kind("sync"), "{driver}")
pool = program.pool()._behind

def use():
    for _ in range(3):
        assert pool.request("GET", url).content == b"Hello, world!"

use()
with pool.stream("GET", url + "/bytes/300000") as response:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            use()
            pool.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "the child failed"
    assert len(response.read()) == 300000
use()
pool.close()
print("both")
"""


@pytest.mark.parametrize("driver", ["engine", "own"])
def test_18_parent_and_child_go_on_after_a_fork(server: Server, driver: str) -> None:
    # Both wrote into the same connections, and each read answers to the other's requests.
    paths = [path for path in sys.path if path]
    command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c"]
    source = FORK.replace("{driver}", driver)
    finished = subprocess.run(
        [*command, source, server.http, *paths], capture_output=True, text=True, timeout=20
    )
    assert (finished.stdout, finished.stderr) == ("both\n", ""), finished.stderr


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """What a test has left unclosed warns in that test, and not in one that comes later."""
    yield
    gc.collect()
