"""httparallel's AsyncClient on trio."""

import trio

import httparallel as httpx
from loops import trio_tasks

TITLE = "httparallel trio"
PACKAGE = "httparallel"


def many(url: str, count: int, in_flight: int) -> int:
    async def run() -> int:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:

            async def fetch() -> int:
                return len((await client.get(url)).content)

            return await trio_tasks(fetch, count, in_flight)

    return trio.run(run)
