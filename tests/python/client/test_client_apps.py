"""Transports that call an application: ASGI and WSGI."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

import pytest
from kinds import Kind, async_only

import httparallel

needs_kind = pytest.mark.usefixtures("kind")

Message = dict[str, Any]


async def read(receive: Any) -> bytes:
    """The content of a request to an ASGI application."""
    content = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        content += message["body"]
        if not message["more_body"]:
            return content


async def reply(send: Any, content: bytes, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-kind", b"asgi")]})
    await send({"type": "http.response.body", "body": content})


def asgi(app: Any, **arguments: Any) -> httparallel.AsyncClient:
    transport = httparallel.ASGITransport(app, **arguments)
    return httparallel.AsyncClient(transport=transport, base_url="http://test")


@async_only
async def test_an_asgi_application_is_told_of_the_request(kind: Kind) -> None:
    scopes = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await reply(send, await read(receive), 201)

    async with asgi(app, root_path="/mounted", client=("10.0.0.1", 77)) as client:
        response = await client.post("/p%20%C3%A4/q?a=%20&b=1", content=kind.content([b"a", b"b"]))
    assert (response.status_code, response.content) == (201, b"ab")
    assert response.headers["X-Kind"] == "asgi"
    assert response.elapsed.total_seconds() >= 0
    (scope,) = scopes
    headers = dict(scope.pop("headers"))
    assert headers[b"host"] == b"test"
    assert headers[b"transfer-encoding"] == b"chunked"
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/p ä/q",
        "raw_path": b"/p%20%C3%A4/q",
        "query_string": b"a=%20&b=1",
        "server": ("test", None),
        "client": ("10.0.0.1", 77),
        "root_path": "/mounted",
    }


@async_only
@needs_kind
async def test_an_asgi_application_may_wait_for_the_client_to_leave() -> None:
    seen = []

    async def app(_scope: Message, receive: Any, send: Any) -> None:
        await read(receive)
        await reply(send, b"done")
        seen.append(await receive())

    async with asgi(app) as client:
        assert (await client.get("/")).text == "done"
    assert seen == [{"type": "http.disconnect"}]


@async_only
@needs_kind
async def test_an_asgi_application_sends_pieces() -> None:
    async def app(_scope: Message, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for piece in (b"a", b"", b"b"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    async with asgi(app) as client:
        assert (await client.get("/")).text == "ab"
        assert (await client.head("/")).text == ""


@async_only
@needs_kind
async def test_an_exception_of_an_asgi_application() -> None:
    async def app(scope: Message, _receive: Any, send: Any) -> None:
        if scope["path"] == "/late":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("of the application")

    async with asgi(app) as client:
        for path in ("/", "/late"):
            with pytest.raises(ValueError, match="of the application"):
                await client.get(path)
    async with asgi(app, raise_app_exceptions=False) as client:
        assert (await client.get("/")).status_code == 500
        assert (await client.get("/late")).status_code == 200


@async_only
@needs_kind
@pytest.mark.parametrize("messages", [[], ["start"], ["start", "start"], ["start", "body", "body"]])
async def test_an_asgi_application_that_breaks_the_rules(messages: list[str]) -> None:
    async def app(_scope: Message, _receive: Any, send: Any) -> None:
        for message in messages:
            await send({"type": f"http.response.{message}", "status": 200, "headers": []})

    async with asgi(app) as client:
        with pytest.raises(RuntimeError, match="The ASGI application"):
            await client.get("/")


@async_only
@needs_kind
async def test_a_block_calls_an_asgi_application() -> None:
    async def app(scope: Message, _receive: Any, send: Any) -> None:
        await reply(send, scope["raw_path"])

    async with asgi(app) as client, client.parallel() as parallel:
        for number in range(3):
            parallel.get(f"/{number}")
        assert sorted([response.text async for response in parallel]) == ["/0", "/1", "/2"]


Start = Callable[..., Any]


def wsgi(app: Any, **arguments: Any) -> httparallel.Client:
    return httparallel.Client(transport=httparallel.WSGITransport(app, **arguments), base_url="http://test")


def test_a_wsgi_application_is_told_of_the_request() -> None:
    environs = []

    def app(environ: Message, start_response: Start) -> Iterable[bytes]:
        environs.append(environ)
        start_response("201 Created", [("X-Kind", "wsgi"), ("Content-Type", "text/plain")])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

    # The validator refuses what PEP 3333 forbids.
    with wsgi(validator(app), script_name="/mounted", remote_addr="10.0.0.1") as client:
        response = client.post(
            "/p%20%C3%A4?a=%20", content=b"ab", headers=[("X-A", "1"), ("x-a", "2"), ("Cookie", "c=1")]
        )
    assert (response.status_code, response.content) == (201, b"ab")
    assert response.headers["X-Kind"] == "wsgi"
    assert response.elapsed.total_seconds() >= 0
    (environ,) = environs
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/mounted",
        # Bytes as code points, as PEP 3333 has it.
        "PATH_INFO": "/p \xc3\xa4",
        "QUERY_STRING": "a=%20",
        "SERVER_NAME": "test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "10.0.0.1",
        "CONTENT_LENGTH": "2",
        "HTTP_X_A": "1, 2",
        "HTTP_COOKIE": "c=1",
        "HTTP_HOST": "test",
        "wsgi.url_scheme": "http",
    }
    assert expected.items() <= environ.items()


@pytest.mark.parametrize(
    ("url", "port"), [("http://test", "80"), ("https://test", "443"), ("https://test:8443", "8443")]
)
def test_a_wsgi_application_is_told_the_port(url: str, port: str) -> None:
    def app(environ: Message, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ["SERVER_PORT"].encode()]

    with wsgi(app) as client:
        assert client.get(url).text == port


def test_a_wsgi_application_may_be_a_generator() -> None:
    closed = []

    def app(_environ: Message, start_response: Start) -> Iterable[bytes]:
        try:
            yield b""
            start_response("200 OK", [])
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    with wsgi(app) as client:
        assert client.get("/").text == "ab"
        assert closed == [True]
        with client.stream("GET", "/") as response:
            assert next(response.iter_bytes()) == b"a"
        assert closed == [True, True]


def test_a_wsgi_application_may_write() -> None:
    def app(_environ: Message, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        return [b"b"]

    with wsgi(app) as client:
        assert client.get("/").text == "ab"


def test_an_exception_of_a_wsgi_application() -> None:
    def app(_environ: Message, start_response: Start) -> Iterable[bytes]:
        try:
            raise ValueError("of the application")
        except ValueError:
            start_response("500 Internal Server Error", [], sys.exc_info())
        return [b"sorry"]

    def raising(_environ: Message, _start_response: Start) -> Iterable[bytes]:
        raise ValueError("of the application")

    for failing in (app, raising):
        with wsgi(failing) as client, pytest.raises(ValueError, match="of the application"):
            client.get("/")
    with wsgi(app, raise_app_exceptions=False) as client:
        assert (client.get("/").status_code, client.get("/").text) == (500, "sorry")


def test_a_wsgi_application_that_breaks_the_rules() -> None:
    with wsgi(lambda *_: []) as client, pytest.raises(RuntimeError, match="start_response"):
        client.get("/")


def test_errors_of_a_wsgi_application_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    def app(environ: Message, start_response: Start) -> Iterable[bytes]:
        print("an error", file=environ["wsgi.errors"])
        start_response("200 OK", [])
        return []

    errors = io.StringIO()
    with wsgi(app, wsgi_errors=errors) as client:
        client.get("/")
    assert errors.getvalue() == "an error\n"
    with wsgi(app) as client:
        client.get("/")
    assert capsys.readouterr().err == "an error\n"
