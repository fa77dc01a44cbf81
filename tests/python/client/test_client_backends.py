"""The event loop that an AsyncClient runs on: whichever is there, or the one that was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from kinds import Kind, async_only, without_waiting
from testserver import Server

import httparallel
from httparallel.concurrency import AsyncBackend, current_backend
from httparallel.concurrency.asyncio import AsyncioBackend
from httparallel.concurrency.trio import TrioBackend

BACKENDS: dict[str, type[AsyncBackend]] = {"asyncio": AsyncioBackend, "trio": TrioBackend}


@async_only
async def test_the_running_backend_is_found(kind: Kind) -> None:
    assert type(current_backend()) is BACKENDS[kind.name]


@async_only
async def test_a_backend_can_be_asked_for(kind: Kind, server: Server) -> None:
    async with kind.client(backend=BACKENDS[kind.name]()) as client:
        assert (await client.get(server.http)).status_code == 200
        assert (await client.post(f"{server.http}/echo", content=kind.content([b"a"]))).status_code == 200


@async_only
async def test_the_wrong_backend_is_an_error_before_anything_is_sent(kind: Kind, server: Server) -> None:
    other = {"asyncio": TrioBackend, "trio": AsyncioBackend}[kind.name]()
    server.reset()
    client = kind.client(backend=other)
    with pytest.raises(RuntimeError, match=f"made for {other.name}, and is used from within {kind.name}"):
        await client.get(server.http)
    with pytest.raises(RuntimeError, match=f"made for {other.name}"):
        await client.post(server.http, content=kind.content([b"a"]))
    with pytest.raises(RuntimeError, match=f"made for {other.name}"):
        await client.__aenter__()
    await client.aclose()
    assert server.stats()["requests"] == 0


def test_an_async_client_needs_an_event_loop(server: Server) -> None:
    client = httparallel.AsyncClient()
    with pytest.raises(RuntimeError, match="no event loop is running"):
        without_waiting(client.get(server.http))
    with pytest.raises(RuntimeError, match="no event loop is running"):
        without_waiting(client.post(server.http, auth=("user", "secret")))


def test_a_client_may_be_made_before_its_loop_and_used_on_several(server: Server) -> None:
    client = httparallel.AsyncClient()

    async def fetch() -> Any:
        return (await client.get(server.http)).status_code

    async def fetch_and_close() -> Any:
        status = await fetch()
        await client.aclose()
        return status

    assert Kind("asyncio").run(fetch) == 200
    assert Kind("trio").run(fetch) == 200
    assert Kind("asyncio").run(fetch_and_close) == 200
