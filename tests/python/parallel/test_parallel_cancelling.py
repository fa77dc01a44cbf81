"""`cancel()`, `done` and `repr()` of a pending response."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel

WAYS = pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])


@WAYS
async def test_cancelling_gives_the_request_up(kind: Kind, server: Server, settings: dict[str, Any]) -> None:
    server.reset()
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/hang")
        fine = parallel.get(server.http)
        assert (await fine.get_response()).status_code == 200
        await kind.until(lambda: server.stats()["requests_active"] == 1)
        pending.cancel()
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert server.stats()["cancelled"] == 1
        assert pending.done
        with pytest.raises(httparallel.RequestCancelled) as raised:
            await pending.get_response()
        assert raised.value.request.url.path == "/hang"
        assert not parallel.has_pending_responses


@WAYS
async def test_next_response_delivers_a_cancellation(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/hang").cancel()
        with pytest.raises(httparallel.RequestCancelled):
            await parallel.next_response()
        assert not parallel.has_pending_responses


@WAYS
async def test_cancelling_what_was_never_sent_sends_nothing(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    server.reset()
    async with kind.client(**settings) as client, client.parallel(max_concurrency=1) as parallel:
        first = parallel.get(f"{server.http}/delay/50")
        cancelled = [parallel.get(f"{server.http}/hang") for _ in range(100)]
        for pending in cancelled:
            pending.cancel()
        assert (await first.get_response()).status_code == 200
    assert server.stats()["requests"] == 1


@WAYS
async def test_cancelling_what_is_over_changes_nothing(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(server.http)
        response = await pending.get_response()
        pending.cancel()
        assert await pending.get_response() is response
    pending.cancel()
    assert await pending.get_response() is response


async def test_cancelling_twice_is_cancelling_once(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/hang")
        pending.cancel()
        pending.cancel()
        assert len(parallel) == 1
        with pytest.raises(httparallel.RequestCancelled):
            await pending.get_response()


async def test_a_flow_can_be_cancelled_between_its_requests(kind: Kind, server: Server) -> None:
    # The answer to its first request is there, and nobody has stepped it since.
    async with kind.client(auth=httparallel.DigestAuth("user", "secret")) as client:
        async with client.parallel() as parallel:
            pending = parallel.get(f"{server.http}/digest-auth/user/secret")
            assert (await parallel.get(server.http, auth=None).get_response()).status_code == 200
            pending.cancel()
            assert (await parallel.get(server.http).get_response()).status_code == 200
            with pytest.raises(httparallel.RequestCancelled):
                await pending.get_response()


async def test_done_says_whether_the_outcome_is_there(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        hanging = parallel.get(f"{server.http}/hang")
        failing = parallel.get("http://127.0.0.1:1/")
        quick = parallel.get(server.http)
        await kind.until(lambda: failing.done and quick.done)
        assert not hanging.done
        # Being done is not being delivered.
        assert len(parallel) == 3


async def test_repr_tells_the_state(kind: Kind, server: Server) -> None:
    name = "AsyncPendingResponse" if kind.is_async else "PendingResponse"
    async with kind.client() as client, client.parallel() as parallel:
        fine = parallel.get(server.http)
        failing = parallel.get("http://127.0.0.1:1/")
        cancelled = parallel.get(f"{server.http}/hang")
        assert repr(fine) == f"<{name} [pending]>"
        await fine.get_response()
        cancelled.cancel()
        with pytest.raises(httparallel.ConnectError):
            await failing.get_response()
        assert repr(fine) == f"<{name} [<Response [200 OK]>]>"
        assert repr(failing) == f"<{name} [ConnectError]>"
        assert repr(cancelled) == f"<{name} [RequestCancelled]>"


@pytest.mark.parametrize("protocol", ["http", "h2c"])
async def test_the_pool_is_whole_after_a_thousand_cancellations(
    kind: Kind, server: Server, protocol: str
) -> None:
    import random

    moments = random.Random(5)
    settings = {"http1": False, "http2": True} if protocol == "h2c" else {}
    url = getattr(server, protocol)
    limits = httparallel.Limits(max_connections=10)
    async with kind.client(limits=limits, **settings) as client:
        async with client.parallel() as parallel:
            for _ in range(50):
                pendings = [
                    parallel.get(f"{url}/delay/{moments.randrange(4)}", stream=moments.random() < 0.2)
                    for _ in range(20)
                ]
                await pendings[-1]
                await kind.sleep(moments.random() * 0.004)
                for pending in pendings:
                    pending.cancel()
            while parallel.has_pending_responses:
                with contextlib.suppress(httparallel.RequestCancelled):
                    await parallel.next_response()
        async with client.parallel() as parallel:
            for _ in range(30):
                parallel.get(url)
            assert [response.status_code async for response in parallel] == [200] * 30
        connections = client._engine_transport._engine.connections()
        assert {state for _, _, state, _ in connections} == {"IDLE"}
        assert len(connections) <= 10
