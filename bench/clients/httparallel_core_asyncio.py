"""httparallel.core's AsyncConnectionPool on asyncio."""

import httparallel.core as core
from pools import on_asyncio

TITLE = "httparallel.core asyncio"
PACKAGE = "httparallel"


def many(url: str, count: int, in_flight: int) -> int:
    return on_asyncio(core, url, count, in_flight)
