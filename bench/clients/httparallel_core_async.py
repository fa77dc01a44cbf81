"""httparallel.core's AsyncConnectionPool."""

from __future__ import annotations

import httparallel.core as core
from job import Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "httparallel.core"
KIND = "ours"
GROUP = "pool"
PACKAGES = ("httparallel",)
BACKENDS = ("asyncio", "uvloop", "trio")


def client(job: Job) -> core.AsyncConnectionPool:
    return core.AsyncConnectionPool(max_connections=None, http2=job.http2)


async def get(client: Any, url: str) -> int:
    return len((await client.request("GET", url)).content)
