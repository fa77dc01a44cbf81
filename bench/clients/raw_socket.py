"""The limit: a blocking socket that sends fixed bytes and looks for nothing but the length of the answer."""

import socket
from urllib.parse import urlsplit

from loops import one_by_one

TITLE = "raw socket (limit)"


def sequential(url: str, count: int) -> tuple[int, list[float]]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n\r\n".encode()
    with socket.create_connection((parts.hostname, parts.port or 80)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def fetch() -> int:
            connection.sendall(request)
            received = connection.recv(65536)
            head, _, _ = received.partition(b"\r\n\r\n")
            _, _, after = head.lower().partition(b"content-length:")
            length = int(after.split(b"\r\n", 1)[0])
            missing = len(head) + 4 + length - len(received)
            while missing > 0:
                missing -= len(connection.recv(65536))
            return length

        return one_by_one(fetch, count)
