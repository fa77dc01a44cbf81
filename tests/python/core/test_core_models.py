"""The data classes of the low level: what they take, what they refuse, and how they show themselves."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from kinds import Kind, async_only, sync_only

from httparallel.core import _exceptions
from httparallel.core._checked import authority, include_request_headers
from httparallel.core._models import URL, Origin, Proxy, Request, Response


def test_a_url_is_taken_apart() -> None:
    url = URL("https://www.example.com:8443/path/x?a=b&c")
    assert (url.scheme, url.host, url.port) == (b"https", b"www.example.com", 8443)
    assert url.target == b"/path/x?a=b&c"
    assert bytes(url) == b"https://www.example.com:8443/path/x?a=b&c"


def test_a_url_without_a_path_asks_for_the_root() -> None:
    assert URL(b"http://example.com") == URL("http://example.com/")
    assert URL("http://example.com?q=1").target == b"/?q=1"


def test_a_url_may_be_given_in_parts() -> None:
    url = URL(scheme="https", host="example.com", target="*")
    assert repr(url) == "URL(scheme=b'https', host=b'example.com', port=None, target=b'*')"
    assert url != URL("https://example.com/")
    assert URL(scheme=b"http", host=b"example.com", target="/☺".encode()).target == b"/\xe2\x98\xba"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://example.com", "http://example.com:80"),
        ("https://example.com/x", "https://example.com:443"),
        ("ws://example.com", "ws://example.com:80"),
        ("wss://example.com:1", "wss://example.com:1"),
        ("socks5://example.com", "socks5://example.com:1080"),
        ("socks5h://example.com", "socks5h://example.com:1080"),
        ("http://[::1]/", "http://[::1]:80"),
    ],
)
def test_an_origin_knows_its_port(text: str, shown: str) -> None:
    assert str(URL(text).origin) == shown


def test_origins_are_compared_by_value() -> None:
    origin = Origin(b"http", b"example.com", 80)
    assert origin == URL("http://example.com/x").origin
    assert len({origin, URL("http://example.com/y").origin}) == 1
    assert origin != Origin(b"https", b"example.com", 80)
    assert origin != "http://example.com:80"


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        (b"example.com", None, b"example.com"),
        (b"example.com", 81, b"example.com:81"),
        (b"::1", None, b"[::1]"),
        (b"::1", 81, b"[::1]:81"),
        (b"[::1]", 81, b"[::1]:81"),
    ],
)
def test_an_ipv6_host_has_brackets_where_a_port_may_follow(
    host: bytes, port: int | None, expected: bytes
) -> None:
    assert authority(host, port) == expected


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: URL(123), "url must be bytes or str, but got int."),  # type: ignore[arg-type]
        (lambda: URL("https://example.com/☺"), "url strings may not include unicode characters."),
        (lambda: Request(123, "http://x"), "method must be bytes or str, but got int."),  # type: ignore[arg-type]
        (lambda: Request("GET", 123), "url must be a URL, bytes, or str, but got int."),  # type: ignore[arg-type]
        (
            lambda: Request("GET", "http://x", headers=123),  # type: ignore[arg-type]
            "headers must be a mapping or sequence of two-tuples, but got int.",
        ),
        (
            lambda: Request("GET", "http://x", headers={"X": 1}),  # type: ignore[dict-item]
            "header value must be bytes or str, but got int.",
        ),
        (
            lambda: Response(200, content="text"),  # type: ignore[arg-type]
            "content must be bytes or an iterable of bytes, but got str.",
        ),
    ],
)
def test_the_wrong_type_is_named(make: Callable[[], object], text: str) -> None:
    with pytest.raises(TypeError) as raised:
        make()
    assert str(raised.value) == text


def test_a_request_keeps_what_it_is_given() -> None:
    request = Request("GET", "https://example.com/", headers={"X-Case": "Kept"}, content=b"hello")
    assert request.method == b"GET"
    assert request.headers == [(b"X-Case", b"Kept")]
    assert request.extensions == {}
    assert repr(request) == "<Request [b'GET']>"
    assert repr(request.stream) == "<ByteStream [5 bytes]>"


def test_the_target_extension_replaces_the_target() -> None:
    extensions = {"target": b"/unescaped|path", "timeout": {"read": 1.0}}
    request = Request("GET", "https://example.com:444/path", extensions=extensions)
    assert bytes(request.url) == b"https://example.com:444/unescaped|path"
    assert request.extensions is extensions


@pytest.mark.parametrize(
    ("url", "headers", "content", "expected"),
    [
        ("http://example.com/", [], None, [(b"Host", b"example.com")]),
        ("http://example.com:80/", [], None, [(b"Host", b"example.com")]),
        ("http://example.com:81/", [], None, [(b"Host", b"example.com:81")]),
        ("http://[::1]:81/", [], None, [(b"Host", b"[::1]:81")]),
        ("http://a/", [(b"hOsT", b"b")], None, [(b"hOsT", b"b")]),
        ("http://a/", [], b"four", [(b"Host", b"a"), (b"Content-Length", b"4")]),
        ("http://a/", [], [b"fo", b"ur"], [(b"Host", b"a"), (b"Transfer-Encoding", b"chunked")]),
        (
            "http://a/",
            [(b"content-length", b"4")],
            [b"four"],
            [(b"Host", b"a"), (b"content-length", b"4")],
        ),
    ],
)
def test_the_headers_that_http_requires_are_added(
    url: str, headers: list[tuple[bytes, bytes]], content: Any, expected: list[tuple[bytes, bytes]]
) -> None:
    given = list(headers)
    assert include_request_headers(headers, url=URL(url), content=content) == expected
    assert headers == given


def test_a_response_is_read_once_and_kept() -> None:
    pieces = iter([b"Hello, ", b"world!"])
    response = Response(200, headers=[("X", "y")], content=pieces)
    assert repr(response) == "<Response [200]>"
    with pytest.raises(RuntimeError, match=r"response\.read\(\)"):
        _ = response.content
    assert response.read() == response.read() == response.content == b"Hello, world!"


def test_a_response_is_streamed_once() -> None:
    response = Response(200, content=[b"Hello, ", b"world!"])
    assert list(response.iter_stream()) == [b"Hello, ", b"world!"]
    with pytest.raises(RuntimeError, match="second time"):
        list(response.iter_stream())
    with pytest.raises(RuntimeError):
        _ = response.content


class Pieces:
    """The stream of a connection: it has to be closed."""

    def __init__(self) -> None:
        self.closed = 0


class SyncPieces(Pieces):
    def __iter__(self) -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    def close(self) -> None:
        self.closed += 1


class AsyncPieces(Pieces):
    def __init__(self) -> None:
        super().__init__()
        self.finished = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            self.finished += 1

    async def aclose(self) -> None:
        self.closed += 1


@sync_only
def test_closing_a_response_closes_its_stream(kind: Kind) -> None:
    assert not kind.is_async
    stream = SyncPieces()
    Response(200, content=stream).close()
    assert stream.closed == 1
    Response(204).close()


@async_only
async def test_closing_an_async_response_closes_its_stream(kind: Kind) -> None:
    assert kind.is_async
    stream = AsyncPieces()
    await Response(200, content=stream).aclose()
    assert stream.closed == 1
    await Response(204).aclose()


@async_only
async def test_an_async_response_is_read_or_streamed(kind: Kind) -> None:
    assert kind.is_async
    response = Response(200, content=AsyncPieces())
    with pytest.raises(RuntimeError, match=r"await response\.aread\(\)"):
        _ = response.content
    assert await response.aread() == await response.aread() == response.content == b"onetwo"
    with pytest.raises(RuntimeError, match="second time"):
        _ = [piece async for piece in response.aiter_stream()]


@async_only
async def test_an_iteration_that_is_left_ends_the_generator_behind_it(kind: Kind) -> None:
    assert kind.is_async
    stream = AsyncPieces()
    pieces = Response(200, content=stream).aiter_stream()
    assert await anext(pieces) == b"one"
    await pieces.aclose()
    assert stream.finished == 1


@async_only
async def test_the_methods_of_the_other_kind_are_refused(kind: Kind) -> None:
    assert kind.is_async
    awaited = Response(200, content=AsyncPieces())
    for method in (awaited.read, awaited.close, lambda: list(awaited.iter_stream())):
        with pytest.raises(RuntimeError, match=r"async response: use 'response\.a"):
            method()
    plain = Response(200, content=SyncPieces())
    for coroutine in (plain.aread(), plain.aclose(), anext(plain.aiter_stream())):
        with pytest.raises(RuntimeError, match="sync response: use 'response"):
            await coroutine


def test_a_proxy_has_its_credentials_in_a_header() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy = Proxy("http://localhost:8080", auth=("user", b"pass"), headers={"X": "y"}, ssl_context=context)
    assert proxy.url == URL("http://localhost:8080/")
    assert proxy.auth == (b"user", b"pass")
    assert proxy.headers == [(b"Proxy-Authorization", b"Basic dXNlcjpwYXNz"), (b"X", b"y")]
    assert proxy.ssl_context is context
    assert Proxy("http://localhost").auth is None


def test_the_classes_say_where_they_live() -> None:
    models = [URL, Origin, Proxy, Request, Response]
    errors = [getattr(_exceptions, name) for name in _exceptions.__all__]
    assert {thing.__module__ for thing in models + errors} == {"httparallel.core"}
    assert len(errors) == 15


def test_errors_of_the_engine_become_those_of_the_low_level() -> None:
    import httparallel

    for name in _exceptions.__all__:
        known = getattr(httparallel, name, None)
        if known is None:
            continue
        with pytest.raises(getattr(_exceptions, name), match="what happened") as raised:
            with _exceptions.engine_errors():
                raise known("what happened")
        assert isinstance(raised.value.__cause__, known)


def test_an_error_is_mapped_once() -> None:
    error = _exceptions.ReadTimeout("slow")
    table: dict[type[Exception], type[Exception]] = {Exception: _exceptions.ReadTimeout}
    with pytest.raises(_exceptions.ReadTimeout) as raised:
        with _exceptions.map_exceptions(table):
            raise error
    assert raised.value is error
    with pytest.raises(_exceptions.ReadTimeout, match="out of time"):
        with _exceptions.map_exceptions(table, "out of time"):
            raise TimeoutError
    with pytest.raises(KeyboardInterrupt):
        with _exceptions.map_exceptions(table):
            raise KeyboardInterrupt
