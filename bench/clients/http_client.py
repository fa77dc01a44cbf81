"""The standard library's http.client."""

import http.client
from urllib.parse import urlsplit

from loops import one_by_one

TITLE = "http.client"


def sequential(url: str, count: int) -> tuple[int, list[float]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)

    def fetch() -> int:
        connection.request("GET", parts.path)
        return len(connection.getresponse().read())

    try:
        return one_by_one(fetch, count)
    finally:
        connection.close()
