"""One client in many threads, event loops and kinds of program."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
import trio
from testserver import Server

import httparallel


def test_one_client_is_shared_by_32_threads(server: Server) -> None:
    def fetch(number: int) -> int:
        if number % 10 == 0:
            with client.parallel() as parallel:
                return len(parallel.get(f"{server.http}/bytes/{number}").get_response().content)
        return len(client.get(f"{server.http}/bytes/{number}").content)

    with httparallel.Client() as client, ThreadPoolExecutor(32) as pool:
        assert list(pool.map(fetch, range(2_000))) == list(range(2_000))
        states = {state for _, _, state, _ in client._engine_transport._engine.connections()}  # type: ignore[union-attr]
        assert states == {"IDLE"}


def test_one_http2_connection_is_shared_by_32_threads(server: Server) -> None:
    server.reset()
    with httparallel.Client(http1=False, http2=True) as client, ThreadPoolExecutor(32) as pool:

        def fetch(number: int) -> int:
            return len(client.get(f"{server.h2c}/bytes/{number}").content)

        fetch(0)
        assert list(pool.map(fetch, range(500))) == list(range(500))
    assert server.stats()["connections_opened"] == 1


def test_threads_wait_for_few_connections_in_turn(server: Server) -> None:
    limits = httparallel.Limits(max_connections=2)
    with httparallel.Client(limits=limits, timeout=30) as client, ThreadPoolExecutor(16) as pool:

        def fetch(_: int) -> int:
            return client.get(f"{server.http}/delay/1").status_code

        assert list(pool.map(fetch, range(200))) == [200] * 200


def test_other_threads_run_while_a_request_waits(server: Server) -> None:
    waits = {
        "get": lambda: client.get(f"{server.http}/delay/150"),
        "block": lambda: parallel.get(f"{server.http}/delay/150").get_response(),
        "flow": lambda: client.get(f"{server.http}/delay/150", auth=("user", "secret")),
    }
    with httparallel.Client() as client, client.parallel() as parallel:
        for wait in waits.values():
            over = threading.Event()
            counted = 0

            def count(over: threading.Event = over) -> None:
                nonlocal counted
                while not over.is_set():
                    time.sleep(0.001)
                    counted += 1

            thread = threading.Thread(target=count)
            thread.start()
            wait()
            over.set()
            thread.join()
            assert counted > 20


def test_a_streamed_response_may_be_read_in_another_thread(server: Server) -> None:
    with httparallel.Client() as client, ThreadPoolExecutor() as pool:
        response = client.get(f"{server.http}/stream/5?size=100&interval_ms=10", stream=True)
        assert len(pool.submit(response.read).result()) == 500


def test_closing_the_client_ends_the_waits_of_other_threads(server: Server) -> None:
    server.reset()
    with ThreadPoolExecutor() as pool:
        client = httparallel.Client(timeout=None)
        waits = [pool.submit(client.get, f"{server.http}/hang") for _ in range(3)]
        while server.stats()["requests_active"] < 3:
            time.sleep(0.005)
        client.close()
        for wait in waits:
            with pytest.raises((httparallel.HTTPError, RuntimeError)):
                wait.result(timeout=5)


async def use(client: Any, url: str) -> None:
    assert (await client.get(url)).status_code == 200
    async with client.stream("GET", f"{url}/stream/3?size=10&interval_ms=5") as response:
        assert len(await response.aread()) == 30
    async with client.parallel() as parallel:
        for number in range(10):
            parallel.get(f"{url}/bytes/{number}")
        sizes = [len(response.content) async for response in parallel]
        assert sorted(sizes) == list(range(10))


def test_one_async_client_is_used_in_several_runs(server: Server) -> None:
    server.reset()
    client = httparallel.AsyncClient()
    for _ in range(5):
        asyncio.run(use(client, server.http))
        trio.run(use, client, server.http)
    asyncio.run(client.aclose())
    # Connections outlive the event loops.
    assert server.stats()["connections_opened"] <= 10


def test_one_async_client_is_used_by_loops_in_several_threads(server: Server) -> None:
    async def main() -> None:
        for _ in range(5):
            await use(client, server.http)

    client = httparallel.AsyncClient()
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(asyncio.run, main()) for _ in range(6)]
        runs += [pool.submit(trio.run, main) for _ in range(2)]
        for run in runs:
            run.result(timeout=20)
    asyncio.run(client.aclose())


def test_event_loops_that_are_over_leave_no_descriptors(server: Server) -> None:
    import gc
    import os

    client = httparallel.AsyncClient()

    def descriptors() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    asyncio.run(use(client, server.http))
    trio.run(use, client, server.http)
    before = descriptors()
    for _ in range(10):
        asyncio.run(use(client, server.http))
        trio.run(use, client, server.http)
    assert descriptors() <= before + 2
    asyncio.run(client.aclose())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio_needs_nothing_more(server: Server, backend: str) -> None:
    async def main() -> None:
        async with httparallel.AsyncClient() as client:
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(use, client, server.http)
            with anyio.move_on_after(0.05) as scope:
                await client.get(f"{server.http}/hang")
            assert scope.cancelled_caught
            await use(client, server.http)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])
@pytest.mark.parametrize("runner", ["asyncio", "trio"])
def test_a_synchronous_block_works_inside_a_running_event_loop(
    server: Server, runner: str, settings: dict[str, Any]
) -> None:
    # As a cell of a notebook has it.
    async def main() -> None:
        with httparallel.parallel(**settings) as parallel:
            pendings = [parallel.get(f"{server.http}/bytes/{number}") for number in range(5)]
            assert [len(pending.get_response().content) for pending in pendings] == list(range(5))
        assert httparallel.get(server.http).status_code == 200

    asyncio.run(main()) if runner == "asyncio" else trio.run(main)


def test_an_async_client_outside_of_an_event_loop_is_a_clear_error(server: Server) -> None:
    client = httparallel.AsyncClient()
    with pytest.raises(RuntimeError, match="no event loop is running"):
        client.get(server.http).send(None)
