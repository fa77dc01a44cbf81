"""httpx's synchronous client."""

from __future__ import annotations

import httpx

from httpx_like import download, get, json, settings, upload, upload_stream
from job import Job

TITLE = "httpx"
PACKAGES = ("httpx",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")
SLOW = True

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> httpx.Client:
    return httpx.Client(verify=job.ssl_context() if job.ca else True, **settings(httpx, job))
