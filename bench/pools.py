"""How a raw pool is kept busy: `httpcore2` and `httparallel.core` have the same interface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType

from loops import asyncio_tasks, trio_tasks

Tasks = Callable[[Callable[[], Awaitable[int]], int, int], Awaitable[int]]


async def _many(core: ModuleType, url: str, count: int, in_flight: int, tasks: Tasks) -> int:
    async with core.AsyncConnectionPool(max_connections=None) as pool:

        async def fetch() -> int:
            return len((await pool.request("GET", url)).content)

        return await tasks(fetch, count, in_flight)


def on_asyncio(core: ModuleType, url: str, count: int, in_flight: int) -> int:
    """GETs through one pool, in asyncio tasks."""
    return asyncio.run(_many(core, url, count, in_flight, asyncio_tasks))


def on_trio(core: ModuleType, url: str, count: int, in_flight: int) -> int:
    """The same in trio tasks."""
    import trio

    return trio.run(_many, core, url, count, in_flight, trio_tasks)
