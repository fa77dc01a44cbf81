"""A cancelled request of an AsyncClient is gone at once, and takes nothing with it."""

from __future__ import annotations

import random
from typing import Any

import anyio
import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel

pytestmark = async_only

ONE = httparallel.Limits(max_connections=1)
PROTOCOLS: dict[str, dict[str, Any]] = {"http": {}, "h2c": {"http1": False, "http2": True}}


@pytest.mark.parametrize("port", PROTOCOLS)
async def test_waiting_for_an_answer_can_be_cancelled(kind: Kind, server: Server, port: str) -> None:
    base = getattr(server, port)
    async with kind.client(limits=ONE, **PROTOCOLS[port]) as client:
        await client.get(base)
        with anyio.move_on_after(0.05) as scope:
            await client.get(f"{base}/hang")
        assert scope.cancelled_caught
        assert (await client.get(base)).status_code == 200
        await kind.until(lambda: server.stats()["requests_active"] == 0)


async def test_waiting_for_a_connection_can_be_cancelled(kind: Kind, server: Server) -> None:
    async with kind.client(limits=ONE, timeout=httparallel.Timeout(5, pool=None)) as client:
        async with client.stream("GET", f"{server.http}/bytes/100000000"):
            with anyio.move_on_after(0.05) as scope:
                await client.get(server.http)
            assert scope.cancelled_caught
        assert (await client.get(server.http)).status_code == 200


async def test_reading_a_body_can_be_cancelled(kind: Kind, server: Server) -> None:
    async with kind.client(limits=ONE) as client:
        with anyio.move_on_after(0.05) as scope:
            async with client.stream("GET", f"{server.http}/drip?interval_ms=2000") as response:
                await response.aread()
        assert scope.cancelled_caught
        assert response.is_closed
        assert (await client.get(server.http)).status_code == 200


async def test_sending_content_can_be_cancelled(kind: Kind, server: Server) -> None:
    ended = False

    async def pieces() -> Any:
        nonlocal ended
        try:
            while True:
                await kind.sleep(0.005)
                yield b"piece"
        finally:
            ended = True

    async with kind.client(limits=ONE) as client:
        with anyio.move_on_after(0.05) as scope:
            await client.post(f"{server.http}/echo", content=pieces())
        assert scope.cancelled_caught
        assert ended
        assert (await client.get(server.http)).status_code == 200


async def test_a_hook_can_be_cancelled(kind: Kind, server: Server) -> None:
    async def wait_for_ever(_: Any) -> None:
        await kind.sleep(1000)

    async with kind.client(limits=ONE, event_hooks={"response": [wait_for_ever]}) as client:
        with anyio.move_on_after(0.05) as scope:
            await client.get(f"{server.http}/bytes/10000000")
        assert scope.cancelled_caught
        client.event_hooks = {}
        assert (await client.get(server.http)).status_code == 200


@pytest.mark.parametrize("port", PROTOCOLS)
async def test_cancelling_at_random_moments_leaves_nothing_behind(
    kind: Kind, server: Server, port: str
) -> None:
    moments = random.Random(1)
    base = getattr(server, port)
    paths = ["/", "/delay/3", "/bytes/300000", "/stream/3?interval_ms=1", "/redirect/2"]
    limits = httparallel.Limits(max_connections=4)

    async def give_up(path: str) -> None:
        with anyio.move_on_after(moments.random() * 0.008):
            await client.get(base + path)

    async with kind.client(limits=limits, follow_redirects=True, **PROTOCOLS[port]) as client:
        for _ in range(50):
            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(give_up, moments.choice(paths))
        connections = client._engine_transport._engine.connections()
        assert len(connections) <= 4
        assert {state for _, _, state, _ in connections} <= {"IDLE"}
        for _ in range(10):
            assert (await client.get(base)).text == "Hello, world!"
        await kind.until(lambda: server.stats()["requests_active"] == 0)
