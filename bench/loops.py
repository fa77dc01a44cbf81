"""How a client without parallel blocks is kept busy: as many tasks or threads as requests in flight.

Each takes the next number until none is left. That is the cheapest way for
the clients: no task per request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor


async def asyncio_tasks(fetch: Callable[[], Awaitable[int]], count: int, in_flight: int) -> int:
    """Runs `fetch` `count` times in `in_flight` asyncio tasks; returns the sum of what it returned."""
    numbers = iter(range(count))

    async def work() -> int:
        size = 0
        for _ in numbers:
            size += await fetch()
        return size

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(in_flight)]
    return sum(task.result() for task in tasks)


async def trio_tasks(fetch: Callable[[], Awaitable[int]], count: int, in_flight: int) -> int:
    """The same in trio tasks."""
    import trio

    numbers = iter(range(count))
    sizes: list[int] = []

    async def work() -> None:
        size = 0
        for _ in numbers:
            size += await fetch()
        sizes.append(size)

    async with trio.open_nursery() as nursery:
        for _ in range(in_flight):
            nursery.start_soon(work)
    return sum(sizes)


def threads(fetch: Callable[[], int], count: int, number: int) -> int:
    """Runs `fetch` `count` times in `number` threads; returns the sum of what it returned."""
    numbers = iter(range(count))

    def work() -> int:
        size = 0
        # Advancing a range iterator is one bytecode under the interpreter lock, so no number is taken twice.
        for _ in numbers:
            size += fetch()
        return size

    with ThreadPoolExecutor(number) as pool:
        return sum(pool.map(lambda _: work(), range(number)))


def one_by_one(fetch: Callable[[], int], count: int) -> tuple[int, list[float]]:
    """Runs `fetch` `count` times in turn; returns the sum of what it returned and each call's seconds."""
    size = 0
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        size += fetch()
        seconds.append(time.perf_counter() - start)
    return size, seconds
