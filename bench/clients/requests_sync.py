"""requests."""

from __future__ import annotations

import requests

from job import THREADS, Job, pieces

TITLE = "requests"
PACKAGES = ("requests", "urllib3")
BACKENDS = ("sync", "threads")
SLOW = True


def client(job: Job) -> requests.Session:
    session = requests.Session()
    session.verify = job.ca or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    return session


def get(client: requests.Session, url: str) -> int:
    return len(client.get(url).content)


gzip = get


def json(client: requests.Session, url: str) -> int:
    return len(client.get(url).json())


def download(client: requests.Session, url: str) -> int:
    with client.get(url, stream=True) as response:
        return sum(len(chunk) for chunk in response.iter_content(65_536))


def upload(client: requests.Session, url: str, content: bytes) -> int:
    return int(client.post(url, data=content).text)


def upload_stream(client: requests.Session, url: str, size: int) -> int:
    return int(client.post(url, data=pieces(size)).text)
