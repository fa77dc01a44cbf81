"""Cookies: kept by the client, sent where they belong."""

from __future__ import annotations

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_cookies_of_a_response_are_kept_and_sent(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/cookies/set?a=1&b=2")
        assert dict(response.cookies) == {"a": "1", "b": "2"}
        assert dict(client.cookies) == {"a": "1", "b": "2"}
        sent = (await client.get(f"{server.http}/cookies")).json()["cookies"]
    assert sent == {"a": "1", "b": "2"}


async def test_cookies_of_the_client_are_sent(kind: Kind, server: Server) -> None:
    async with kind.client(cookies={"session": "x"}) as client:
        sent = (await client.get(f"{server.http}/cookies")).json()["cookies"]
    assert sent == {"session": "x"}


async def test_cookies_of_a_request_are_sent_once(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.warns(DeprecationWarning, match="of a single request") as warned:
            response = await client.get(f"{server.http}/cookies", cookies={"once": "1"})
        assert response.json()["cookies"] == {"once": "1"}
        # It is the line of the caller that is shown, for synchronous code that of the facade.
        assert warned[0].filename == __file__ or not kind.is_async
        assert (await client.get(f"{server.http}/cookies")).json()["cookies"] == {}


async def test_cookies_of_one_host_are_not_sent_to_another(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        await client.get(f"{server.http}/cookies/set?a=1")
        localhost = server.http.replace("127.0.0.1", "localhost")
        assert (await client.get(f"{localhost}/cookies")).json()["cookies"] == {}


async def test_a_cookie_can_be_expired(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        await client.get(f"{server.http}/cookies/set?a=1")
        await client.get(f"{server.http}/headers?Set-Cookie=a%3D%3B%20Path%3D/%3B%20Max-Age%3D0")
        assert (await client.get(f"{server.http}/cookies")).json()["cookies"] == {}


async def test_the_cookies_of_a_client_can_be_replaced(kind: Kind, server: Server) -> None:
    async with kind.client(cookies={"old": "1"}) as client:
        client.cookies = httparallel.Cookies({"new": "2"})
        assert (await client.get(f"{server.http}/cookies")).json()["cookies"] == {"new": "2"}


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\0b"])
async def test_a_cookie_cannot_inject_a_header(kind: Kind, server: Server, value: str) -> None:
    server.reset()
    async with kind.client() as client:
        with pytest.raises(httparallel.LocalProtocolError):
            client.cookies.set("a", value)
            await client.get(f"{server.http}/echo")
    assert server.stats()["requests"] == 0
