"""What is done with a client that has httpx's interface: httpx, httpx2 and httparallel."""

from __future__ import annotations

from job import async_pieces, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from job import Job


def settings(httpx: Any, job: Job) -> dict[str, Any]:
    """A client's arguments: no limit on connections, a generous time limit, and what the job asks for."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    arguments: dict[str, Any] = {"limits": limits, "timeout": 60}
    if job.http2:
        arguments |= {"http1": False, "http2": True}
    return arguments


def get(client: Any, url: str) -> int:
    return len(client.get(url).content)


def json(client: Any, url: str) -> int:
    return len(client.get(url).json())


def download(client: Any, url: str) -> int:
    with client.stream("GET", url) as response:
        return sum(len(chunk) for chunk in response.iter_bytes())


def upload(client: Any, url: str, content: bytes) -> int:
    return int(client.post(url, content=content).text)


def upload_stream(client: Any, url: str, size: int) -> int:
    return int(client.post(url, content=pieces(size)).text)


async def async_get(client: Any, url: str) -> int:
    return len((await client.get(url)).content)


async def async_json(client: Any, url: str) -> int:
    return len((await client.get(url)).json())


async def async_download(client: Any, url: str) -> int:
    size = 0
    async with client.stream("GET", url) as response:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
    return size


async def async_upload(client: Any, url: str, content: bytes) -> int:
    return int((await client.post(url, content=content)).text)


async def async_upload_stream(client: Any, url: str, size: int) -> int:
    return int((await client.post(url, content=async_pieces(size))).text)
