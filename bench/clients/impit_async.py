"""impit's AsyncClient. It cannot be told which authority to trust, so it verifies no certificates here."""

from __future__ import annotations

import impit

from httpx_like import async_download as download
from httpx_like import async_get as get
from httpx_like import async_json as json
from httpx_like import async_upload as upload
from httpx_like import async_upload_stream as upload_stream
from job import Job

TITLE = "impit"
PACKAGES = ("impit",)
BACKENDS = ("asyncio", "uvloop")
PROTOCOLS = ("http/1.1", "h2")

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> impit.AsyncClient:
    return impit.AsyncClient(timeout=60, verify=not job.ca)
