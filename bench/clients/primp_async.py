"""primp's async client."""

from __future__ import annotations

import primp

from job import Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "primp"
PACKAGES = ("primp",)
BACKENDS = ("asyncio", "uvloop")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    return primp.AsyncClient(timeout=60, ca_cert_file=job.ca, http2_only=job.http2)


async def get(client: Any, url: str) -> int:
    return len((await client.get(url)).content)


gzip = get


async def json(client: Any, url: str) -> int:
    return len((await client.get(url)).json())


async def download(client: Any, url: str) -> int:
    size = 0
    async with await client.get(url, stream=True) as response:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
    return size


async def upload(client: Any, url: str, content: bytes) -> int:
    return int((await client.post(url, content=content)).text)
