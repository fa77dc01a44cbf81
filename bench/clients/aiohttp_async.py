"""aiohttp."""

from __future__ import annotations

import aiohttp

from job import Job, async_pieces

TITLE = "aiohttp"
PACKAGES = ("aiohttp",)
BACKENDS = ("asyncio", "uvloop")


def client(job: Job) -> aiohttp.ClientSession:
    tls = job.ssl_context() if job.ca else True
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=tls))


async def get(client: aiohttp.ClientSession, url: str) -> int:
    async with client.get(url) as response:
        return len(await response.read())


gzip = get


async def json(client: aiohttp.ClientSession, url: str) -> int:
    async with client.get(url) as response:
        return len(await response.json())


async def download(client: aiohttp.ClientSession, url: str) -> int:
    size = 0
    async with client.get(url) as response:
        async for chunk in response.content.iter_any():
            size += len(chunk)
    return size


async def upload(client: aiohttp.ClientSession, url: str, content: bytes) -> int:
    async with client.post(url, data=content) as response:
        return int(await response.text())


async def upload_stream(client: aiohttp.ClientSession, url: str, size: int) -> int:
    async with client.post(url, data=async_pieces(size)) as response:
        return int(await response.text())
