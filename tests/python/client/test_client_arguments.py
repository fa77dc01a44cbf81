"""Invalid arguments raise at the call, and nothing of the request is sent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel


@pytest.fixture
def untouched(server: Server) -> Iterator[Server]:
    """A server that is to see no request, nor even a connection."""
    server.reset()
    yield server
    counters = server.stats()
    assert (counters["requests"], counters["connections_opened"]) == (0, 0)


BREAKS = ["\r\n", "\n", "\r", "\0"]


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/",
        "http://example.org:port/",
        "http://example.org:99999/",
        "http://example.org/\r\nX-Injected: 1",
        "http://example.org/\0",
        "http://exam\nple.org/",
    ],
)
async def test_an_invalid_url(kind: Kind, url: str) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.InvalidURL):
            await client.get(url)
        with pytest.raises(httparallel.InvalidURL):
            client.build_request("GET", url)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "ws://example.org/", "mailto:me"]
)
@pytest.mark.parametrize("long_way", [False, True])
async def test_an_unsupported_scheme(kind: Kind, url: str, long_way: bool) -> None:
    async with kind.client() as client:
        if long_way:
            client.cookies.set("a", "1")
        with pytest.raises(httparallel.UnsupportedProtocol) as raised:
            await client.get(url)
    assert raised.value.request.url == url


@pytest.mark.parametrize("url", ["/path", "example.org", "//example.org/", "http://", "https:///path", ""])
async def test_a_url_without_scheme_or_host(kind: Kind, url: str) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.UnsupportedProtocol) as raised:
            await client.get(url)
    assert raised.value.request.url == url


@pytest.mark.parametrize("url", [None, 1, b"http://example.org/", object(), ["http://example.org"]])
@pytest.mark.parametrize("base_url", ["", "http://example.org"])
async def test_something_else_than_a_url(kind: Kind, url: Any, base_url: str) -> None:
    async with kind.client(base_url=base_url) as client:
        with pytest.raises(TypeError):
            await client.get(url)
        with pytest.raises(TypeError):
            await client.post(url, json={})


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("place", ["name", "value", "client", "user-agent"])
@pytest.mark.parametrize("long_way", [False, True])
async def test_a_header_cannot_be_injected(
    kind: Kind, untouched: Server, text: str, place: str, long_way: bool
) -> None:
    header = {f"X-A{text}X-Injected": "1"} if place == "name" else {"X-A": f"1{text}X-Injected: 1"}
    if place == "user-agent":
        header = {"User-Agent": f"me{text}X-Injected: 1"}
    async with kind.client() as client:
        if long_way:
            client.cookies.set("a", "1")
        if place == "client":
            client.headers.update(header)
        with pytest.raises(httparallel.LocalProtocolError) as raised:
            await client.get(untouched.http, headers=None if place == "client" else header)
        assert raised.value.request.url == untouched.http


@pytest.mark.parametrize("method", ["GET\r\nX: 1", "GET /other", "", "GE\0T", "GÉT"])
@pytest.mark.parametrize("long_way", [False, True])
async def test_an_invalid_method(kind: Kind, untouched: Server, method: str, long_way: bool) -> None:
    async with kind.client() as client:
        if long_way:
            client.cookies.set("a", "1")
        with pytest.raises(httparallel.LocalProtocolError) as raised:
            await client.request(method, untouched.http)
        assert raised.value.request.method == method.upper()


@pytest.mark.parametrize("text", BREAKS)
async def test_a_path_or_query_cannot_inject_a_header(kind: Kind, server: Server, text: str) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/echo", params={"a": f"1{text}X-Injected: 1"})
    assert "X-Injected" not in dict(response.json()["headers"])
    assert response.json()["target"].startswith("/echo?a=1%0")


@pytest.mark.parametrize("text", BREAKS)
async def test_a_file_name_cannot_inject_a_header(kind: Kind, server: Server, text: str) -> None:
    async with kind.client() as client:
        files = {"file": (f"name{text}X-Injected: 1", b"content", "text/plain")}
        response = await client.post(f"{server.http}/echo", files=files)
    head = response.json()["body"].partition("\r\n\r\n")[0]
    assert head.count("\r\n") == 2
    assert "\0" not in head.replace("%00", "")


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": 1},
        {"headers": {"X-A": 1}},
        {"headers": {"X-A": None}},
        {"content": 1},
        {"content": {"a": 1}},
        {"data": 1},
        {"json": object()},
        {"files": {"file": 1}},
        {"cookies": 1},
        {"auth": "user:secret"},
        {"timeout": "soon"},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:'data' is for forms:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Cookies of a single request:DeprecationWarning")
async def test_an_argument_of_the_wrong_type(kind: Kind, untouched: Server, arguments: Any) -> None:
    async with kind.client() as client:
        with pytest.raises(TypeError):
            await client.request("POST", untouched.http, **arguments)


async def test_an_unknown_argument(kind: Kind, untouched: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(TypeError, match="bogus"):
            await client.get(untouched.http, bogus=1)
        with pytest.raises(TypeError, match="json"):
            await client.get(untouched.http, json={})
        with pytest.raises(TypeError, match="bogus"):
            async with client.stream("GET", untouched.http, bogus=1):
                pass


@pytest.mark.parametrize("host", ["a\r\nX: 1", "a\nb", "a\0b", "a%0d%0ab", "a\\b"])
async def test_a_tunnel_cannot_be_asked_for_more_than_one_host(
    kind: Kind, untouched: Server, host: str
) -> None:
    async with kind.client(proxy=untouched.http, verify=untouched.ca_pem) as client:
        with pytest.raises(httparallel.InvalidURL):
            await client.get(f"https://{host}/")


@pytest.mark.parametrize("text", BREAKS)
async def test_what_is_said_to_a_proxy_cannot_inject_a_header(
    kind: Kind, untouched: Server, text: str
) -> None:
    proxies = [
        httparallel.Proxy(untouched.http, headers={"X-A": f"1{text}X-Injected: 1"}),
        httparallel.Proxy(untouched.http, headers={f"X-A{text}X-Injected": "1"}),
    ]
    for proxy in proxies:
        with pytest.raises(httparallel.LocalProtocolError):
            async with kind.client(proxy=proxy) as client:
                await client.get("https://example.org/")


@pytest.mark.parametrize("userinfo", ["localhost:1", "evil.example", "localhost%40a", "a@b", "[::1]"])
async def test_a_url_has_one_host_for_everything(
    kind: Kind, server: Server, tmp_path: Path, userinfo: str
) -> None:
    """Connecting, `Host`, netrc and cookies all read the URL in the same way."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login right password 1\ndefault login wrong password 2\n")
    url = server.http.replace("://", f"://{userinfo}@")
    auth = httparallel.NetRCAuth(str(netrc))
    async with kind.client(auth=auth) as client:
        client.cookies.set("a", "right", domain="127.0.0.1")
        client.cookies.set("b", "wrong", domain="localhost.local")
        response = await client.get(f"{url}/echo")
    sent = {name.lower(): value for name, value in response.json()["headers"]}
    assert sent["host"] == server.http.removeprefix("http://")
    assert sent["cookie"] == "a=right"
    assert sent["authorization"] == "Basic " + base64.b64encode(b"right:1").decode()


@pytest.mark.parametrize("method", [None, 1, b"GET"])
async def test_a_method_that_is_no_text(kind: Kind, untouched: Server, method: Any) -> None:
    async with kind.client() as client:
        with pytest.raises(TypeError):
            await client.request(method, untouched.http)
