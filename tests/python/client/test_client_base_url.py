"""Relative URLs are appended to the client's base URL."""

from __future__ import annotations

import pytest
from kinds import Kind
from testserver import Server


@pytest.mark.parametrize(
    ("base_path", "url", "target"),
    [
        ("", "/echo", "/echo"),
        ("", "echo", "/echo"),
        ("/", "echo?a=1", "/echo?a=1"),
        ("/echo", "", "/echo/"),
        ("/echo", "/more", "/echo/more"),
        ("/echo/", "more/", "/echo/more/"),
        ("/echo/one", "../two", "/echo/two"),
    ],
)
def test_a_relative_url_is_appended(base_path: str, url: str, target: str) -> None:
    client = Kind("sync").client(base_url="http://example.org" + base_path)
    assert client.build_request("GET", url).url.raw_path == target.encode()


async def test_a_request_goes_to_the_base_url(kind: Kind, server: Server) -> None:
    async with kind.client(base_url=f"{server.http}/site", params={"a": "1"}) as client:
        response = await client.get("/webcode.me")
        assert response.status_code == 200
        assert response.url == f"{server.http}/site/webcode.me?a=1"


async def test_an_absolute_url_leaves_the_base_url_out(kind: Kind, server: Server) -> None:
    async with kind.client(base_url="http://unreachable.invalid/") as client:
        assert (await client.get(f"{server.http}/echo")).json()["target"] == "/echo"


async def test_the_base_url_can_be_changed(kind: Kind, server: Server) -> None:
    async with kind.client(base_url="http://unreachable.invalid") as client:
        client.base_url = server.http
        assert client.base_url == server.http
        assert (await client.get("/echo")).json()["target"] == "/echo"
