"""Fetches a list of URLs one after another, then all at once in three ways, and compares them.

demo.py                 seven sites with realistic delays, answered by a server that this program starts
demo.py --urls FILE     the URLs in FILE, one a line
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import trio
from rich.console import Console

import httparallel as httpx
from display import Display, Mode
from sites import Target, embedded_server, listed_urls

# Called with each response, or the exception in its place, as it arrives.
Arrived = Callable[[httpx.Response | httpx.HTTPError], None]


def one_after_another(urls: list[str], arrived: Arrived) -> None:
    """What everybody writes first."""
    for url in urls:
        try:
            arrived(httpx.get(url, follow_redirects=True))
        except httpx.HTTPError as error:
            arrived(error)


def parallel_block(urls: list[str], arrived: Arrived) -> None:
    """All at once, from plain synchronous code."""
    with httpx.parallel() as parallel:
        for url in urls:
            parallel.get(url, follow_redirects=True)
        while parallel.has_pending_responses:
            try:
                arrived(parallel.next_response())
            except httpx.HTTPError as error:
                arrived(error)


async def async_block(urls: list[str], arrived: Arrived) -> None:
    """The same in async code; asyncio and trio run it alike."""
    async with httpx.AsyncClient() as client, client.parallel() as parallel:
        for url in urls:
            parallel.get(url, follow_redirects=True)
        while parallel.has_pending_responses:
            try:
                arrived(await parallel.next_response())
            except httpx.HTTPError as error:
                arrived(error)


WAYS: dict[str, Callable[[list[str], Arrived], None]] = {
    "get(), one after another": one_after_another,
    "parallel() block": parallel_block,
    "AsyncClient, asyncio": lambda urls, arrived: asyncio.run(async_block(urls, arrived)),
    "AsyncClient, trio": lambda urls, arrived: trio.run(async_block, urls, arrived),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares fetching URLs in turn with fetching them at once.")
    parser.add_argument("--urls", metavar="FILE", type=Path, help="URLs to fetch, one a line")
    path: Path | None = parser.parse_args().urls
    # A pipe or a file has no width of its own.
    display = Display(Console(width=None if sys.stdout.isatty() else 100))
    with listed_urls(path) if path else embedded_server() as target:
        display.introduce(target)
        modes = [run(name, way, target, display) for name, way in WAYS.items()]
    display.table(modes)
    # Against our own server every request has an answer; of real sites, some may be down.
    return 1 if path is None and any(mode.errors for mode in modes) else 0


def run(name: str, way: Callable[[list[str], Arrived], None], target: Target, display: Display) -> Mode:
    """Runs one way of fetching, with its progress shown."""
    mode = Mode(name)
    with display.progress(name, len(target.urls)) as advance:

        def arrived(outcome: httpx.Response | httpx.HTTPError) -> None:
            mode.add(outcome)
            url = outcome.request.url
            advance(f"{url.host}{url.path}")

        target.reset()
        start = time.perf_counter()
        way(target.urls, arrived)
        mode.wall = time.perf_counter() - start
        mode.connections = target.connections()
    return mode


if __name__ == "__main__":
    sys.exit(main())
