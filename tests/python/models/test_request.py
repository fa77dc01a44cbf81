"""Requests: the headers they are given, the body, and what survives pickling."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Iterator

import pytest
from replies import FakeReply

import httparallel
from httparallel import Headers, Request

URL = "https://example.org/path"


def hello() -> Iterator[bytes]:
    yield b"hello, "
    yield b"world"


async def ahello() -> AsyncIterator[bytes]:
    yield b"hello, "
    yield b"world"


def names(request: Request) -> list[bytes]:
    return [name for name, _ in request.headers.raw]


def test_a_request_shows_its_method_and_url() -> None:
    assert repr(Request("get", "https://example.org")) == "<Request('GET', 'https://example.org')>"


def test_a_get_has_a_host_and_no_content_length() -> None:
    request = Request("GET", URL)
    assert request.headers == {"Host": "example.org"}
    assert request.content == b""
    assert b"".join(request.stream) == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "QUERY"])
def test_a_method_that_expects_a_body_says_that_there_is_none(method: str) -> None:
    assert Request(method, URL).headers["Content-Length"] == "0"


def test_host_comes_first_then_the_users_headers_then_those_of_the_body() -> None:
    request = Request("POST", URL, headers={"X-First": "1", "X-Second": "2"}, json={"a": 1})
    assert names(request) == [b"Host", b"X-First", b"X-Second", b"Content-Length", b"Content-Type"]


def test_what_the_user_sets_is_not_overridden() -> None:
    given = {"host": "other.org", "content-type": "application/vnd.api+json", "content-length": "7"}
    request = Request("POST", URL, headers=given, json={"a": 1})
    assert request.headers == given


def test_the_port_is_part_of_host_unless_it_is_the_schemes_own() -> None:
    assert Request("GET", "https://example.org:443/").headers["Host"] == "example.org"
    assert Request("GET", "https://example.org:444/").headers["Host"] == "example.org:444"


def test_chunks_are_not_announced_next_to_a_content_length() -> None:
    request = Request("POST", URL, content=hello(), headers={"Content-Length": "12"})
    assert "Transfer-Encoding" not in request.headers


def test_a_length_is_not_announced_next_to_a_transfer_encoding() -> None:
    request = Request("POST", URL, content=b"hello", headers={"Transfer-Encoding": "chunked"})
    assert "Content-Length" not in request.headers


def test_params_replace_the_query() -> None:
    assert str(Request("GET", "http://a/?c=3", params={"a": "1", "b": "2"}).url) == "http://a/?a=1&b=2"
    assert str(Request("GET", "http://a/?c=3", params={}).url) == "http://a/"


def test_cookies_become_one_header() -> None:
    request = Request("GET", URL, cookies={"a": "1", "b": "2"})
    assert request.headers["Cookie"] == "a=1; b=2"


def test_a_cookie_header_of_the_users_wins_over_cookies() -> None:
    request = Request("GET", URL, cookies={"a": "1"}, headers={"Cookie": "mine=1"})
    assert request.headers["Cookie"] == "mine=1"


def test_a_stream_is_taken_as_it_is_without_any_header() -> None:
    stream = httparallel.ByteStream(b"hello")
    request = Request("POST", URL, stream=stream)
    assert request.stream is stream
    assert request.headers == {}
    with pytest.raises(httparallel.RequestNotRead):
        request.content  # noqa: B018
    assert request.read() == b"hello"


def test_extensions_are_the_requests_own() -> None:
    extensions = {"sni_hostname": "example.org"}
    request = Request("GET", URL, extensions=extensions)
    request.extensions["timeout"] = {}
    assert extensions == {"sni_hostname": "example.org"}
    assert Request("GET", URL).extensions == {}


def test_reading_a_generator_makes_it_replayable() -> None:
    request = Request("POST", URL, content=hello())
    with pytest.raises(httparallel.RequestNotRead):
        request.content  # noqa: B018
    assert request.read() == b"hello, world"
    assert b"".join(request.stream) == b"".join(request.stream) == request.content


@pytest.mark.anyio
async def test_reading_an_asynchronous_generator_makes_it_replayable() -> None:
    request = Request("POST", URL, content=ahello())
    assert await request.aread() == b"hello, world"
    assert b"".join([part async for part in request.stream]) == request.content


@pytest.mark.anyio
async def test_reading_in_the_wrong_way_says_which_way_is_right() -> None:
    with pytest.raises(RuntimeError, match="aread"):
        Request("POST", URL, content=ahello()).read()
    with pytest.raises(RuntimeError, match="read"):
        await Request("POST", URL, content=hello()).aread()


def test_a_request_can_be_pickled_with_its_body() -> None:
    request = Request("POST", URL, json={"a": 1}, extensions={"trace": print})
    again = pickle.loads(pickle.dumps(request))
    assert (again.method, again.url, again.headers) == (request.method, request.url, request.headers)
    assert again.content == b'{"a":1}'
    assert b"".join(again.stream) == b'{"a":1}'
    assert again.extensions == {}


def test_a_stream_that_was_not_read_is_closed_after_pickling() -> None:
    again = pickle.loads(pickle.dumps(Request("POST", URL, content=hello())))
    with pytest.raises(httparallel.RequestNotRead):
        again.content  # noqa: B018
    with pytest.raises(httparallel.StreamClosed):
        again.read()


@pytest.mark.anyio
async def test_an_asynchronous_stream_that_was_not_read_is_closed_after_pickling() -> None:
    again = pickle.loads(pickle.dumps(Request("POST", URL, content=ahello())))
    with pytest.raises(httparallel.StreamClosed):
        await again.aread()


def test_a_request_of_a_reply_is_what_was_sent() -> None:
    request = Request._from_reply(FakeReply())
    assert repr(request) == "<Request('GET', 'https://example.org/path')>"
    assert request.headers == Headers({"Host": "example.org"})
    assert request.content == b""
    assert request.extensions == {}


def test_a_request_may_carry_attributes_of_its_users() -> None:
    request = Request("GET", URL)
    request.started = 1.0  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(request)).started == 1.0
