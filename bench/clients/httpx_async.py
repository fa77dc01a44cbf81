"""httpx's AsyncClient."""

from __future__ import annotations

import httpx

from httpx_like import async_download as download
from httpx_like import async_get as get
from httpx_like import async_json as json
from httpx_like import async_upload as upload
from httpx_like import async_upload_stream as upload_stream
from httpx_like import settings
from job import Job

TITLE = "httpx"
PACKAGES = ("httpx",)
BACKENDS = ("asyncio", "uvloop", "trio")
PROTOCOLS = ("http/1.1", "h2c", "h2")
SLOW = True

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=job.ssl_context() if job.ca else True, **settings(httpx, job))
