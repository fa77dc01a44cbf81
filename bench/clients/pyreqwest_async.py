"""pyreqwest's async client."""

from __future__ import annotations

from pyreqwest.client import ClientBuilder

from job import Job, async_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "pyreqwest"
PACKAGES = ("pyreqwest",)
BACKENDS = ("asyncio", "uvloop")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    builder = ClientBuilder()
    if job.ca:
        builder = builder.add_root_certificate_pem(job.authority())
    if job.http2:
        builder = builder.http2_prior_knowledge()
    return builder.build()


async def get(client: Any, url: str) -> int:
    response = await client.get(url).build().send()
    return len(await response.bytes())


gzip = get


async def json(client: Any, url: str) -> int:
    response = await client.get(url).build().send()
    return len(await response.json())


async def download(client: Any, url: str) -> int:
    size = 0
    async with client.get(url).build_streamed() as response:
        while chunk := await response.body_reader.read_chunk():
            size += len(chunk)
    return size


async def upload(client: Any, url: str, content: bytes) -> int:
    response = await client.post(url).body_bytes(content).build().send()
    return int(await response.text())


async def upload_stream(client: Any, url: str, size: int) -> int:
    response = await client.post(url).body_stream(async_pieces(size)).build().send()
    return int(await response.text())
