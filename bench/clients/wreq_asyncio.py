"""wreq on asyncio."""

import asyncio

import wreq

from loops import asyncio_tasks

TITLE = "wreq asyncio"
PACKAGE = "wreq"


def many(url: str, count: int, in_flight: int) -> int:
    async def run() -> int:
        client = wreq.Client(no_proxy=True)

        async def fetch() -> int:
            response = await client.get(url)
            return len(await response.bytes())

        return await asyncio_tasks(fetch, count, in_flight)

    return asyncio.run(run())
