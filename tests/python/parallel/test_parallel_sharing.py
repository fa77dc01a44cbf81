"""A parallel block that several tasks or threads use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trio
from kinds import Kind, async_only
from testserver import Server

import httparallel


async def together(kind: Kind, *functions: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Runs functions as tasks; their results, or the exceptions they raised."""
    results: list[Any] = [None] * len(functions)

    async def run(place: int, function: Callable[[], Awaitable[Any]]) -> None:
        try:
            results[place] = await function()
        except Exception as error:
            results[place] = error

    if kind.name == "asyncio":
        async with asyncio.TaskGroup() as group:
            for place, function in enumerate(functions):
                group.create_task(run(place, function))
    else:
        async with trio.open_nursery() as nursery:
            for place, function in enumerate(functions):
                nursery.start_soon(run, place, function)
    return results


WAYS = pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])


@WAYS
@async_only
async def test_two_tasks_wait_for_whichever_comes_first(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/delay/50")
        parallel.get(f"{server.http}/delay/150")
        responses = await together(kind, parallel.next_response, parallel.next_response)
        assert {response.url.path for response in responses} == {"/delay/50", "/delay/150"}


@WAYS
@async_only
async def test_two_tasks_wait_for_the_same_response(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/delay/100")
        first, second = await together(kind, pending.get_response, pending.get_response)
        assert first is second
        assert first.status_code == 200


@WAYS
@async_only
async def test_one_task_takes_what_another_waits_for(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/delay/100")
        next_one, named = await together(kind, parallel.next_response, pending.get_response)
        assert named.status_code == 200
        # Whoever was second: the outcome is delivered once, and nobody waits for ever.
        assert next_one is named or "no pending response" in str(next_one)


@WAYS
@async_only
async def test_tasks_share_the_responses_of_a_block(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        for number in range(60):
            parallel.get(f"{server.http}/bytes/{number}")

        async def consume() -> list[int]:
            return [len(response.content) async for response in parallel]

        shares = await together(kind, *[consume] * 4)
        assert sorted(size for share in shares for size in share) == list(range(60))


@WAYS
@async_only
async def test_each_of_many_tasks_gets_its_own_response(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:

        async def fetch(number: int) -> int:
            return len((await parallel.get(f"{server.http}/bytes/{number}").get_response()).content)

        def fetching(number: int) -> Callable[[], Awaitable[int]]:
            return lambda: fetch(number)

        assert await together(kind, *map(fetching, range(50))) == list(range(50))


@WAYS
@async_only
async def test_a_request_that_is_made_while_a_task_waits_is_started(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/hang")

        async def make() -> None:
            await kind.sleep(0.05)
            parallel.get(f"{server.http}/bytes/1")

        response, _ = await together(kind, parallel.next_response, make)
        assert response.url.path == "/bytes/1"


@WAYS
@async_only
async def test_cancelling_a_request_wakes_the_task_that_waits_for_it(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/hang")

        async def cancel() -> None:
            await kind.sleep(0.05)
            pending.cancel()

        raised, _ = await together(kind, pending.get_response, cancel)
        assert isinstance(raised, httparallel.RequestCancelled)


@WAYS
@async_only
async def test_leaving_the_block_wakes_tasks_that_wait_in_it(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client:
        parallel = client.parallel()
        await parallel.__aenter__()
        pending = parallel.get(f"{server.http}/hang")

        async def leave() -> None:
            await kind.sleep(0.05)
            await parallel.__aexit__()

        named, next_one, _ = await together(kind, pending.get_response, parallel.next_response, leave)
        assert isinstance(named, httparallel.RequestCancelled)
        assert isinstance(next_one, RuntimeError)
        assert "has ended" in str(next_one)


@WAYS
@async_only
async def test_cancelling_a_wait_does_not_cancel_the_request(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/delay/200")
        for wait in (pending.get_response, parallel.next_response):
            if kind.name == "asyncio":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(wait(), 0.02)
            else:
                with trio.move_on_after(0.02) as scope:
                    await wait()
                assert scope.cancelled_caught
        assert (await parallel.next_response()).status_code == 200


@async_only
async def test_a_task_waits_for_a_flow_that_another_task_steps(kind: Kind, server: Server) -> None:
    async def slowly(_: object) -> None:
        await kind.sleep(0.1)

    hooks = {"request": [slowly], "response": [slowly]}
    async with kind.client(event_hooks=hooks) as client, client.parallel() as parallel:
        pending = parallel.get(server.http)
        responses = await together(kind, pending.get_response, pending.get_response, pending.get_response)
        assert [response.status_code for response in responses] == [200] * 3
        assert not parallel.has_pending_responses


@async_only
async def test_python_transports_run_side_by_side_in_the_tasks_that_wait(kind: Kind) -> None:
    active = peak = 0

    async def answer(request: httparallel.Request) -> httparallel.Response:
        nonlocal active, peak
        active += 1
        peak = max(peak, active)
        await kind.sleep(0.05)
        active -= 1
        return httparallel.Response(200, text=request.url.path)

    async with kind.client(transport=httparallel.MockTransport(answer)) as client:
        async with client.parallel() as parallel:
            pendings = [parallel.get(f"http://example.org/{number}") for number in range(4)]
            responses = await together(kind, *[pending.get_response for pending in pendings])
    assert [response.text for response in responses] == ["/0", "/1", "/2", "/3"]
    assert peak > 1


@async_only
async def test_cancelling_the_task_that_steps_a_request_cancels_that_request_only(
    kind: Kind, server: Server
) -> None:
    async def slowly(_: object) -> None:
        await kind.sleep(5)

    async with kind.client(event_hooks={"request": [slowly]}) as client, client.parallel() as parallel:
        stepped = parallel.get(server.http)
        if kind.name == "asyncio":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stepped.get_response(), 0.05)
        else:
            with trio.move_on_after(0.05):
                await stepped.get_response()
        client.event_hooks = {}
        other = parallel.get(server.http)
        assert (await other.get_response()).status_code == 200
        with pytest.raises(httparallel.RequestCancelled):
            await stepped.get_response()


@async_only
async def test_a_request_can_be_cancelled_while_a_task_steps_it(kind: Kind, server: Server) -> None:
    server.reset()

    async def slowly(_: object) -> None:
        await kind.sleep(0.1)

    async with kind.client(event_hooks={"request": [slowly]}) as client, client.parallel() as parallel:
        pending = parallel.get(server.http)

        async def cancel() -> None:
            await kind.sleep(0.03)
            pending.cancel()

        raised, _ = await together(kind, pending.get_response, cancel)
        assert isinstance(raised, httparallel.RequestCancelled)
        assert not parallel.has_pending_responses
    assert server.stats()["requests"] == 0


@async_only
async def test_another_thread_gets_a_clear_error_from_an_async_block(kind: Kind, server: Server) -> None:
    raised: list[Exception] = []

    def use(parallel: Any) -> None:
        try:
            parallel.get(server.http)
        except RuntimeError as error:
            raised.append(error)

    async with kind.client() as client, client.parallel() as parallel:
        thread = threading.Thread(target=use, args=[parallel])
        thread.start()
        thread.join()
        assert not parallel.has_pending_responses
    (error,) = raised
    assert "belongs to the event loop" in str(error)


@pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])
def test_threads_may_take_turns_with_a_block(server: Server, settings: dict[str, Any]) -> None:
    with (
        httparallel.Client(**settings) as client,
        client.parallel() as parallel,
        ThreadPoolExecutor() as pool,
    ):
        pending = parallel.get(f"{server.http}/delay/30")
        assert pool.submit(pending.get_response).result().status_code == 200
        started = pool.submit(parallel.get, f"{server.http}/delay/30").result()
        assert started.get_response().status_code == 200


@pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])
def test_a_second_thread_gets_a_clear_error_while_one_waits(server: Server, settings: dict[str, Any]) -> None:
    server.reset()
    with (
        httparallel.Client(**settings) as client,
        client.parallel() as parallel,
        ThreadPoolExecutor() as pool,
    ):
        pending = parallel.get(f"{server.http}/hang", timeout=None)
        waiting = pool.submit(pending.get_response)
        while server.stats()["requests_active"] == 0:
            pass
        for use in (parallel.next_response, pending.get_response, lambda: parallel.get(server.http)):
            with pytest.raises(RuntimeError, match="Another thread is using this parallel block"):
                use()
        # Giving the request up is what the other threads can do.
        pending.cancel()
        with pytest.raises(httparallel.RequestCancelled):
            waiting.result(timeout=5)


def test_leaving_the_block_wakes_a_thread_that_waits_in_it(server: Server) -> None:
    server.reset()
    with httparallel.Client() as client, ThreadPoolExecutor() as pool:
        with client.parallel() as parallel:
            pending = parallel.get(f"{server.http}/hang", timeout=None)
            waiting = pool.submit(pending.get_response)
            while server.stats()["requests_active"] == 0:
                pass
        with pytest.raises((httparallel.RequestCancelled, RuntimeError)):
            waiting.result(timeout=5)


def test_a_hook_that_waits_for_its_own_response_gets_a_clear_error(server: Server) -> None:
    with httparallel.Client() as client, client.parallel() as parallel:

        def wait(_: object) -> None:
            pending.get_response()

        client.event_hooks = {"response": [wait]}
        pending = parallel.get(server.http)
        with pytest.raises(RuntimeError, match="waits for its own response"):
            pending.get_response()
