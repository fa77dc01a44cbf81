"""httpcore2's AsyncConnectionPool on asyncio."""

import httpcore2 as core

from pools import on_asyncio

TITLE = "httpcore2 asyncio"
PACKAGE = "httpcore2"


def many(url: str, count: int, in_flight: int) -> int:
    return on_asyncio(core, url, count, in_flight)
