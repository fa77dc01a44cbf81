"""The standard library's http.client: one connection."""

from __future__ import annotations

import http.client

from job import Closing, Job, pieces

TITLE = "http.client"
BACKENDS = ("sync",)


def client(job: Job) -> Closing:
    host = job.url.split("/")[2]
    if job.ca:
        return Closing(http.client.HTTPSConnection(host, context=job.ssl_context()))
    return Closing(http.client.HTTPConnection(host))


def path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def content(client: http.client.HTTPConnection, url: str) -> bytes:
    client.request("GET", path(url))
    return client.getresponse().read()


def get(client: http.client.HTTPConnection, url: str) -> int:
    return len(content(client, url))


def json(client: http.client.HTTPConnection, url: str) -> int:
    import json

    return len(json.loads(content(client, url)))


def gzip(client: http.client.HTTPConnection, url: str) -> int:
    import gzip

    return len(gzip.decompress(content(client, url)))


def download(client: http.client.HTTPConnection, url: str) -> int:
    client.request("GET", path(url))
    response = client.getresponse()
    size = 0
    while chunk := response.read(65_536):
        size += len(chunk)
    return size


def upload(client: http.client.HTTPConnection, url: str, content: bytes) -> int:
    client.request("POST", path(url), body=content)
    return int(client.getresponse().read())


def upload_stream(client: http.client.HTTPConnection, url: str, size: int) -> int:
    client.request(
        "POST", path(url), body=pieces(size), headers={"Transfer-Encoding": "chunked"}, encode_chunked=True
    )
    return int(client.getresponse().read())
