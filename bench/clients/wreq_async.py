"""wreq's async client."""

from __future__ import annotations

import wreq

from job import Job, async_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "wreq"
PACKAGES = ("wreq",)
BACKENDS = ("asyncio", "uvloop")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    return wreq.Client(**settings(job))


def settings(job: Job) -> dict[str, Any]:
    """The arguments of either client."""
    arguments: dict[str, Any] = {"gzip": True}
    if job.ca:
        from pathlib import Path

        arguments["tls_verify"] = Path(job.ca)
    if job.http2:
        arguments["http2_only"] = True
    return arguments


async def get(client: Any, url: str) -> int:
    response = await client.get(url)
    return len(await response.bytes())


gzip = get


async def json(client: Any, url: str) -> int:
    response = await client.get(url)
    return len(await response.json())


async def download(client: Any, url: str) -> int:
    size = 0
    response = await client.get(url)
    async with response.stream() as stream:
        async for chunk in stream:
            size += len(chunk)
    return size


async def upload(client: Any, url: str, content: bytes) -> int:
    response = await client.post(url, body=content)
    return int(await response.text())


async def upload_stream(client: Any, url: str, size: int) -> int:
    response = await client.post(url, body=async_pieces(size))
    return int(await response.text())
