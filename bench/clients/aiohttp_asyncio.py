"""aiohttp on asyncio."""

import asyncio

import aiohttp

from loops import asyncio_tasks

TITLE = "aiohttp asyncio"
PACKAGE = "aiohttp"


def many(url: str, count: int, in_flight: int) -> int:
    async def run() -> int:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def fetch() -> int:
                async with session.get(url) as response:
                    return len(await response.read())

            return await asyncio_tasks(fetch, count, in_flight)

    return asyncio.run(run())
