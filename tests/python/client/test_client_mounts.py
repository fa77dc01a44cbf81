"""Transports by URL: `mounts=`, and what is noticed when transports and methods are replaced."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from kinds import Kind
from testserver import Server

import httparallel
from httparallel._utils import URLPattern


def answering(text: str) -> httparallel.MockTransport:
    return httparallel.MockTransport(lambda _: httparallel.Response(200, text=text))


class Recording(httparallel.BaseTransport, httparallel.AsyncBaseTransport):
    """Writes down what is called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __enter__(self) -> Any:
        self.calls.append("enter")
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append("exit")

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()

    def close(self) -> None:
        self.calls.append("close")

    async def aclose(self) -> None:
        self.close()


async def test_the_most_specific_pattern_decides(kind: Kind) -> None:
    mounts = {
        "all://": answering("any"),
        "https://": answering("https"),
        "all://example.org": answering("host"),
        "all://*.example.org": answering("subdomain"),
        "all://example.org:8080": answering("port"),
        "all://10.0.0.0/8": answering("network"),
    }
    async with kind.client(mounts=mounts) as client:
        for url, text in [
            ("http://example.com", "any"),
            ("https://example.com", "https"),
            ("https://example.org", "host"),
            ("http://example.org:8080", "port"),
            ("http://www.example.org", "subdomain"),
            ("http://10.1.2.3", "network"),
        ]:
            assert (await client.get(url)).text == text, url


async def test_none_stands_for_the_client_s_own_transport(kind: Kind) -> None:
    mounts = {"all://": answering("mounted"), "all://own": None}
    async with kind.client(transport=answering("own"), mounts=mounts) as client:
        assert (await client.get("http://own/")).text == "own"
        assert (await client.get("http://other/")).text == "mounted"


async def test_other_urls_go_the_client_s_own_way(kind: Kind, server: Server) -> None:
    async with kind.client(mounts={"custom://": answering("custom")}) as client:
        assert (await client.get("custom://anything/")).text == "custom"
        assert (await client.get(server.http)).text == "Hello, world!"


async def test_redirects_are_routed_too(kind: Kind, server: Server) -> None:
    mounts = {"all://mocked": answering("from the mock")}
    async with kind.client(mounts=mounts, follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect-to?url=http%3A%2F%2Fmocked%2F&status=302")
    assert response.text == "from the mock"


async def test_a_pattern_that_is_no_url_is_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match="'https://' instead of 'https'"):
        kind.client(mounts={"https": answering("")})
    with pytest.raises(httparallel.InvalidURL):
        kind.client(mounts={"all://10.0.0.0/99": answering("")})


async def test_one_engine_for_everything_takes_the_short_way(kind: Kind, server: Server) -> None:
    transport = kind.transport()
    async with kind.client(mounts={"all://": transport}) as client:
        assert client._engine_transport is transport
        assert (await client.get(server.http)).status_code == 200
        assert len(transport._engine.connections()) == 1
    async with kind.client(mounts={"https://": kind.transport()}) as client:
        assert client._engine_transport is None
        assert (await client.get(server.http)).status_code == 200


async def test_other_schemes_keep_their_transports(kind: Kind, server: Server) -> None:
    engine = kind.transport()
    everything = {"http://": engine, "https://": engine}
    async with kind.client(transport=answering("own"), mounts=everything) as client:
        assert (await client.get("custom://anything/")).text == "own"
        assert (await client.get(server.http)).text == "Hello, world!"
    mounts = {"http://": kind.transport(), "ftp://": answering("ftp")}
    async with kind.client(mounts=mounts) as client:
        assert (await client.get("ftp://anything/")).text == "ftp"


async def test_mounted_transports_are_entered_and_left(kind: Kind) -> None:
    own, mounted = Recording(), Recording()
    async with kind.client(transport=own, mounts={"http://": mounted}):
        assert (own.calls, mounted.calls) == (["enter"], ["enter"])
    assert (own.calls, mounted.calls) == (["enter", "exit"], ["enter", "exit"])


async def test_mounted_transports_are_closed(kind: Kind) -> None:
    own, mounted = Recording(), Recording()
    client = kind.client(transport=own, mounts={"http://": mounted, "https://": None})
    await client.aclose()
    assert (own.calls, mounted.calls) == (["close"], ["close"])


async def test_another_transport_may_be_put_in_its_place(kind: Kind) -> None:
    async with kind.client() as client:
        client._transport = answering("replaced")
        assert (await client.get("http://example.org/")).text == "replaced"
        client._mounts = {URLPattern("http://"): answering("mounted")}
        assert (await client.get("http://example.org/")).text == "mounted"


async def test_a_transport_that_is_patched_is_called(kind: Kind, server: Server) -> None:
    owner: Any = httparallel.AsyncHTTPTransport if kind.is_async else httparallel.HTTPTransport
    name = "handle_async_request" if kind.is_async else "handle_request"
    answer = kind.function(lambda *_: httparallel.Response(200, text="patched"))
    async with kind.client() as client:
        with mock.patch.object(owner, name, answer):
            assert (await client.get(server.http)).text == "patched"
            async with client.parallel() as parallel:
                assert (await parallel.get(server.http).get_response()).text == "patched"
        assert (await client.get(server.http)).text == "Hello, world!"
        with mock.patch.object(client._transport, name, answer):
            assert (await client.get(server.http)).text == "patched"
        assert (await client.get(server.http)).text == "Hello, world!"


async def test_methods_that_are_patched_are_called(kind: Kind, server: Server) -> None:
    owner: Any = httparallel.AsyncClient if kind.is_async else httparallel.Client
    answered = httparallel.Response(200, text="patched")
    send = mock.AsyncMock(return_value=answered) if kind.is_async else mock.Mock(return_value=answered)
    async with kind.client() as client:
        with mock.patch.object(owner, "send", send):
            assert (await client.get(server.http)).text == "patched"
        with mock.patch.object(owner, "_transport_for_url", return_value=answering("routed")):
            assert (await client.get(server.http)).text == "routed"
        assert (await client.get(server.http)).text == "Hello, world!"


def test_methods_of_one_client_may_be_patched(server: Server) -> None:
    with httparallel.Client() as client:
        with mock.patch.object(client, "send", return_value=httparallel.Response(200, text="patched")):
            assert client.get(server.http).text == "patched"
        with mock.patch.object(client, "_transport_for_url", return_value=answering("routed")):
            assert client.get(server.http).text == "routed"
        assert client._engine_transport is not None
        assert client.get(server.http).text == "Hello, world!"


async def test_a_subclass_may_route_by_itself(kind: Kind) -> None:
    class Sync(httparallel.Client):
        def _transport_for_url(self, url: httparallel.URL) -> Any:
            return answering(f"routed {url.host}")

    class Async(httparallel.AsyncClient):
        def _transport_for_url(self, url: httparallel.URL) -> Any:
            return answering(f"routed {url.host}")

    client: Any = Async() if kind.is_async else Sync()
    response = await client.get("http://example.org/") if kind.is_async else client.get("http://example.org/")
    assert response.text == "routed example.org"
