"""pyreqwest on asyncio."""

import asyncio

from pyreqwest.client import ClientBuilder

from loops import asyncio_tasks

TITLE = "pyreqwest asyncio"
PACKAGE = "pyreqwest"


def many(url: str, count: int, in_flight: int) -> int:
    async def run() -> int:
        async with ClientBuilder().no_proxy().build() as client:

            async def fetch() -> int:
                response = await client.get(url).build().send()
                return len(await response.bytes())

            return await asyncio_tasks(fetch, count, in_flight)

    return asyncio.run(run())
