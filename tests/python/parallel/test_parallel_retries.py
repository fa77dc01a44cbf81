"""Requests of a parallel block that are sent again: what waits does not hold up the others."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel
from httparallel import Retry


def waiting(seconds: float, attempts: int = 3) -> Retry:
    """Waits a random part of that before each retry. Without a budget."""
    return Retry(attempts, backoff=seconds, budget=None)


class Unreliable:
    """A handler that fails the first times it sees a path, and notes what it saw."""

    def __init__(self, retry_after: str = "0", times: int = 1) -> None:
        self.seen: list[str] = []
        self._retry_after = retry_after
        self._times = times

    def __call__(self, request: httparallel.Request) -> httparallel.Response:
        self.seen.append(request.url.path)
        if "flaky" in request.url.path and self.seen.count(request.url.path) <= self._times:
            return httparallel.Response(503, headers={"Retry-After": self._retry_after})
        return httparallel.Response(200, text=request.url.path)


def mock(kind: Kind, handler: Unreliable, **arguments: Any) -> Any:
    return kind.client(transport=httparallel.MockTransport(handler), **arguments)


@pytest.mark.parametrize("long_way", [False, True])
async def test_requests_of_a_block_are_retried(kind: Kind, server: Server, long_way: bool) -> None:
    server.reset()
    async with kind.client(retries=waiting(0.01)) as client:
        if long_way:
            client.cookies.set("a", "1")
        async with client.parallel(max_concurrency=5) as parallel:
            for number in range(20):
                parallel.get(f"{server.http}/flaky?id={number}&times={number % 3}")
            texts = [response.text async for response in parallel]
    assert sorted(texts) == sorted(f"attempt {number % 3 + 1}\n" for number in range(20))


async def test_what_waits_does_not_hold_up_the_others(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(retries=waiting(0.0)) as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/flaky?retry_after=0.5")
        parallel.get(f"{server.http}/delay/50")
        urls = [response.url.path async for response in parallel]
    assert urls == ["/delay/50", "/flaky"]


async def test_flows_that_sleep_do_not_hold_up_the_others(kind: Kind) -> None:
    handler = Unreliable(retry_after="0.2")
    async with mock(kind, handler, retries=waiting(0.0)) as client:
        async with client.parallel() as parallel:
            started = time.monotonic()
            for number in range(5):
                parallel.get(f"http://example.org/flaky/{number}")
            parallel.get("http://example.org/fine")
            paths = [response.url.path async for response in parallel]
        took = time.monotonic() - started
    assert paths[0] == "/fine"
    assert sorted(paths[1:]) == [f"/flaky/{number}" for number in range(5)]
    # All of them waited at once.
    assert 0.2 <= took < 0.9
    assert len(handler.seen) == 11


async def test_a_flow_that_sleeps_can_be_waited_for(kind: Kind) -> None:
    async with mock(kind, Unreliable(times=2), retries=waiting(0.05)) as client:
        async with client.parallel() as parallel:
            pending = parallel.get("http://example.org/flaky")
            assert (await pending.get_response()).text == "/flaky"
            assert not parallel.has_pending_responses


async def test_sleeping_flows_and_requests_of_the_engine_share_a_block(kind: Kind, server: Server) -> None:
    handler = Unreliable(retry_after="0.2")
    mounts = {"all://example.org": httparallel.MockTransport(handler)}
    async with kind.client(retries=waiting(0.0), mounts=mounts) as client:
        async with client.parallel() as parallel:
            parallel.get("http://example.org/flaky")
            parallel.get(f"{server.http}/delay/400")
            parallel.get(f"{server.http}/delay/20")
            paths = [response.url.path async for response in parallel]
    assert paths == ["/delay/20", "/flaky", "/delay/400"]


async def test_a_flow_that_sleeps_can_be_cancelled(kind: Kind) -> None:
    handler = Unreliable(retry_after="3600")
    async with mock(kind, handler, retries=waiting(0.0)) as client, client.parallel() as parallel:
        pending = await parallel.get("http://example.org/flaky")
        parallel.get("http://example.org/fine")
        assert (await parallel.next_response()).url.path == "/fine"
        pending.cancel()
        with pytest.raises(httparallel.RequestCancelled):
            await parallel.next_response()
        assert not parallel.has_pending_responses
    assert handler.seen == ["/flaky", "/fine"]


@pytest.mark.parametrize("engine", [False, True])
async def test_leaving_a_block_ends_all_waits(kind: Kind, server: Server, engine: bool) -> None:
    server.reset()
    handler = Unreliable(retry_after="3600")
    arguments = {} if engine else {"transport": httparallel.MockTransport(handler)}
    async with kind.client(retries=waiting(0.0), **arguments) as client:
        async with client.parallel() as parallel:
            pending = await parallel.get(f"{server.http}/flaky?retry_after=3600")
            parallel.get(f"{server.http}/delay/50")
            await parallel.next_response()
        with pytest.raises(httparallel.RequestCancelled):
            await pending.get_response()


async def test_a_retry_that_makes_no_sense_is_refused_by_the_call(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel() as parallel:
        for given in ({"retries": "often"}, {"extensions": {"retries": "often"}}):
            with pytest.raises(TypeError, match="retries"):
                parallel.get(server.http, **given)
        parallel.get(f"{server.http}/flaky", retries=waiting(0.0, attempts=2))
        assert (await parallel.next_response()).status_code == 200


@async_only
async def test_tasks_that_share_a_block_go_on_while_a_flow_sleeps(kind: Kind) -> None:
    async with mock(kind, Unreliable(retry_after="0.1"), retries=waiting(0.0)) as client:
        async with client.parallel() as parallel:
            pending = [parallel.get(f"http://example.org/flaky/{number}") for number in range(4)]
            texts: list[str] = []

            async def collect(each: Any) -> None:
                texts.append((await each.get_response()).text)

            await all_of(kind, [(collect, each) for each in pending])
    assert sorted(texts) == [f"/flaky/{number}" for number in range(4)]


async def all_of(kind: Kind, calls: list[Any]) -> None:
    if kind.name == "asyncio":
        import asyncio

        await asyncio.gather(*(function(argument) for function, argument in calls))
        return
    import trio

    async with trio.open_nursery() as nursery:
        for function, argument in calls:
            nursery.start_soon(function, argument)


def test_threads_that_take_turns_wake_what_sleeps() -> None:
    handler = Unreliable(retry_after="0.1")
    with (
        httparallel.Client(transport=httparallel.MockTransport(handler), retries=waiting(0.0)) as client,
        client.parallel() as parallel,
    ):
        pending = parallel.get("http://example.org/flaky")
        texts: list[str] = []
        thread = threading.Thread(target=lambda: texts.append(pending.get_response().text))
        thread.start()
        thread.join(timeout=10)
    assert texts == ["/flaky"]


async def test_a_server_that_always_fails_gets_a_fifth_more_requests(kind: Kind, server: Server) -> None:
    server.reset()
    started = time.monotonic()
    async with kind.client(retries=Retry(backoff=0.0)) as client, client.parallel() as parallel:
        for _ in range(200):
            parallel.get(f"{server.http}/status/503")
        assert [response.status_code async for response in parallel] == [503] * 200
    most = 200 + 40 + 10 + int(time.monotonic() - started) + 1
    assert 240 <= server.stats()["requests"] <= most
