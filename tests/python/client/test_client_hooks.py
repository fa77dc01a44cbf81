"""Event hooks are called for each request and each response, in order."""

from __future__ import annotations

from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_hooks_see_each_request_and_response(kind: Kind, server: Server) -> None:
    seen: list[Any] = []
    hooks = {
        "request": [
            kind.function(lambda request: seen.append(("one", str(request.url)))),
            kind.function(lambda request: seen.append(("two", str(request.url)))),
        ],
        "response": [kind.function(lambda response: seen.append((response.status_code, response.is_closed)))],
    }
    async with kind.client(event_hooks=hooks, follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect/1")
    assert response.text == "Hello, world!"
    first, second = f"{server.http}/redirect/1", f"{server.http}/"
    # A response is not read yet when its hook is called.
    assert seen == [
        ("one", first),
        ("two", first),
        (302, False),
        ("one", second),
        ("two", second),
        (200, False),
    ]


async def test_a_hook_may_change_the_request(kind: Kind, server: Server) -> None:
    def add(request: httparallel.Request) -> None:
        request.headers["X-Hook"] = "was here"

    async with kind.client(event_hooks={"request": [kind.function(add)]}) as client:
        assert ["X-Hook", "was here"] in (await client.get(f"{server.http}/echo")).json()["headers"]


async def test_a_hook_may_read_the_response(kind: Kind, server: Server) -> None:
    bodies = []
    if kind.is_async:

        async def hook(response: httparallel.Response) -> None:
            bodies.append(await response.aread())
    else:

        def hook(response: httparallel.Response) -> None:  # type: ignore[misc]
            bodies.append(response.read())

    async with kind.client(event_hooks={"response": [hook]}) as client:
        response = await client.get(server.http)
    assert bodies == [b"Hello, world!"]
    assert response.content == b"Hello, world!"


async def test_what_a_request_hook_raises_is_raised_and_nothing_is_sent(kind: Kind, server: Server) -> None:
    def refuse(_: httparallel.Request) -> None:
        raise LookupError("refused")

    server.reset()
    async with kind.client(event_hooks={"request": [kind.function(refuse)]}) as client:
        with pytest.raises(LookupError, match="refused"):
            await client.get(server.http)
    assert server.stats()["requests"] == 0


async def test_what_a_response_hook_raises_is_raised_and_lets_go_of_the_connection(
    kind: Kind, server: Server
) -> None:
    def check(response: httparallel.Response) -> None:
        response.raise_for_status()

    limits = httparallel.Limits(max_connections=1)
    async with kind.client(event_hooks={"response": [kind.function(check)]}, limits=limits) as client:
        for _ in range(3):
            with pytest.raises(httparallel.HTTPStatusError, match="404"):
                await client.get(f"{server.http}/status/404")
        assert (await client.get(f"{server.http}/bytes/1000000")).status_code == 200


async def test_hooks_can_be_changed(kind: Kind, server: Server) -> None:
    seen: list[int] = []
    async with kind.client() as client:
        await client.get(server.http)
        client.event_hooks = {"response": [kind.function(lambda r: seen.append(r.status_code))]}
        await client.get(server.http)
        client.event_hooks["response"].clear()
        await client.get(server.http)
    assert seen == [200]


async def test_hooks_are_called_for_requests_of_an_auth_flow(kind: Kind, server: Server) -> None:
    seen: list[int] = []
    hooks = {"response": [kind.function(lambda response: seen.append(response.status_code))]}
    auth = httparallel.DigestAuth("user", "secret")
    async with kind.client(event_hooks=hooks, auth=auth) as client:
        await client.get(f"{server.http}/digest-auth/user/secret")
    assert seen == [401, 200]
