"""niquests' AsyncSession, in an environment of its own: it replaces urllib3."""

from __future__ import annotations

import niquests

from job import Job, async_pieces

TITLE = "niquests"
PACKAGES = ("niquests", "urllib3-future")
ENVIRONMENT = ".venv-bench-niquests"
BACKENDS = ("asyncio", "uvloop")
PROTOCOLS = ("http/1.1", "h2c", "h2")
SLOW = True


def client(job: Job) -> niquests.AsyncSession:
    session = niquests.AsyncSession(pool_maxsize=job.in_flight, disable_http1=job.http2, disable_http3=True)
    session.verify = job.ca or True
    return session


async def get(client: niquests.AsyncSession, url: str) -> int:
    return len((await client.get(url)).content or b"")


gzip = get


async def json(client: niquests.AsyncSession, url: str) -> int:
    return len((await client.get(url)).json())


async def download(client: niquests.AsyncSession, url: str) -> int:
    size = 0
    response = await client.get(url, stream=True)
    async for chunk in await response.iter_content(65_536):
        size += len(chunk)
    return size


async def upload(client: niquests.AsyncSession, url: str, content: bytes) -> int:
    return int((await client.post(url, data=content)).text or "")


async def upload_stream(client: niquests.AsyncSession, url: str, size: int) -> int:
    return int((await client.post(url, data=async_pieces(size))).text or "")
