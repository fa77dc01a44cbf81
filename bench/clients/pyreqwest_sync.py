"""pyreqwest's synchronous client."""

from __future__ import annotations

from pyreqwest.client import SyncClientBuilder

from job import Job, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TITLE = "pyreqwest"
PACKAGES = ("pyreqwest",)
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")


def client(job: Job) -> Any:
    builder = SyncClientBuilder()
    if job.ca:
        builder = builder.add_root_certificate_pem(job.authority())
    if job.http2:
        builder = builder.http2_prior_knowledge()
    return builder.build()


def get(client: Any, url: str) -> int:
    return len(client.get(url).build().send().bytes())


gzip = get


def json(client: Any, url: str) -> int:
    return len(client.get(url).build().send().json())


def download(client: Any, url: str) -> int:
    size = 0
    with client.get(url).build_streamed() as response:
        while chunk := response.body_reader.read_chunk():
            size += len(chunk)
    return size


def upload(client: Any, url: str, content: bytes) -> int:
    return int(client.post(url).body_bytes(content).build().send().text())


def upload_stream(client: Any, url: str, size: int) -> int:
    return int(client.post(url).body_stream(pieces(size)).build().send().text())
