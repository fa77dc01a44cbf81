"""httpcore2's AsyncConnectionPool on trio."""

import httpcore2 as core

from pools import on_trio

TITLE = "httpcore2 trio"
PACKAGE = "httpcore2"


def many(url: str, count: int, in_flight: int) -> int:
    return on_trio(core, url, count, in_flight)
