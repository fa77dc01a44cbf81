"""httparallel.core's AsyncConnectionPool on trio."""

import httparallel.core as core
from pools import on_trio

TITLE = "httparallel.core trio"
PACKAGE = "httparallel"


def many(url: str, count: int, in_flight: int) -> int:
    return on_trio(core, url, count, in_flight)
