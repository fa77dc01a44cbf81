"""httparallel's synchronous `parallel()` block."""

from __future__ import annotations

from collections.abc import Callable

import httparallel as httpx
from httpx_like import settings
from job import Job

TITLE = "httparallel parallel()"
KIND = "ours"
PACKAGES = ("httparallel",)
BACKENDS = ("block",)
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> httpx.Client:
    return httpx.Client(verify=job.ca or True, **settings(httpx, job))


def many_get(client: httpx.Client, url: str, count: int, in_flight: int) -> int:
    return _drive(client, url, count, in_flight, lambda response: len(response.content))


many_gzip = many_get


def many_json(client: httpx.Client, url: str, count: int, in_flight: int) -> int:
    return _drive(client, url, count, in_flight, lambda response: len(response.json()))


def _drive(
    client: httpx.Client, url: str, count: int, in_flight: int, size_of: Callable[[httpx.Response], int]
) -> int:
    """A response makes room for a request, as in the tasks and threads that keep the other clients busy."""
    size = 0
    with client.parallel(max_concurrency=in_flight) as parallel:
        for _ in range(min(in_flight, count)):
            parallel.get(url)
        for _ in range(count - in_flight):
            size += size_of(parallel.next_response())
            parallel.get(url)
        while parallel.has_pending_responses:
            size += size_of(parallel.next_response())
    return size


def many_submitted(client: httpx.Client, url: str, count: int, in_flight: int) -> int:
    """All requests are submitted before a response is taken."""
    size = 0
    with client.parallel(max_concurrency=in_flight) as parallel:
        for _ in range(count):
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().content)
    return size
