"""httpx2's AsyncClient on asyncio."""

import asyncio

import httpx2

from loops import asyncio_tasks

TITLE = "httpx2 asyncio"
PACKAGE = "httpx2"


def many(url: str, count: int, in_flight: int) -> int:
    async def run() -> int:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx2.AsyncClient(limits=limits, timeout=60) as client:

            async def fetch() -> int:
                return len((await client.get(url)).content)

            return await asyncio_tasks(fetch, count, in_flight)

    return asyncio.run(run())
