"""httpcore2's AsyncConnectionPool."""

from __future__ import annotations

import httpcore2 as core

from job import Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "httpcore2"
GROUP = "pool"
PACKAGES = ("httpcore2",)
BACKENDS = ("asyncio", "trio")


def client(job: Job) -> core.AsyncConnectionPool:
    return core.AsyncConnectionPool(max_connections=None, http2=job.http2)


async def get(client: Any, url: str) -> int:
    return len((await client.request("GET", url)).content)
