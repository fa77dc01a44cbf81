"""niquests, in an environment of its own: it replaces urllib3."""

from __future__ import annotations

import niquests

from job import THREADS, Job, pieces

TITLE = "niquests"
PACKAGES = ("niquests", "urllib3-future")
ENVIRONMENT = ".venv-bench-niquests"
BACKENDS = ("sync", "threads")
PROTOCOLS = ("http/1.1", "h2c", "h2")
SLOW = True


def client(job: Job) -> niquests.Session:
    session = niquests.Session(pool_maxsize=THREADS, disable_http1=job.http2, disable_http3=True)
    session.verify = job.ca or True
    return session


def get(client: niquests.Session, url: str) -> int:
    return len(client.get(url).content or b"")


gzip = get


def json(client: niquests.Session, url: str) -> int:
    return len(client.get(url).json())


def download(client: niquests.Session, url: str) -> int:
    with client.get(url, stream=True) as response:
        return sum(len(chunk) for chunk in response.iter_content(65_536))


def upload(client: niquests.Session, url: str, content: bytes) -> int:
    return int(client.post(url, data=content).text or "")


def upload_stream(client: niquests.Session, url: str, size: int) -> int:
    return int(client.post(url, data=pieces(size)).text or "")
