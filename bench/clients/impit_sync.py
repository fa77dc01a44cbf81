"""impit's Client. It cannot be told which authority to trust, so it verifies no certificates here."""

from __future__ import annotations

import impit

from httpx_like import download, get, json, upload, upload_stream
from job import Job

TITLE = "impit"
PACKAGES = ("impit",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2")

__all__ = ["client", "download", "get", "gzip", "json", "upload", "upload_stream"]

gzip = get


def client(job: Job) -> impit.Client:
    return impit.Client(timeout=60, verify=not job.ca)
