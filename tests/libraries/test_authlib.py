"""Authlib, whose OAuth clients are httpx's with an auth flow of their own."""

from __future__ import annotations

import asyncio
import json

import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth2Client
from testserver import Server

import httparallel

TOKEN = {"access_token": "secret", "token_type": "Bearer", "expires_in": 3600}


def granting() -> str:
    """The script of a server that gives a token."""
    body = json.dumps(TOKEN)
    head = f"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}"
    return f"expect-request\nsend {head}\\r\\n\\r\\n{body}\nhang\n"


def test_its_clients_are_ours() -> None:
    assert issubclass(OAuth2Client, httparallel.Client)
    assert issubclass(AsyncOAuth2Client, httparallel.AsyncClient)


def test_a_token_is_fetched_and_used(server: Server) -> None:
    with server.script(granting()) as script, OAuth2Client("me", "my secret") as client:
        assert client.fetch_token(script.url, grant_type="client_credentials")["access_token"] == "secret"
        (received,) = script.received()
        assert "grant_type=client_credentials" in received
        assert "authorization: basic " in received.lower()
        assert client.get(f"{server.http}/bearer-auth/secret").status_code == 200
        assert httparallel.get(f"{server.http}/bearer-auth/secret").status_code == 401


def test_an_async_client(server: Server) -> None:
    async def main(url: str) -> int:
        async with AsyncOAuth2Client("me", "my secret") as client:
            await client.fetch_token(url, grant_type="client_credentials")
            response = await client.get(f"{server.http}/bearer-auth/secret")
            status: int = response.status_code
            return status

    with server.script(granting()) as script:
        assert asyncio.run(main(script.url)) == 200


def test_the_token_is_used_in_a_parallel_block(server: Server) -> None:
    with OAuth2Client("me", "my secret", token=TOKEN) as client:
        with client.parallel() as parallel:
            for _ in range(3):
                parallel.get(f"{server.http}/bearer-auth/secret", auth=client.token_auth)
            assert [response.status_code for response in parallel] == [200, 200, 200]


def test_without_a_token_nothing_is_sent(server: Server) -> None:
    server.reset()
    with OAuth2Client("me", "my secret") as client:
        with pytest.raises(Exception, match="missing_token"):
            client.get(server.http)
    assert server.stats()["requests"] == 0
