"""Events and locks wake threads and tasks, of one event loop or several, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing
from kinds import Kind, async_only

from httparallel._flow import arun, run
from httparallel.core._io import Flow, Shielded, single
from httparallel.core._waiting import AwaitEvent, Event, Guard, Lock, current_library


async def perform(kind: Kind, flow: Flow[Any]) -> Any:
    return await arun(flow) if kind.is_async else run(flow)


async def test_an_event_that_is_set_is_not_waited_for(kind: Kind) -> None:
    event = Event()
    event.set()
    event.set()
    assert event.is_set
    assert await perform(kind, single(AwaitEvent(event, 0))) is True


async def test_a_wait_ends_when_its_time_is_up(kind: Kind) -> None:
    event = Event()
    assert await perform(kind, single(AwaitEvent(event, 0.01))) is False
    assert not event._wakers


@pytest.mark.parametrize("timeout", [None, 10.0, float("inf")])
async def test_another_thread_may_set_an_event(kind: Kind, timeout: float | None) -> None:
    event = Event()
    timer = threading.Timer(0.02, event.set)
    timer.start()
    assert await perform(kind, single(AwaitEvent(event, timeout))) is True
    timer.join()


def test_one_event_wakes_threads_and_loops_of_every_kind() -> None:
    event = Event()
    woken: list[bool] = []
    waiting = threading.Barrier(4)

    def wait(kind: Kind) -> None:
        async def main() -> bool:
            waiting.wait(5)
            outcome: bool = await perform(kind, single(AwaitEvent(event, 10)))
            return outcome

        woken.append(kind.run(main))

    threads = [threading.Thread(target=wait, args=[Kind(name)]) for name in ("sync", "asyncio", "trio")]
    for thread in threads:
        thread.start()
    waiting.wait(5)
    event.set()
    for thread in threads:
        thread.join(10)
    assert woken == [True] * 3


def test_an_event_outlives_the_loops_that_waited_for_it() -> None:
    event = Event()
    for kind in (Kind("asyncio"), Kind("trio")):
        flow = single(AwaitEvent(event, 0.001))
        assert kind.run(lambda kind=kind, flow=flow: perform(kind, flow)) is False
    event.set()


async def together(kind: Kind, *functions: Callable[[], Any]) -> None:
    """Runs async functions at once, as tasks that start in this order."""
    if kind.name == "trio":
        async with trio.open_nursery() as nursery:
            for function in functions:
                nursery.start_soon(function)
                await trio.testing.wait_all_tasks_blocked()
        return
    async with asyncio.TaskGroup() as group:
        for function in functions:
            group.create_task(function())
            await asyncio.sleep(0)


@async_only
async def test_a_lock_goes_to_whoever_has_waited_longest(kind: Kind) -> None:
    lock, order = Lock(), []

    async def hold(name: int) -> None:
        assert await arun(lock.acquire(5))
        order.append(name)
        await kind.sleep(0.001)
        lock.release()

    await together(kind, *(lambda name=name: hold(name) for name in range(5)))
    assert order == list(range(5))
    assert await arun(lock.acquire(0))


async def test_a_lock_that_is_held_makes_waiting_time_out(kind: Kind) -> None:
    lock = Lock()
    holder = threading.Thread(target=lambda: run(lock.acquire()))
    holder.start()
    holder.join()
    assert await perform(kind, lock.acquire(0.01)) is False
    lock.release()
    assert await perform(kind, lock.acquire(0.01)) is True


def test_a_thread_does_not_wait_for_itself() -> None:
    lock = Lock()
    for _ in range(2):
        assert run(lock.acquire())
        assert run(lock.acquire()) is False
        lock.release()


def test_what_is_postponed_is_done_at_the_end_of_the_block() -> None:
    guard, done = Guard(), []

    def last() -> None:
        done.append("last")
        assert guard.is_mine

    assert not guard.is_mine
    with guard:
        assert guard.is_mine
        guard.postpone(lambda: guard.postpone(last))
        done.append("first")
    assert done == ["first", "last"]
    assert not guard.is_mine


def test_a_guard_keeps_threads_apart() -> None:
    guard = Guard()
    entered = threading.Event()

    def enter() -> None:
        with guard:
            entered.set()

    thread = threading.Thread(target=enter)
    with guard:
        thread.start()
        assert not entered.wait(0.02)
    thread.join(5)
    assert entered.is_set()


def test_a_lock_keeps_threads_apart() -> None:
    lock, total = Lock(), 0

    def add() -> None:
        nonlocal total
        for _ in range(500):
            assert run(lock.acquire(10))
            seen = total
            total = seen + 1
            lock.release()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert total == 2000


@async_only
async def test_a_cancelled_waiter_does_not_keep_the_lock(kind: Kind) -> None:
    lock = Lock()
    assert await arun(lock.acquire())

    async def hold() -> None:
        await arun(lock.acquire())
        lock.release()

    # Handed over and cancelled in the same moment: whether the task has got it or not, it is free in the end.
    if kind.name == "trio":
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hold)
            await trio.testing.wait_all_tasks_blocked()
            lock.release()
            nursery.cancel_scope.cancel()
    else:
        task = asyncio.create_task(hold())
        await asyncio.sleep(0)
        lock.release()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert await arun(lock.acquire(0)) is True


@async_only
async def test_cleaning_up_is_not_cancelled(kind: Kind) -> None:
    import anyio

    done: list[str] = []

    def cleaning() -> Flow[None]:
        try:
            yield AwaitEvent(Event())
        except BaseException:
            yield Shielded(AwaitEvent(Event(), 0.01))
            done.append("cleaned")
            raise

    with anyio.move_on_after(0.01) as scope:
        await arun(cleaning())
    assert scope.cancelled_caught
    assert done == ["cleaned"]
    assert current_library() == kind.name


def test_outside_of_any_loop_nothing_is_awaited() -> None:
    with pytest.raises(RuntimeError, match="no event loop"):
        current_library()
