"""Every example of document 003, httpcore's async support, runs as written.

Two things are changed: the module's name, and the hosts, which are played by the test server over TLS:
`SSL_CERT_FILE` names its authority, as it would a company's own. `...` stays: the document leaves that to the
reader.
"""

from __future__ import annotations

import ast
import asyncio
import re
from typing import Any

import anyio
import pytest
import trio
from testserver import Server

import httparallel.core

A_POOL = """
async with httpcore2.AsyncConnectionPool() as http:
    ...
"""

SENDING_REQUESTS = """
import asyncio
import httpcore2

async def main():
    async with httpcore2.AsyncConnectionPool() as http:
        response = await http.request("GET", "https://www.example.com/")


asyncio.run(main())
"""

STREAMING_RESPONSES = """
import asyncio
import httpcore2

async def main():
    async with httpcore2.AsyncConnectionPool() as http:
        async with http.stream("GET", "https://www.example.com/") as response:
            async for chunk in response.aiter_stream():
                print(f"Downloaded: {chunk}")


asyncio.run(main())
"""

EXPLICITLY_CLOSED = """
try:
    http = httpcore2.AsyncConnectionPool()
    ...
finally:
    await http.aclose()
"""

DOWNLOAD = """
import httpcore2
import {library}
import time

async def download(http, year):
    await http.request("GET", f"https://en.wikipedia.org/wiki/{{year}}")

async def main():
    async with httpcore2.AsyncConnectionPool() as http:
        started = time.time()
{concurrently}
        complete = time.time()

        for connection in http.connections:
            print(connection)
        print("Complete in %.3f seconds" % (complete - started))

{library}.run(main)
"""

ASYNCIO = DOWNLOAD.replace("{library}.run(main)", "{library}.run(main())").format(
    library="asyncio",
    concurrently="""
        # Here we use `asyncio.gather()` in order to run several tasks concurrently...
        tasks = [download(http, year) for year in range(2000, 2020)]
        await asyncio.gather(*tasks)
""",
)

TRIO = DOWNLOAD.format(
    library="trio",
    concurrently="""
        async with trio.open_nursery() as nursery:
            for year in range(2000, 2020):
                nursery.start_soon(download, http, year)
""",
)

ANYIO = DOWNLOAD.format(
    library="anyio",
    concurrently="""
        async with anyio.create_task_group() as task_group:
            for year in range(2000, 2020):
                task_group.start_soon(download, http, year)
""",
)


@pytest.fixture(autouse=True)
def trusted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)


def run(source: str, server: Server) -> dict[str, Any]:
    """Runs an example; returns the names it defined."""
    names: dict[str, Any] = {}
    exec(compile(routed(source, server), "<example>", "exec"), names)
    return names


def routed(source: str, server: Server) -> str:
    """An example with this package's name, and the test server's pages: N bytes for the year N."""
    source = source.replace("httpcore2", "httparallel.core")
    source = source.replace("https://www.example.com/", f"{server.https}/small")
    return source.replace("https://en.wikipedia.org/wiki/", f"{server.https}/bytes/")


RUNS = {
    "asyncio": lambda main: asyncio.run(main()),
    "trio": trio.run,
    "anyio": anyio.run,
    "anyio-trio": lambda main: anyio.run(main, backend="trio"),
}
on_each_library = pytest.mark.parametrize("library", RUNS)


def run_block(source: str, server: Server, library: str) -> dict[str, Any]:
    """Runs an example that awaits outside of any function, as at an async prompt."""
    names: dict[str, Any] = {"httparallel": httparallel}
    code = compile(routed(source, server), "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def main() -> None:
        await eval(code, names)

    RUNS[library](main)
    return names


@on_each_library
def test_a_pool_in_a_block(server: Server, library: str) -> None:
    assert run_block(A_POOL, server, library)["http"].connections == []
    used = A_POOL.replace("...", 'response = await http.request("GET", "https://www.example.com/")')
    names = run_block(used, server, library)
    assert names["response"].content == b"Hello, world!"
    assert names["http"].connections == []


def test_sending_requests(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    run(SENDING_REQUESTS, server)
    shown = SENDING_REQUESTS.replace("\n\n\n", "\n        print(response, response.content)\n")
    run(shown, server)
    assert capsys.readouterr().out == "<Response [200]> b'Hello, world!'\n"


def test_streaming_responses(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    run(STREAMING_RESPONSES, server)
    assert capsys.readouterr().out == "Downloaded: b'Hello, world!'\n"


@on_each_library
@pytest.mark.parametrize("way", ["aread", "aclose"])
def test_the_other_methods_of_an_async_response(server: Server, library: str, way: str) -> None:
    source = A_POOL.replace(
        "...",
        'async with http.stream("GET", "https://www.example.com/") as response:\n'
        f"        result = await response.{way}()",
    )
    assert run_block(source, server, library)["result"] == (b"Hello, world!" if way == "aread" else None)


@on_each_library
def test_content_is_bytes_or_an_async_iterable(server: Server, library: str) -> None:
    source = A_POOL.replace(
        "...",
        "async def content():\n        yield b'one'\n        yield b'two'\n"
        '    one = await http.request("POST", "https://www.example.com/", content=b"onetwo")\n'
        '    two = await http.request("POST", "https://www.example.com/", content=content())',
    ).replace("https://www.example.com/", f"{server.https}/echo-body")
    names = run_block(source, server, library)
    assert names["one"].content == names["two"].content == b"onetwo"


@on_each_library
def test_a_pool_that_is_closed_explicitly(server: Server, library: str) -> None:
    assert run_block(EXPLICITLY_CLOSED, server, library)["http"].connections == []
    used = EXPLICITLY_CLOSED.replace("...", 'await http.request("GET", "https://www.example.com/")')
    server.reset()
    assert run_block(used, server, library)["http"].connections == []
    assert server.stats()["requests"] == 1


EXAMPLES = {
    "asyncio": ASYNCIO,
    "trio": TRIO,
    "anyio": ANYIO,
    "anyio-trio": ANYIO.replace("anyio.run(main)", "anyio.run(main, backend='trio')"),
}


@pytest.mark.parametrize("library", EXAMPLES)
def test_several_requests_at_once(server: Server, capsys: pytest.CaptureFixture[str], library: str) -> None:
    run(EXAMPLES[library], server)
    *connections, elapsed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Complete in \d\.\d{3} seconds", elapsed)
    origin = re.escape(server.https)
    shown = rf"<AsyncHTTPConnection \['{origin}', HTTP/1\.1, IDLE, Request Count: (\d+)\]>"
    counts = [int(found[1]) for line in connections if (found := re.fullmatch(shown, line))]
    # Ten connections are the most that a pool has, by default. One of them may have come too late.
    assert 0 < len(counts) <= len(connections) <= 10
    assert all(line.startswith("<AsyncHTTPConnection [") for line in connections), connections
    assert sum(counts) == 20
