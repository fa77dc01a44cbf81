"""pycurl with one handle."""

from __future__ import annotations

from io import BytesIO

import pycurl

from job import Closing, Job, pieces

TITLE = "pycurl"
PACKAGES = ("pycurl",)
BACKENDS = ("sync",)


def client(job: Job) -> Closing:
    return Closing(handle(job))


def handle(job: Job) -> pycurl.Curl:
    """A handle that trusts what the job says, and speaks what it says."""
    curl = pycurl.Curl()
    if job.ca:
        curl.setopt(pycurl.CAINFO, job.ca)
    if job.http2:
        version = pycurl.CURL_HTTP_VERSION_2TLS if job.ca else pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        curl.setopt(pycurl.HTTP_VERSION, version)
        curl.setopt(pycurl.PIPEWAIT, 1)
    curl.setopt(pycurl.ACCEPT_ENCODING, "gzip")
    return curl


def content(client: pycurl.Curl, url: str) -> bytes:
    body = BytesIO()
    client.setopt(pycurl.URL, url)
    client.setopt(pycurl.WRITEDATA, body)
    client.perform()
    return body.getvalue()


def get(client: pycurl.Curl, url: str) -> int:
    return len(content(client, url))


gzip = get


def json(client: pycurl.Curl, url: str) -> int:
    import json

    return len(json.loads(content(client, url)))


def download(client: pycurl.Curl, url: str) -> int:
    size = 0

    def take(chunk: bytes) -> None:
        nonlocal size
        size += len(chunk)

    client.setopt(pycurl.URL, url)
    client.setopt(pycurl.WRITEFUNCTION, take)
    client.perform()
    return size


def upload(client: pycurl.Curl, url: str, content_: bytes) -> int:
    client.setopt(pycurl.POST, 1)
    client.setopt(pycurl.POSTFIELDSIZE_LARGE, len(content_))
    client.setopt(pycurl.READDATA, BytesIO(content_))
    return int(content(client, url))


def upload_stream(client: pycurl.Curl, url: str, size: int) -> int:
    rest, source = b"", pieces(size)

    def read(most: int) -> bytes:
        nonlocal rest
        rest = rest or next(source, b"")
        piece, rest = rest[:most], rest[most:]
        return piece

    client.setopt(pycurl.POST, 1)
    client.setopt(pycurl.HTTPHEADER, ["Transfer-Encoding: chunked"])
    client.setopt(pycurl.READFUNCTION, read)
    return int(content(client, url))
