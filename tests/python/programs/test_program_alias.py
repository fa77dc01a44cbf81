"""`alias_httpx()`: other names for this package, in a whole program."""

from __future__ import annotations

import subprocess
import sys

import pytest
from testserver import Server


def run(program: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", program, *arguments], check=True, timeout=20)


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_the_name_gives_this_package(name: str) -> None:
    run(f"""
import httparallel
httparallel.alias_httpx()
import {name}
assert {name} is httparallel
from {name} import Client
assert Client is httparallel.Client
import {name}._client
assert {name}._client is httparallel._client
from {name}._types import AuthTypes
assert AuthTypes is httparallel._types.AuthTypes
assert httparallel._client.__spec__.name == "httparallel._client"
""")


@pytest.mark.parametrize("name", ["httpcore", "httpcore2"])
def test_the_name_gives_the_low_level(name: str) -> None:
    run(f"""
import httparallel
httparallel.alias_httpx()
import {name}
assert {name} is httparallel.core
from {name} import ConnectionPool
assert ConnectionPool is httparallel.core.ConnectionPool
""")


def test_paths_that_others_patch() -> None:
    run("""
import httparallel
httparallel.alias_httpx()
from importlib import import_module
from unittest import mock
for path, name in [
    ("httpcore._sync.connection", "HTTPConnection"),
    ("httpcore._sync.connection_pool", "ConnectionPool"),
    ("httpcore._sync.http_proxy", "HTTPProxy"),
    ("httpcore._async.connection", "AsyncHTTPConnection"),
    ("httpcore._async.connection_pool", "AsyncConnectionPool"),
    ("httpcore._async.http_proxy", "AsyncHTTPProxy"),
    ("httpx._client", "Client"),
    ("httpx._models", "Response"),
    ("httpx._transports.default", "HTTPTransport"),
    ("httpx._transports.base", "BaseTransport"),
    ("httpx._transports.mock", "MockTransport"),
    ("httpx._transports.asgi", "ASGITransport"),
    ("httpx._transports.wsgi", "WSGITransport"),
    ("httpx._urls", "URL"),
]:
    real = httparallel.core if path.startswith("httpcore") else httparallel
    assert getattr(import_module(path), name) is getattr(real, name), path
with mock.patch("httpcore._sync.connection.HTTPConnection.handle_request") as patched:
    assert httparallel.core.HTTPConnection.handle_request is patched
with mock.patch("httpx._client.Client._transport_for_url") as patched:
    assert httparallel.Client._transport_for_url is patched
""")


def test_a_patched_low_level_carries_the_requests(server: Server) -> None:
    run(
        """
import asyncio
import sys
import httparallel
httparallel.alias_httpx()
from unittest import mock

url = sys.argv[1]
answer = httparallel.core.Response(203, content=b"patched")

def handle(self, request):
    assert bytes(request.url).startswith(b"http://127.0.0.1")
    return answer

async def ahandle(self, request):
    return handle(self, request)

def check(expected):
    assert httparallel.get(url).text == expected
    with client.parallel() as parallel:
        assert parallel.get(url).get_response().text == expected
    assert client.get(url).text == expected

with httparallel.Client() as client:
    check("Hello, world!")
    with mock.patch("httpcore._sync.connection_pool.ConnectionPool.handle_request", handle):
        check("patched")
    with mock.patch("httpcore._sync.connection.HTTPConnection.handle_request", handle):
        assert client.get(url).status_code == 203
    check("Hello, world!")

async def main():
    async with httparallel.AsyncClient() as client:
        assert (await client.get(url)).text == "Hello, world!"
        target = "httpcore._async.connection_pool.AsyncConnectionPool.handle_async_request"
        with mock.patch(target, ahandle):
            assert (await client.get(url)).text == "patched"
        assert (await client.get(url)).text == "Hello, world!"

asyncio.run(main())
""",
        server.http,
    )


def test_it_may_be_called_again() -> None:
    run("""
import sys
import httparallel
httparallel.alias_httpx()
finders = len(sys.meta_path)
import httpx
httparallel.alias_httpx()
assert len(sys.meta_path) == finders
""")


def test_a_name_that_was_forgotten_is_found_again() -> None:
    run("""
import sys
import httparallel
httparallel.alias_httpx()
for name in ("httpx", "httpcore"):
    del sys.modules[name]
import httpcore
import httpx
assert httpx is httparallel
assert httpcore is httparallel.core
assert httpx.__spec__.name == "httparallel"
""")


def test_it_is_too_late_once_another_package_has_the_name() -> None:
    run("""
import sys, types
sys.modules["httpcore"] = types.ModuleType("httpcore")
import httparallel
try:
    httparallel.alias_httpx()
except RuntimeError as error:
    assert "'httpcore' has been imported already" in str(error)
else:
    raise AssertionError
assert "httpx" not in sys.modules
""")


def test_modules_that_are_not_there_are_not_found() -> None:
    run("""
import httparallel
httparallel.alias_httpx()
for name in ("httpx.nonsense", "httpx._client.nonsense", "httpxother"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        pass
    else:
        raise AssertionError(name)
""")
