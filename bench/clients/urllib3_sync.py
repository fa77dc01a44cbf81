"""urllib3's pool manager."""

from __future__ import annotations

import urllib3

from job import THREADS, Job, pieces

TITLE = "urllib3"
PACKAGES = ("urllib3",)
BACKENDS = ("sync", "threads")


def client(job: Job) -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=THREADS, ca_certs=job.ca)


def get(client: urllib3.PoolManager, url: str) -> int:
    return len(client.request("GET", url).data)


def gzip(client: urllib3.PoolManager, url: str) -> int:
    return len(client.request("GET", url, headers={"Accept-Encoding": "gzip"}).data)


def json(client: urllib3.PoolManager, url: str) -> int:
    return len(client.request("GET", url).json())


def download(client: urllib3.PoolManager, url: str) -> int:
    response = client.request("GET", url, preload_content=False)
    size = sum(len(chunk) for chunk in response.stream(65_536))
    response.release_conn()
    return size


def upload(client: urllib3.PoolManager, url: str, content: bytes) -> int:
    return int(client.request("POST", url, body=content).data)


def upload_stream(client: urllib3.PoolManager, url: str, size: int) -> int:
    return int(client.request("POST", url, body=pieces(size)).data)
