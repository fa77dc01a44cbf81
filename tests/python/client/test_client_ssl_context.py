"""TLS with the caller's own `ssl.SSLContext`, which is used as it is, on the low level."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from kinds import Kind
from testserver import Server

import httparallel


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_pem)


async def test_a_context_is_used(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server)) as client:
        response = await client.post(f"{server.https}/echo", json={"a": 1}, headers={"X-Case": "Kept"})
        assert response.json()["body"] == '{"a":1}'
        assert ["X-Case", "Kept"] in response.json()["headers"]
        assert response.http_version == "HTTP/1.1"
        assert response.elapsed.total_seconds() > 0
        # Plain HTTP goes the same way.
        assert (await client.get(server.http)).text == "Hello, world!"


async def test_a_context_decides_whom_to_trust(kind: Kind, server: Server) -> None:
    async with kind.client(verify=ssl.create_default_context()) as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.get(server.https)
    assert raised.value.request.url == server.https


async def test_a_context_that_nobody_has_changed_is_left_to_the_engine(kind: Kind, server: Server) -> None:
    context = httparallel.create_ssl_context(verify=server.ca_pem, cert=server.client_pem)
    assert isinstance(context, ssl.SSLContext)
    assert context.get_ca_certs()
    async with kind.client(verify=context) as client:
        assert client._engine_transport is not None
        assert (await client.get(server.https_client_required)).status_code == 200
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with kind.client(verify=context) as client:
        assert client._engine_transport is None
        assert (await client.get(server.https_client_required)).status_code == 200
        with pytest.raises(httparallel.ConnectError):
            await client.get(server.https_tls12)


CHANGES: dict[str, Callable[[ssl.SSLContext, Server], object]] = {
    "attribute": lambda context, _: setattr(context, "check_hostname", False),
    "load_cert_chain": lambda context, server: context.load_cert_chain(server.client_pem),
    "load_verify_locations": lambda context, server: context.load_verify_locations(server.ca_pem),
    "load_default_certs": lambda context, _: context.load_default_certs(),
    "set_alpn_protocols": lambda context, _: context.set_alpn_protocols(["http/1.1"]),
    "set_ciphers": lambda context, _: context.set_ciphers("DEFAULT"),
    "options": lambda context, _: setattr(context, "options", context.options | ssl.OP_NO_COMPRESSION),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_context_that_was_changed_is_used_itself(server: Server, change: str) -> None:
    context = httparallel.create_ssl_context(verify=server.ca_pem)
    CHANGES[change](context, server)
    with httparallel.Client(verify=context) as client:
        assert client._engine_transport is None


async def test_http2_over_a_context(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server), http2=True) as client:
        response = await client.get(f"{server.https}/echo")
    assert response.http_version == "HTTP/2"


async def test_a_transport_takes_a_context(kind: Kind, server: Server) -> None:
    async with kind.client(transport=kind.transport(verify=trusting(server))) as client:
        assert (await client.get(server.https)).status_code == 200


async def test_bodies_are_streamed_and_decoded(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server)) as client:
        async with client.stream("GET", f"{server.https}/bytes/200000") as response:
            assert sum([len(piece) async for piece in response.aiter_bytes()]) == 200_000
        response = await client.post(f"{server.https}/echo", content=kind.content([b"a", b"b"]))
        assert response.json()["body"] == "ab"


async def test_redirects_and_cookies_work_over_a_context(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server), follow_redirects=True) as client:
        response = await client.get(f"{server.https}/cookies/set?a=1")
        response = await client.get(f"{server.https}/redirect/2")
        assert len(response.history) == 2
        assert (await client.get(f"{server.https}/cookies")).json()["cookies"] == {"a": "1"}


async def test_a_block_over_a_context(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server)) as client:
        async with client.parallel() as parallel:
            for number in range(5):
                parallel.get(f"{server.https}/echo?{number}")
            targets = sorted([response.json()["target"] async for response in parallel])
    assert targets == [f"/echo?{number}" for number in range(5)]


async def test_a_context_through_a_proxy(kind: Kind, server: Server) -> None:
    proxy = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
    async with kind.client(verify=trusting(server), proxy=proxy) as client:
        assert (await client.get(server.https)).status_code == 200


async def test_a_proxy_has_a_context_of_its_own(kind: Kind, server: Server) -> None:
    proxy = httparallel.Proxy(server.https, ssl_context=trusting(server))
    async with kind.client(proxy=proxy) as client:
        response = await client.get("http://example.org/echo")
    assert response.json()["target"] == "http://example.org/echo"


async def test_time_limits_hold_over_a_context(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server)) as client:
        with pytest.raises(httparallel.ReadTimeout):
            await client.get(f"{server.https}/delay/30000", timeout=httparallel.Timeout(5.0, read=0.05))
        with pytest.raises(httparallel.TotalTimeout):
            await client.get(f"{server.https}/delay/30000", timeout=httparallel.Timeout(5.0, total=0.05))


async def test_errors_of_the_low_level_become_this_package_s(kind: Kind, server: Server) -> None:
    async with kind.client(verify=trusting(server)) as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get("http://127.0.0.1:1/")
        with pytest.raises(httparallel.UnsupportedProtocol):
            await client.get("ftp://example.org/")
        with pytest.raises(httparallel.UnsupportedProtocol):
            await client.get("/relative")
        with server.script("expect-request\nsend HTTP/9.9 nonsense\\r\\n\\r\\n\nclose") as script:
            with pytest.raises(httparallel.RemoteProtocolError) as raised:
                await client.get(script.url)
    assert str(raised.value.request.url).startswith("http://127.0.0.1")


async def test_a_key_may_have_a_password(kind: Kind, server: Server, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", server.client_pem, "-aes256", "-passout", "pass:secret", "-out", locked],
        check=True,
        capture_output=True,
    )
    cert = (server.client_pem, str(locked), "secret")
    async with kind.client(verify=server.ca_pem, cert=cert) as client:
        assert (await client.get(server.https_client_required)).status_code == 200


async def test_a_closed_client_closes_its_pool(kind: Kind, server: Server) -> None:
    server.reset()
    client = kind.client(verify=trusting(server))
    assert (await client.get(server.https)).status_code == 200
    await client.aclose()
    await kind.until(lambda: server.stats()["connections_open"] == 0)


def test_something_else_is_no_way_to_verify() -> None:
    with pytest.raises(TypeError, match="verify must be"):
        httparallel.Client(verify=object())  # type: ignore[arg-type]
