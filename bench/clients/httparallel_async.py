"""httparallel's AsyncClient."""

from __future__ import annotations

import httparallel as httpx
from httpx_like import async_download as download
from httpx_like import async_get as get
from httpx_like import async_json as json
from httpx_like import async_upload as upload
from httpx_like import async_upload_stream as upload_stream
from httpx_like import settings
from job import Job

TITLE = "httparallel"
KIND = "ours"
PACKAGES = ("httparallel",)
BACKENDS = ("asyncio", "uvloop", "trio")
PROTOCOLS = ("http/1.1", "h2c", "h2")

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=job.ca or True, **settings(httpx, job))
