"""wreq's blocking client."""

from __future__ import annotations

import wreq.blocking

from clients.wreq_async import settings
from job import Job, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "wreq"
PACKAGES = ("wreq",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    return wreq.blocking.Client(**settings(job))


def get(client: Any, url: str) -> int:
    return len(client.get(url).bytes())


gzip = get


def json(client: Any, url: str) -> int:
    return len(client.get(url).json())


def download(client: Any, url: str) -> int:
    with client.get(url).stream() as stream:
        return sum(len(chunk) for chunk in stream)


def upload(client: Any, url: str, content: bytes) -> int:
    return int(client.post(url, body=content).text())


def upload_stream(client: Any, url: str, size: int) -> int:
    return int(client.post(url, body=pieces(size)).text())
