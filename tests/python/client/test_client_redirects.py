"""Redirects: followed only if asked for, by the rules of RFC 9110, and never with others' credentials."""

from __future__ import annotations

import io
import pickle
from typing import Any
from urllib.parse import quote

import pytest
from kinds import Kind, sync_only
from testserver import Server

import httparallel


def to(url: str, status: int = 302) -> str:
    return f"/redirect-to?status={status}&url={quote(url, safe='')}"


async def test_a_redirect_is_not_followed_by_default(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/redirect/2")
        assert response.status_code == 302
        assert response.is_redirect
        assert response.has_redirect_location
        assert response.history == []
        following = response.next_request
        assert (following.method, str(following.url)) == ("GET", f"{server.http}/redirect/1")
        assert (await client.send(following)).next_request.url == f"{server.http}/"


async def test_the_last_response_has_no_next_request(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        assert (await client.get(server.http)).next_request is None


@pytest.mark.parametrize("of_client", [True, False])
async def test_redirects_are_followed_if_asked_for(kind: Kind, server: Server, of_client: bool) -> None:
    async with kind.client(follow_redirects=of_client) as client:
        options = {} if of_client else {"follow_redirects": True}
        response = await client.get(f"{server.http}/redirect/3", **options)
    assert response.status_code == 200
    assert response.url == f"{server.http}/"
    assert response.text == "Hello, world!"
    assert [str(earlier.url) for earlier in response.history] == [
        f"{server.http}/redirect/3",
        f"{server.http}/redirect/2",
        f"{server.http}/redirect/1",
    ]
    assert [earlier.status_code for earlier in response.history] == [302, 302, 302]
    assert [len(earlier.history) for earlier in response.history] == [0, 1, 2]
    assert response.history[0].next_request.url == f"{server.http}/redirect/2"


async def test_a_request_can_decline_to_follow(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect/3", follow_redirects=False)
    assert response.status_code == 302


@pytest.mark.parametrize(
    ("status", "method", "next_method"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (302, "PUT", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
    ],
)
async def test_the_status_decides_whether_method_and_content_are_kept(
    kind: Kind, server: Server, status: int, method: str, next_method: str
) -> None:
    async with kind.client(follow_redirects=True) as client:
        content = None if method == "HEAD" else b"content"
        response = await client.request(method, server.http + to("/echo", status), content=content)
    assert response.request.method == next_method
    assert len(response.history) == 1
    if method == "HEAD":
        return
    kept = method == next_method
    assert response.json()["body"] == ("content" if kept else "")
    described = {name.lower() for name, _ in response.json()["headers"]}
    assert ("content-length" in described) == kept


async def test_a_generator_cannot_be_sent_to_where_a_redirect_leads(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        with pytest.raises(httparallel.StreamConsumed):
            await client.post(server.http + to("/echo", 307), content=kind.content([b"once"]))
        assert (await client.get(server.http)).status_code == 200


@sync_only
@pytest.mark.parametrize("content", [[b"a", b"b"], io.BytesIO(b"ab")])
async def test_a_stream_that_can_start_again_is_sent_on(kind: Kind, server: Server, content: Any) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.put(server.http + to("/echo", 308), content=content)
    assert (response.json()["method"], response.json()["body"]) == ("PUT", "ab")


@pytest.mark.parametrize("long_way", [False, True])
async def test_a_loop_ends(kind: Kind, server: Server, long_way: bool) -> None:
    server.reset()
    async with kind.client(follow_redirects=True, max_redirects=5) as client:
        cookies = {"a": "1"} if long_way else None
        client.cookies = cookies
        with pytest.raises(httparallel.TooManyRedirects) as raised:
            await client.get(f"{server.http}/redirect-loop")
        assert raised.value.request.url == f"{server.http}/redirect-loop"
    assert server.stats()["requests"] == 6


async def test_as_many_redirects_as_allowed_are_followed(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, max_redirects=5) as client:
        assert len((await client.get(f"{server.http}/redirect/5")).history) == 5
        with pytest.raises(httparallel.TooManyRedirects):
            await client.get(f"{server.http}/redirect/6")
        client.max_redirects = 6
        assert len((await client.get(f"{server.http}/redirect/6")).history) == 6


async def test_no_redirect_is_allowed_with_a_limit_of_none(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, max_redirects=0) as client:
        assert (await client.get(server.http)).status_code == 200
        with pytest.raises(httparallel.TooManyRedirects):
            await client.get(f"{server.http}/redirect/1")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.org/", "data:text/plain,x"])
async def test_other_schemes_are_not_followed(kind: Kind, server: Server, location: str) -> None:
    async with kind.client(follow_redirects=True) as client:
        with pytest.raises(httparallel.UnsupportedProtocol) as raised:
            await client.get(server.http + to(location))
    assert raised.value.request.url.host == "127.0.0.1"


async def test_a_location_that_is_no_url_is_a_protocol_error(kind: Kind, server: Server) -> None:
    with server.script(
        "expect-request\n"
        "send HTTP/1.1 302 Found\\r\\nLocation: http://[bad\\r\\nContent-Length: 0\\r\\n\\r\\n\n"
    ) as script:
        async with kind.client(follow_redirects=True) as client:
            with pytest.raises(httparallel.RemoteProtocolError) as raised:
                await client.get(script.url)
            assert raised.value.request.url == script.url


async def test_the_fragment_stays(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(server.http + to("/echo") + "#part")
    assert str(response.url) == f"{server.http}/echo#part"


async def test_cookies_that_a_redirect_sets_are_sent_on(kind: Kind, server: Server) -> None:
    with server.script(
        "expect-request\n"
        "send HTTP/1.1 302 Found\\r\\nLocation: /next\\r\\nSet-Cookie: seen=1; Path=/\\r\\n"
        "Content-Length: 0\\r\\n\\r\\n\n"
        "expect-request\n"
        "send HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nlast\n"
        "hang\n"
    ) as script:
        async with kind.client(follow_redirects=True) as client:
            response = await client.get(f"{script.url}/first")
            assert client.cookies == {"seen": "1"} or dict(client.cookies) == {"seen": "1"}
        first, second = script.received()[0].split("\r\n\r\n")[:2]
    assert response.text == "last"
    assert response.is_closed
    assert "cookie:" not in first.lower()
    assert "cookie: seen=1" in second.lower()
    assert second.startswith("GET /next ")
    assert [earlier.status_code for earlier in response.history] == [302]
    assert dict(response.history[0].cookies) == {"seen": "1"}


async def test_limits_of_a_request_hold_after_a_redirect_that_sets_cookies(
    kind: Kind, server: Server
) -> None:
    with server.script(
        "expect-request\n"
        "send HTTP/1.1 302 Found\\r\\nLocation: /next\\r\\nSet-Cookie: seen=1; Path=/\\r\\n"
        "Content-Length: 0\\r\\n\\r\\n\n"
        "expect-request\n"
        "hang\n"
    ) as script:
        async with kind.client(follow_redirects=True) as client:
            with pytest.raises(httparallel.ReadTimeout):
                await client.get(script.url, timeout=0.05)


async def test_credentials_do_not_go_to_another_origin(kind: Kind, server: Server) -> None:
    headers = {
        "Authorization": "Bearer secret",
        "Cookie": "a=secret",
        "Proxy-Authorization": "secret",
        "X-Plain": "kept",
    }
    other = server.h2c_limited
    assert other != server.http
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(server.http + to(f"{other}/echo"), headers=headers)
        assert str(response.url) == f"{other}/echo"
        assert "secret" not in response.text
        assert ["X-Plain", "kept"] in response.json()["headers"]
        hosts = [value for name, value in response.json()["headers"] if name == "Host"]
        assert hosts == [other.removeprefix("http://")]


async def test_credentials_stay_on_the_same_origin(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(server.http + to("/echo"), headers={"Authorization": "Bearer token"})
    assert ["Authorization", "Bearer token"] in response.json()["headers"]


async def test_a_client_s_auth_does_not_go_to_another_origin(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, auth=("user", "secret")) as client:
        response = await client.get(server.http + to(f"{server.h2c_limited}/echo"))
        assert "Authorization" in response.history[0].request.headers
        assert "authorization" not in response.text.lower()


async def test_a_followed_response_can_be_pickled_with_its_history(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect/2")
    restored = pickle.loads(pickle.dumps(response))
    assert [earlier.url for earlier in restored.history] == [earlier.url for earlier in response.history]
    assert restored.text == "Hello, world!"


async def test_a_stream_follows_redirects(kind: Kind, server: Server) -> None:
    async with (
        kind.client(follow_redirects=True) as client,
        client.stream("GET", f"{server.http}/redirect/2") as response,
    ):
        assert len(response.history) == 2
        assert await response.aread() == b"Hello, world!"


@pytest.mark.parametrize("location", ["https://[", "market://details", "http://a b:x/"])
@pytest.mark.parametrize("carried", ["engine", "mock"])
async def test_a_redirect_to_nowhere_is_no_error_unless_it_is_followed(
    kind: Kind, server: Server, location: str, carried: str
) -> None:
    answer = httparallel.Response(302, headers={"Location": location})
    transport = kind.transport() if carried == "engine" else httparallel.MockTransport(lambda _: answer)
    url = server.http + to(location)
    async with kind.client(transport=transport) as client:
        response = await client.get(url)
        assert response.has_redirect_location
        assert response.next_request is None
        with pytest.raises((httparallel.RemoteProtocolError, httparallel.UnsupportedProtocol)):
            await client.get(url, follow_redirects=True)
