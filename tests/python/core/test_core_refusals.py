"""Servers that want a request over HTTP/1.1, or on another connection: it is sent again, where that can be.

They are the engine's rules, so that pools on the engine and over a backend of their own do the same.
"""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from kinds import Kind
from pools import Program
from testserver import Server

from httparallel.core import RemoteProtocolError

# What a script does for the first request of an HTTP/2 connection, and for each of HTTP/1.1.
ASKED = "expect-bytes 24\nframe 4 0 0 \nexpect-frame 1\n"
HTTP1 = "connection\nexpect-request\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\nforever\n"

OK = "frame 1 4 {0} \\x88\nframe 0 1 {0} ok\n"
WRONG = "expect-request\nsend HTTP/1.1 421 Misdirected Request\\r\\nContent-Length: 5\\r\\n\\r\\nwrong\n"
MISDIRECTED = "frame 1 4 {0} \\x18\\x03421\nframe 0 1 {0} wrong\n"
# Error code 13 in RST_STREAM, and in a GOAWAY that covers no request.
RESET = "frame 3 0 1 \\0\\0\\0\\x0d\nhang\n"
LEAVE = "frame 7 0 0 \\0\\0\\0\\0\\0\\0\\0\\x0d\nhang\n"


@pytest.fixture
def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_pem)


@pytest.fixture
def own(kind: Kind) -> Program:
    """Over a backend of its own: the engine has no way to be told of the test's authority here."""
    return Program(kind, "own")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("demand", [RESET, LEAVE])
async def test_a_server_that_requires_http_1_gets_it_for_this_request_and_all_that_follow(
    own: Program, server: Server, trusting: ssl.SSLContext, method: str, demand: str
) -> None:
    with server.script(f"tls h2\n{ASKED}{demand}{HTTP1}") as script:
        async with own.pool(http2=True, ssl_context=trusting) as pool:
            for _ in range(2):
                response = await pool.request(method, script.url, content=b"content")
                assert (response.extensions["http_version"], response.content) == (b"HTTP/1.1", b"ok")
        assert len(script.received()) == 2


async def test_other_origins_go_on_with_http_2(
    own: Program, server: Server, trusting: ssl.SSLContext
) -> None:
    with server.script(f"tls h2\n{ASKED}{RESET}{HTTP1}") as script:
        async with own.pool(http2=True, ssl_context=trusting) as pool:
            assert (await pool.request("GET", script.url)).extensions["http_version"] == b"HTTP/1.1"
            assert (await pool.request("GET", server.https)).extensions["http_version"] == b"HTTP/2"


async def test_a_proxy_is_no_hindrance(own: Program, server: Server, trusting: ssl.SSLContext) -> None:
    from httparallel.core import Proxy

    with server.script(f"tls h2\n{ASKED}{RESET}{HTTP1}") as script:
        async with own.pool(http2=True, ssl_context=trusting, proxy=Proxy(server.http)) as pool:
            url = script.url.replace("127.0.0.1", "localhost")
            response = await pool.request("GET", url)
            assert (response.extensions["http_version"], response.content) == (b"HTTP/1.1", b"ok")


async def test_requests_that_were_told_so_at_once_are_all_sent_again(
    own: Program, server: Server, trusting: ssl.SSLContext
) -> None:
    resets = "".join(f"frame 3 0 {number} \\0\\0\\0\\x0d\n" for number in (1, 3, 5))
    asked = f"{ASKED}expect-frame 1\nexpect-frame 1\n"
    with server.script(f"tls h2\n{asked}{resets}hang\n{HTTP1}") as script:
        async with own.pool(http2=True, ssl_context=trusting) as pool:
            outcomes = await own.together([lambda: pool.request("GET", script.url)] * 3)
            assert [outcome.content for outcome in outcomes] == [b"ok"] * 3


async def test_without_http_1_the_demand_for_it_is_the_outcome(program: Program, server: Server) -> None:
    with server.script(f"{ASKED}{RESET}forever") as script:
        async with program.pool(http1=False, http2=True) as pool:
            with pytest.raises(RemoteProtocolError):
                await pool.request("GET", script.url)
        assert len(script.received()) == 1


async def test_content_that_is_gone_is_not_sent_again_over_http_1(
    own: Program, server: Server, trusting: ssl.SSLContext
) -> None:
    with server.script(f"tls h2\n{ASKED}expect-frame 0\n{RESET}{HTTP1}") as script:
        async with own.pool(http2=True, ssl_context=trusting) as pool:
            with pytest.raises(RemoteProtocolError):
                await pool.request("POST", script.url, content=own.kind.content([b"once"]))
        assert len(script.received()) == 1


async def test_what_a_used_http_2_connection_misdirects_is_sent_again_on_another_one(
    program: Program, server: Server
) -> None:
    served = f"{ASKED}{OK.format(1)}expect-frame 1\n"
    wrong, right = f"{served}{MISDIRECTED.format(3)}hang\n", f"{served}{OK.format(3)}hang\n"
    with server.script(f"{wrong}connection\n{right}") as script:
        async with program.pool(http1=False, http2=True) as pool:
            assert (await pool.request("GET", script.url)).content == b"ok"
            for _ in range(2):
                response = await pool.request("POST", script.url, content=b"content")
                assert (response.status, response.content) == (200, b"ok")
            assert len(pool.connections) == 1
        assert len(script.received()) == 2


async def test_a_connection_that_misdirects_finishes_what_is_on_it(program: Program, server: Server) -> None:
    begun = f"{ASKED}frame 1 4 1 \\x88\nexpect-frame 1\n{MISDIRECTED.format(3)}"
    slow = f"{begun}wait finish\nframe 0 1 1 slow\nhang\n"
    with server.script(f"{slow}connection\n{ASKED}{OK.format(1)}hang\n") as script:
        async with program.pool(http1=False, http2=True) as pool:
            async with pool.stream("GET", script.url) as response:
                assert (await pool.request("GET", script.url)).content == b"ok"
                script.signal("finish")
                assert await response.aread() == b"slow"


async def test_what_a_used_http_1_connection_misdirects_is_sent_again_on_another_one(
    program: Program, server: Server
) -> None:
    answered = "expect-request\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\n"
    with server.script(f"{answered}{WRONG}hang\n{HTTP1}") as script:
        async with program.pool() as pool:
            for _ in range(2):
                response = await pool.request("POST", script.url, content=b"content")
                assert (response.status, response.content) == (200, b"ok")
        assert len(script.received()) == 2


@pytest.mark.parametrize("content", [b"again", None])
async def test_a_fresh_connection_that_misdirects_has_the_last_word(
    program: Program, server: Server, content: bytes | None
) -> None:
    # And so has any that was sent content which is gone.
    with server.script(f"{WRONG}forever\n") as script:
        async with program.pool() as pool:
            for connections in (1, 1 if content is None else 2):
                given: Any = program.kind.content([b"gone"]) if content is None else content
                response = await pool.request("POST", script.url, content=given)
                assert (response.status, response.content) == (421, b"wrong")
                assert len(script.received()) == connections
