"""Options of a single request: `proxy`, `verify`, `retries` and `max_body`."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel


@pytest.fixture
def proxy(server: Server) -> str:
    """Every port of the test server is a proxy too: one without credentials."""
    return server.http


async def target_of(client: Any, url: str, **options: Any) -> Any:
    """What the server, or the proxy, is asked for: a proxy for a whole URL."""
    return (await client.get(url, **options)).json()["target"]


async def test_a_request_may_go_through_a_proxy_of_its_own(kind: Kind, server: Server, proxy: str) -> None:
    async with kind.client(trust_env=False) as client:
        assert await target_of(client, "http://example.org/echo", proxy=proxy) == "http://example.org/echo"
        assert await target_of(client, f"{server.http}/echo") == "/echo"
        given = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
        assert await target_of(client, "http://example.org/echo", proxy=given) == "http://example.org/echo"


async def test_a_request_may_go_past_the_client_s_proxy(kind: Kind, server: Server) -> None:
    async with kind.client(proxy="http://127.0.0.1:1") as client:
        assert await target_of(client, f"{server.http}/echo", proxy=None) == "/echo"
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.http}/echo")


async def test_credentials_of_the_proxy_are_the_request_s_own(kind: Kind, server: Server) -> None:
    async with kind.client(trust_env=False) as client:
        wrong = httparallel.Proxy(server.proxy, auth=("proxy", "wrong"))
        right = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
        for given, status in [(right, 200), (wrong, 407), (right, 200)]:
            assert (await client.get("http://example.org/echo", proxy=given)).status_code == status


async def test_a_request_may_verify_otherwise(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo")
        assert await target_of(client, f"{server.https}/echo", verify=False) == "/echo"
        # The connection that nobody verified is idle now, and not for those who verify.
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo")
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo", verify=True)
        assert len(client._transport._engine.connections()) == 1


async def test_a_request_may_verify_although_the_client_does_not(
    kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with kind.client(verify=False) as client:
        assert await target_of(client, f"{server.https}/echo") == "/echo"
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo", verify=True)
        assert await target_of(client, f"{server.https}/echo", verify=server.ca_pem) == "/echo"
        monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
        assert await target_of(client, f"{server.https}/echo", verify=True) == "/echo"


async def test_what_the_client_says_anyway_shares_its_connection(kind: Kind, server: Server) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        for options in ({}, {"verify": server.ca_pem}, {"verify": Path(server.ca_pem)}, {"proxy": None}):
            assert await target_of(client, f"{server.https}/echo", **options) == "/echo"
        assert len(client._transport._engine.connections()) == 1


async def test_authorities_are_read_again_once_their_file_has_changed(
    kind: Kind, server: Server, tmp_path: Path
) -> None:
    authorities = tmp_path / "ca.pem"
    authorities.write_text("none")
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo", verify=authorities)
        authorities.write_text(Path(server.ca_pem).read_text())
        assert await target_of(client, f"{server.https}/echo", verify=authorities) == "/echo"
        with pytest.raises(FileNotFoundError):
            await client.get(f"{server.https}/echo", verify=tmp_path / "missing.pem")


async def test_a_context_of_one_request_is_used_as_it_is(kind: Kind, server: Server) -> None:
    context = ssl.create_default_context(cafile=server.ca_pem)
    refusing = ssl.create_default_context()
    async with kind.client() as client:
        assert await target_of(client, f"{server.https}/echo", verify=context) == "/echo"
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo", verify=refusing)
        async with client.parallel() as parallel:
            pending = parallel.get(f"{server.https}/echo", verify=context)
            assert (await pending.get_response()).json()["target"] == "/echo"


async def test_a_client_with_a_context_has_requests_without(kind: Kind, server: Server, proxy: str) -> None:
    async with kind.client(verify=ssl.create_default_context(), trust_env=False) as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get(f"{server.https}/echo")
        assert await target_of(client, f"{server.https}/echo", verify=False) == "/echo"
        assert await target_of(client, f"{server.https}/echo", verify=server.ca_pem) == "/echo"
        assert await target_of(client, "http://example.org/echo", proxy=proxy) == "http://example.org/echo"


async def test_contexts_that_are_not_used_any_more_are_let_go_of(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        for _ in range(20):
            context = ssl.create_default_context(cafile=server.ca_pem)
            assert await target_of(client, f"{server.https}/echo", verify=context) == "/echo"
        assert len(client._transport._own_pools) == 16


async def test_redirects_keep_the_options(kind: Kind, server: Server) -> None:
    there = f"{server.http}/redirect-to?url={server.https}/echo&status=302"
    async with kind.client(follow_redirects=True, proxy="http://127.0.0.1:1") as client:
        response = await client.get(there, verify=False, proxy=None)
        assert response.json()["target"] == "/echo"
        assert len(response.history) == 1
        async with client.parallel() as parallel:
            pending = parallel.get(there, verify=False, proxy=None)
            assert (await pending.get_response()).json()["target"] == "/echo"


async def test_a_block_takes_options(kind: Kind, server: Server, proxy: str) -> None:
    async with kind.client(trust_env=False) as client:
        async with client.parallel() as parallel:
            secure = parallel.get(f"{server.https}/echo", verify=False)
            proxied = parallel.request("GET", "http://example.org/echo", proxy=proxy)
            plain = parallel.get(f"{server.http}/echo")
            refused = parallel.get(f"{server.https}/echo")
            assert (await secure.get_response()).json()["target"] == "/echo"
            assert (await proxied.get_response()).json()["target"] == "http://example.org/echo"
            assert (await plain.get_response()).json()["target"] == "/echo"
            with pytest.raises(httparallel.ConnectError):
                await refused.get_response()


async def test_a_stream_takes_options(kind: Kind, server: Server, proxy: str) -> None:
    async with kind.client(trust_env=False) as client:
        async with client.stream("GET", "http://example.org/echo", proxy=proxy) as response:
            assert b"http://example.org/echo" in await response.aread()
        response = await client.get(f"{server.https}/echo", stream=True, verify=False)
        assert b"/echo" in await response.read()


async def test_options_become_extensions(kind: Kind) -> None:
    seen: list[httparallel.Request] = []

    def answer(request: httparallel.Request) -> httparallel.Response:
        seen.append(request)
        return httparallel.Response(200, text="data: x\n\n", headers={"Content-Type": "text/event-stream"})

    options: dict[str, Any] = {"proxy": "http://p.test", "verify": Path("/ca"), "retries": 3, "max_body": 500}
    async with kind.client(transport=httparallel.MockTransport(answer)) as client:
        await client.post("http://a.test", extensions={"own": 1}, **options)
        await client.send(client.build_request("GET", "http://a.test", **options))
        async with client.sse("http://a.test", **options) as events:
            assert [event.data async for event in events] == ["x"]
    assert len(seen) == 3
    assert seen[0].extensions["own"] == 1
    for request in seen:
        assert str(request.extensions["proxy"].url) == "http://p.test"
        assert {name: request.extensions[name] for name in ("verify", "retries", "max_body")} == {
            "verify": "/ca",
            "retries": 3,
            "max_body": 500,
        }


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"proxy": "ftp://a"}, ValueError, "Unknown scheme for proxy URL"),
        ({"proxy": "http://[a"}, httparallel.InvalidURL, "."),
        ({"verify": 1}, TypeError, "verify must be True, False, the path"),
        ({"unknown": 1}, TypeError, r"\(\) got an unexpected keyword argument 'unknown'"),
    ],
)
async def test_what_is_no_option_is_refused(
    kind: Kind, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    async with kind.client() as client:
        calls = [
            lambda: client.get("http://a.test", **options),
            lambda: client.request("GET", "http://a.test", **options),
        ]
        for call in calls:
            with pytest.raises(error, match=message):
                await call()
        for make in (client.build_request, client.stream):
            with pytest.raises(error, match=message):
                make("GET", "http://a.test", **options)
        async with client.parallel() as parallel:
            with pytest.raises(error, match=message):
                parallel.get("http://a.test", **options)


def test_an_unknown_argument_is_named_by_the_function_that_was_called() -> None:
    with httparallel.Client() as client:
        untyped: Any = client
        for name in ("get", "query", "sse"):
            with pytest.raises(TypeError, match=rf"^{name}\(\) got an unexpected keyword argument 'foo'$"):
                getattr(untyped, name)("http://a.test", foo=1)
        with pytest.raises(TypeError, match=r"^request\(\) got an unexpected keyword argument 'foo'$"):
            untyped.request("GET", "http://a.test", foo=1)
