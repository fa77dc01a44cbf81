"""How clients are kept busy: by as many tasks or threads as requests in flight, which take the next number.

That is the cheapest way for the clients: no task per request. Every call is timed in the same way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from job import THREADS

# The sum of what the calls returned, and each call's seconds.
Result = tuple[int, list[float]]


async def asyncio_tasks(fetch: Callable[[], Awaitable[int]], count: int, in_flight: int) -> Result:
    """Runs `fetch` `count` times in `in_flight` tasks, on whichever event loop of asyncio's kind runs."""
    numbers = iter(range(count))
    seconds: list[float] = []

    async def work() -> int:
        size = 0
        for _ in numbers:
            start = time.perf_counter()
            size += await fetch()
            seconds.append(time.perf_counter() - start)
        return size

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(in_flight)]
    return sum(task.result() for task in tasks), seconds


async def trio_tasks(fetch: Callable[[], Awaitable[int]], count: int, in_flight: int) -> Result:
    """The same in trio tasks."""
    import trio

    numbers = iter(range(count))
    sizes: list[int] = []
    seconds: list[float] = []

    async def work() -> None:
        size = 0
        for _ in numbers:
            start = time.perf_counter()
            size += await fetch()
            seconds.append(time.perf_counter() - start)
        sizes.append(size)

    async with trio.open_nursery() as nursery:
        for _ in range(in_flight):
            nursery.start_soon(work)
    return sum(sizes), seconds


def one_by_one(fetch: Callable[[], int], count: int, in_flight: int) -> Result:
    """Runs `fetch` `count` times in turn."""
    assert in_flight
    size = 0
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        size += fetch()
        seconds.append(time.perf_counter() - start)
    return size, seconds


def threads(fetch: Callable[[], int], count: int, in_flight: int) -> Result:
    """The same in threads."""
    numbers = iter(range(count))
    seconds: list[float] = []

    def work() -> int:
        size = 0
        # Advancing a range iterator is one bytecode under the interpreter lock, so no number is taken twice.
        for _ in numbers:
            start = time.perf_counter()
            size += fetch()
            seconds.append(time.perf_counter() - start)
        return size

    number = min(in_flight, THREADS)
    with ThreadPoolExecutor(number) as pool:
        return sum(pool.map(lambda _: work(), range(number))), seconds
