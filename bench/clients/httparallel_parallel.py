"""httparallel's synchronous `parallel()` block."""

from __future__ import annotations

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
    """All requests are submitted; responses are taken as they come."""
    size = 0
    with client.parallel(max_concurrency=in_flight) as parallel:
        for _ in range(count):
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().content)
    return size


many_gzip = many_get


def many_json(client: httpx.Client, url: str, count: int, in_flight: int) -> int:
    size = 0
    with client.parallel(max_concurrency=in_flight) as parallel:
        for _ in range(count):
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().json())
    return size


def many_ahead(client: httpx.Client, url: str, count: int, in_flight: int) -> int:
    """At most `in_flight` requests outstanding: a response makes room for a request."""
    size = 0
    with client.parallel() as parallel:
        for _ in range(min(in_flight, count)):
            parallel.get(url)
        for _ in range(count - in_flight):
            size += len(parallel.next_response().content)
            parallel.get(url)
        while parallel.has_pending_responses:
            size += len(parallel.next_response().content)
    return size
