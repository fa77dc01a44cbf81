"""Proxies of a client: `proxy=` and what the environment asks for."""

from __future__ import annotations

import ssl

import pytest
from kinds import Kind
from testserver import Server

import httparallel


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxy(server: Server) -> str:
    """Every port of the test server is a proxy too: one without credentials."""
    return server.http


async def proxied(client: object, url: str) -> bool:
    """Whether the request goes through the proxy, which sees a whole URL as its target."""
    response = await client.get(url)  # type: ignore[attr-defined]
    target: str = response.json()["target"]
    return target.startswith("http://")


async def test_all_requests_go_through_the_proxy(kind: Kind, proxy: str) -> None:
    async with kind.client(proxy=proxy) as client:
        assert await proxied(client, "http://example.org/echo")
        assert await proxied(client, "http://elsewhere.example.org/echo")
        # One engine carries them all, so that they take the short way.
        assert client._engine_transport is not None
        assert client._engine_transport is not client._transport


async def test_a_proxy_may_be_given_as_an_object(kind: Kind, server: Server) -> None:
    given = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
    async with kind.client(proxy=given) as client:
        assert await proxied(client, "http://example.org/echo")


async def test_credentials_may_stand_in_the_proxy_s_url(kind: Kind, server: Server) -> None:
    url = httparallel.URL(server.proxy).copy_with(username="proxy", password="secret")
    async with kind.client(proxy=url) as client:
        assert await proxied(client, "http://example.org/echo")


async def test_a_block_goes_through_the_proxy(kind: Kind, proxy: str) -> None:
    async with kind.client(proxy=proxy) as client:
        async with client.parallel() as parallel:
            for number in range(5):
                parallel.get(f"http://example.org/echo?{number}")
            targets = sorted([response.json()["target"] async for response in parallel])
    assert targets == [f"http://example.org/echo?{number}" for number in range(5)]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_the_environment_names_a_proxy(
    kind: Kind, proxy: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, proxy)
    async with kind.client() as client:
        assert await proxied(client, "http://example.org/echo")
        assert client.trust_env


@pytest.mark.parametrize("exempt", ["127.0.0.1", "127.0.0.0/8", "*", "example.org, 127.0.0.1"])
async def test_the_environment_exempts_hosts(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", exempt)
    async with kind.client() as client:
        assert not await proxied(client, f"{server.http}/echo")


async def test_a_block_exempts_hosts_too(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with kind.client() as client:
        async with client.parallel() as parallel:
            direct = parallel.get(f"{server.http}/echo")
            indirect = parallel.get("http://example.org/echo")
            assert (await direct.get_response()).json()["target"] == "/echo"
            assert (await indirect.get_response()).json()["target"] == "http://example.org/echo"


async def test_an_environment_that_is_not_trusted_names_no_proxy(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with kind.client(trust_env=False) as client:
        assert not await proxied(client, f"{server.http}/echo")


async def test_an_argument_counts_more_than_the_environment(
    kind: Kind, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with kind.client(proxy=proxy) as client:
        assert await proxied(client, "http://example.org/echo")


async def test_a_transport_of_the_user_s_has_no_proxy_of_the_environment(
    kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with kind.client(transport=kind.transport()) as client:
        assert not await proxied(client, f"{server.http}/echo")


async def test_one_engine_knows_all_proxies_of_the_environment(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with kind.client() as client:
        # So requests take the short way, and limits hold for all of them together.
        assert client._engine_transport is client._transport
        assert await proxied(client, "http://example.org/echo")
        assert not await proxied(client, f"{server.http}/echo")
        assert len(client._transport._engine.connections()) == 2
        with pytest.raises(httparallel.ConnectError):
            await client.get("https://example.org/")
        assert [each.pattern for each in client._mounts] == ["all://127.0.0.1", "https://", "http://"]


async def test_mounts_count_more_than_the_environment(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "example.net")
    host = httparallel.URL(server.http).host
    async with kind.client(mounts={f"all://{host}": None}) as client:
        assert not await proxied(client, f"{server.http}/echo")
        assert await proxied(client, "http://example.org/echo")
        exempt = client._transport_for_url(httparallel.URL("http://example.net/"))
        assert exempt is client._transport is not client._engine_transport


async def test_a_port_that_the_url_leaves_out_is_exempt_too(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1:443")
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError) as caught:
            await client.get("https://127.0.0.1/")
    # Nothing listens there; the proxy's name is not even looked up.
    assert "proxy" not in str(caught.value)


async def test_a_client_with_a_context_follows_the_environment_too(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with kind.client(verify=ssl.create_default_context(cafile=server.ca_pem)) as client:
        assert client._engine_transport is None
        assert await proxied(client, "http://example.org/echo")
        assert not await proxied(client, f"{server.https}/echo")
        async with client.parallel() as parallel:
            pending = parallel.get("http://example.org/echo")
            assert (await pending.get_response()).json()["target"] == "http://example.org/echo"


async def test_what_the_engine_cannot_do_goes_through_the_environment_s_proxies_too(
    kind: Kind, server: Server, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    traced = {"trace": kind.function(lambda *_: None)}
    async with kind.client() as client:
        response = await client.get("http://example.org/echo", extensions=traced)
        assert response.json()["target"] == "http://example.org/echo"
        response = await client.get(f"{server.http}/echo", extensions=traced)
        assert response.json()["target"] == "/echo"


async def test_a_proxy_of_an_unknown_scheme_is_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match="Unknown scheme for proxy URL"):
        kind.client(proxy="ftp://example.org")


def test_functions_take_a_proxy(proxy: str) -> None:
    response = httparallel.get("http://example.org/echo", proxy=proxy)
    assert response.json()["target"] == "http://example.org/echo"
    with httparallel.stream("GET", "http://example.org/echo", proxy=proxy) as streamed:
        streamed.read()
    assert streamed.json()["target"] == "http://example.org/echo"
    with httparallel.parallel(proxy=proxy) as parallel:
        pending = parallel.get("http://example.org/echo")
        assert pending.get_response().json()["target"] == "http://example.org/echo"
