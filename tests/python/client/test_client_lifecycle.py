"""Clients are opened once, closed once, and say so if they are forgotten."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import pytest
from kinds import Kind, async_only, sync_only
from testserver import Server

import httparallel


async def test_a_client_need_not_be_entered(kind: Kind, server: Server) -> None:
    client = kind.client()
    assert (await client.get(server.http)).status_code == 200
    assert not client.is_closed
    await client.aclose()
    assert client.is_closed


async def test_a_closed_client_sends_nothing(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        request = client.build_request("GET", server.http)
    assert client.is_closed
    with pytest.raises(RuntimeError, match="closed"):
        await client.get(server.http)
    with pytest.raises(RuntimeError, match="closed"):
        await client.send(request)
    with pytest.raises(RuntimeError, match="closed"):
        async with client.stream("GET", server.http):
            pass


async def test_closing_again_does_nothing(kind: Kind) -> None:
    client = kind.client()
    await client.aclose()
    await client.aclose()
    assert client.is_closed


async def test_a_client_is_entered_once(kind: Kind) -> None:
    async with kind.client() as client:
        with pytest.raises(RuntimeError, match="more than once"):
            await client.__aenter__()
    with pytest.raises(RuntimeError, match="once it has been closed"):
        await client.__aenter__()


async def test_closing_a_client_closes_its_connections(kind: Kind, server: Server) -> None:
    await kind.until(lambda: server.stats()["connections_open"] == 0)
    async with kind.client() as client:
        await client.get(server.http)
        assert server.stats()["connections_open"] == 1
    await kind.until(lambda: server.stats()["connections_open"] == 0)


async def test_a_forgotten_client_is_warned_of_and_closed(kind: Kind, server: Server) -> None:
    await kind.until(lambda: server.stats()["connections_open"] == 0)
    client = kind.client()
    await client.get(server.http)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
    assert [(warning.category, "unclosed client" in str(warning.message)) for warning in caught] == [
        (ResourceWarning, True)
    ]
    await kind.until(lambda: server.stats()["connections_open"] == 0)


async def test_a_client_without_connections_may_be_forgotten(kind: Kind) -> None:
    client = kind.client()
    assert not client.is_closed
    del client
    gc.collect()


async def test_a_response_outlives_its_client(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/gzip")
    assert response.json()["coding"] == "gzip"
    assert response.request.url.path == "/gzip"


@async_only
async def test_closing_a_client_ends_the_reading_of_a_stream(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/bytes/100000000", stream=True)
    with pytest.raises((httparallel.HTTPError, RuntimeError)):
        await response.aread()


@sync_only
async def test_settings_can_be_read(kind: Kind) -> None:
    client: Any = kind.client(
        timeout=3, follow_redirects=True, max_redirects=7, trust_env=False, base_url="https://example.org/a"
    )
    assert client.timeout == httparallel.Timeout(3)
    assert client.follow_redirects is True
    assert client.max_redirects == 7
    assert client.trust_env is False
    assert client.base_url == "https://example.org/a/"
    assert client.event_hooks == {"request": [], "response": []}
    assert client.auth is None
    assert dict(client.params) == {}
