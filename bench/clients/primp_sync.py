"""primp's synchronous client."""

from __future__ import annotations

import primp

from job import Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "primp"
PACKAGES = ("primp",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    return primp.Client(timeout=60, ca_cert_file=job.ca, http2_only=job.http2)


def get(client: Any, url: str) -> int:
    return len(client.get(url).content)


gzip = get


def json(client: Any, url: str) -> int:
    return len(client.get(url).json())


def download(client: Any, url: str) -> int:
    with client.get(url, stream=True) as response:
        return sum(len(chunk) for chunk in response.iter_bytes())


def upload(client: Any, url: str, content: bytes) -> int:
    return int(client.post(url, content=content).text)
