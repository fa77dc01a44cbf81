"""Leaving a parallel block: what is pending is cancelled, and gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import trio
from kinds import Kind, async_only
from testserver import Server

import httparallel

WAYS = pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])


async def start(kind: Kind, server: Server, parallel: Any, count: int = 3) -> list[Any]:
    """Requests that the server does not answer, and has got."""
    pendings = [parallel.get(f"{server.http}/hang") for _ in range(count)]
    for pending in pendings:
        await pending
    await kind.until(lambda: server.stats()["requests_active"] == count)
    return pendings


@WAYS
async def test_leaving_cancels_what_is_pending(kind: Kind, server: Server, settings: dict[str, Any]) -> None:
    async with kind.client(**settings) as client:
        async with client.parallel() as parallel:
            server.reset()
            pendings = await start(kind, server, parallel)
        assert client._engine_transport._engine.connections() == []
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert server.stats()["connections_open"] == 0
        for pending in pendings:
            with pytest.raises(httparallel.RequestCancelled) as raised:
                await pending.get_response()
            assert raised.value.request.url.path == "/hang"


@WAYS
async def test_an_exception_that_leaves_the_block_cancels_too(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client:
        with pytest.raises(KeyError):
            async with client.parallel() as parallel:
                server.reset()
                await start(kind, server, parallel)
                raise KeyError
        assert client._engine_transport._engine.connections() == []
        await kind.until(lambda: server.stats()["requests_active"] == 0)


@WAYS
@async_only
async def test_a_cancellation_that_leaves_the_block_cancels_too(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client:

        async def wait() -> None:
            async with client.parallel() as parallel:
                await start(kind, server, parallel)
                await parallel.next_response()

        server.reset()
        if kind.name == "asyncio":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wait(), 0.3)
        else:
            with trio.move_on_after(0.3) as scope:
                await wait()
            assert scope.cancelled_caught
        assert client._engine_transport._engine.connections() == []
        await kind.until(lambda: server.stats()["requests_active"] == 0)


async def test_connections_that_are_not_in_use_are_kept(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.parallel() as parallel:
            await parallel.get(server.http).get_response()
            parallel.get(f"{server.http}/hang")
        states = [state for _, _, state, _ in client._engine_transport._engine.connections()]
        assert states in ([], ["IDLE"])
        server.reset()
        assert (await client.get(server.http)).status_code == 200
        assert server.stats()["connections_opened"] == 1 - len(states)


async def test_a_response_that_was_there_can_be_had_after_the_block(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.parallel() as parallel:
            pending = parallel.get(server.http)
            await kind.until(lambda: pending.done)
        assert (await pending.get_response()).text == "Hello, world!"
        assert await pending.get_response() is await pending.get_response()


async def test_an_error_that_was_there_can_be_had_after_the_block(kind: Kind) -> None:
    async with kind.client() as client:
        async with client.parallel() as parallel:
            pending = parallel.get("http://127.0.0.1:1/")
            await kind.until(lambda: pending.done)
        with pytest.raises(httparallel.ConnectError) as raised:
            await pending.get_response()
        assert raised.value.request.url.port == 1


async def test_nothing_is_pending_after_the_block(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.parallel() as parallel:
            parallel.get(f"{server.http}/hang")
        assert not parallel.has_pending_responses
        assert len(parallel) == 0
        for _ in range(2):
            with pytest.raises(RuntimeError, match="has ended"):
                await parallel.next_response()
        with pytest.raises(RuntimeError, match="has ended"):
            parallel.get(server.http)


async def test_requests_that_never_had_their_turn_are_cancelled_too(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client:
        async with client.parallel(max_concurrency=1) as parallel:
            pendings = [parallel.get(f"{server.http}/hang") for _ in range(5)]
            await kind.until(lambda: server.stats()["requests_active"] == 1)
        for pending in pendings:
            with pytest.raises(httparallel.RequestCancelled):
                await pending.get_response()
    await kind.until(lambda: server.stats()["requests_active"] == 0)
    assert server.stats()["requests"] == 1


async def test_http2_streams_are_reset_and_their_connection_goes_on(kind: Kind, server: Server) -> None:
    async with kind.client(http1=False, http2=True) as client:
        assert (await client.get(server.h2c)).http_version == "HTTP/2"
        server.reset()
        async with client.parallel() as parallel:
            for _ in range(4):
                parallel.get(f"{server.h2c}/hang")
            await kind.until(lambda: server.stats()["requests_active"] == 4)
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert (await client.get(server.h2c)).status_code == 200
        stats = server.stats()
        assert stats["rst_received"] == 4
        assert stats["connections_opened"] == 0


async def test_blocks_can_be_left_again_and_again(kind: Kind, server: Server) -> None:
    limits = httparallel.Limits(max_connections=3)
    async with kind.client(limits=limits) as client:
        for _ in range(30):
            async with client.parallel() as parallel:
                for _ in range(6):
                    parallel.get(f"{server.http}/delay/2")
                await parallel.next_response()
        async with client.parallel() as parallel:
            for _ in range(6):
                parallel.get(server.http)
            statuses = [response.status_code async for response in parallel]
        assert statuses == [200] * 6


async def test_a_block_and_what_came_from_it_are_freed_without_the_garbage_collector(
    kind: Kind, server: Server
) -> None:
    import gc
    import weakref

    async with kind.client() as client:
        gc.disable()
        try:
            async with client.parallel() as parallel:
                delivered = parallel.get(server.http)
                response = await delivered.get_response()
                abandoned = parallel.get(f"{server.http}/hang")
            block = getattr(parallel, "_behind", parallel)
            pendings = [getattr(pending, "_behind", pending) for pending in (delivered, abandoned)]
            gone = [weakref.ref(thing) for thing in (block, response, *pendings)]
            del parallel, block, delivered, abandoned, pendings, response
            assert [ref() for ref in gone] == [None] * 4
        finally:
            gc.enable()
