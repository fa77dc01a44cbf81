"""httparallel's synchronous client."""

from __future__ import annotations

import httparallel as httpx
from httpx_like import download, get, json, settings, upload, upload_stream
from job import Job

TITLE = "httparallel"
KIND = "ours"
PACKAGES = ("httparallel",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> httpx.Client:
    return httpx.Client(verify=job.ca or True, **settings(httpx, job))
