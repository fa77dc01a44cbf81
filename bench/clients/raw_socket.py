"""The limit: a blocking socket that sends fixed bytes and looks for nothing but the length of the answer."""

from __future__ import annotations

import socket

from job import Job

TITLE = "raw socket"
KIND = "limit"
BACKENDS = ("sync",)
TLS = False


class Connection:
    """A socket, and the bytes of the request that was made last."""

    def __init__(self, job: Job) -> None:
        self.host = job.url.split("/")[2]
        self.url = ""
        self.request = b""
        name, _, port = self.host.partition(":")
        self.socket = socket.create_connection((name, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, url: str) -> None:
        if url != self.url:
            path = "/" + url.split("/", 3)[3]
            self.url = url
            self.request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept: */*\r\n\r\n".encode()
        self.socket.sendall(self.request)

    def head(self) -> tuple[int, int]:
        """The length of the body, and how much of it is still to come."""
        received = self.socket.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        _, _, after = head.partition(b"content-length:")
        length = int(after.split(b"\r\n", 1)[0])
        return length, length - len(body)


def client(job: Job) -> Connection:
    return Connection(job)


def get(client: Connection, url: str) -> int:
    client.send(url)
    length, missing = client.head()
    while missing > 0:
        missing -= len(client.socket.recv(65_536))
    return length


def download(client: Connection, url: str) -> int:
    client.send(url)
    length, missing = client.head()
    buffer = bytearray(262_144)
    while missing > 0:
        missing -= client.socket.recv_into(buffer)
    return length
