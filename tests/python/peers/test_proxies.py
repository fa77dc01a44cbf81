"""Proxies as tinyproxy, microsocks and stunnel are ones, to servers as nginx and the test server are."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import Certificates
from kinds import Kind
from nginx import Nginx
from proxies import Microsocks, Stunnel, Tinyproxy
from testserver import Server

import httparallel

Files = dict[str, bytes]

BODY = random.Random(3).randbytes(2_000_000)


@pytest.fixture(params=["http", "https", "socks5", "socks5h"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> httparallel.Proxy:
    """A proxy of each scheme. All want credentials."""
    if request.param == "http":
        tinyproxy: Tinyproxy = request.getfixturevalue("protected_tinyproxy")
        return httparallel.Proxy(tinyproxy.url, auth=tinyproxy.auth)
    if request.param == "https":
        certificates: Certificates = request.getfixturevalue("certificates")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
        stunnel: Stunnel = request.getfixturevalue("stunnel")
        return httparallel.Proxy(stunnel.url, auth=request.getfixturevalue("protected_tinyproxy").auth)
    microsocks: Microsocks = request.getfixturevalue("protected_microsocks")
    return httparallel.Proxy(microsocks.url(request.param), auth=microsocks.auth)


def through(kind: Kind, proxy: httparallel.Proxy | str, **arguments: Any) -> httparallel.AsyncClient:
    """A client whose requests all go through the proxy."""
    client: httparallel.AsyncClient = kind.client(transport=kind.transport(proxy=proxy, **arguments))
    return client


async def test_gets_a_file(kind: Kind, proxy: httparallel.Proxy, nginx: Nginx, files: Files) -> None:
    async with through(kind, proxy) as client:
        response = await client.get(f"{nginx.urls['plain']}/medium.bin")
    assert (response.status_code, response.content) == (200, files["medium.bin"])


async def test_gets_a_file_over_tls(
    kind: Kind, proxy: httparallel.Proxy, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with through(kind, proxy, verify=str(certificates.ca)) as client:
        responses = [await client.get(f"{nginx.urls['tls']}/medium.bin") for _ in range(3)]
    assert [response.content for response in responses] == [files["medium.bin"]] * 3
    # One tunnel for all.
    assert len({response.headers["x-connection"] for response in responses}) == 1


async def test_gets_a_file_over_http2(
    kind: Kind, proxy: httparallel.Proxy, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    async with through(kind, proxy, verify=str(certificates.ca), http2=True) as client:
        response = await client.get(f"{nginx.urls['h2']}/large.bin")
    assert (response.http_version, response.content) == ("HTTP/2", files["large.bin"])


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_sends_a_large_body(kind: Kind, proxy: httparallel.Proxy, server: Server, scheme: str) -> None:
    url = server.http if scheme == "http" else server.https
    for content in (BODY, kind.content([BODY[:1_000_000], BODY[1_000_000:]])):
        # tinyproxy closes a connection without notice after a forwarded request, and no POST is repeated.
        async with through(kind, proxy, verify=server.ca_pem) as client:
            response = await client.post(f"{url}/echo-body", content=content)
        assert response.content == BODY


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_credentials_do_not_reach_the_server(
    kind: Kind, proxy: httparallel.Proxy, server: Server, scheme: str
) -> None:
    url = server.http if scheme == "http" else server.https
    async with through(kind, proxy, verify=server.ca_pem) as client:
        response = await client.get(f"{url}/echo")
    echo = response.json()
    assert echo["target"] == "/echo"
    assert "proxy-authorization" not in [name.lower() for name, _ in echo["headers"]]
    assert "dXNlc" not in response.text
    assert "proxy-authorization" not in response.request.headers


async def test_many_at_once(
    kind: Kind, proxy: httparallel.Proxy, nginx: Nginx, certificates: Certificates, files: Files
) -> None:
    urls = [f"{nginx.urls[name]}/medium.bin" for name in ("plain", "tls_once")] * 10
    async with through(kind, proxy, verify=str(certificates.ca)) as client:
        async with client.parallel(max_concurrency=8) as parallel:
            contents = [response.content async for response in parallel.map(urls)]
    assert contents == [files["medium.bin"]] * 20


@pytest.mark.parametrize("listener", ["plain", "tls"])
async def test_a_proxy_without_credentials(
    kind: Kind,
    tinyproxy: Tinyproxy,
    microsocks: Microsocks,
    nginx: Nginx,
    certificates: Certificates,
    files: Files,
    listener: str,
) -> None:
    for url in (tinyproxy.url, microsocks.url("socks5"), microsocks.url("socks5h")):
        async with through(kind, url, verify=str(certificates.ca)) as client:
            response = await client.get(f"{nginx.urls[listener]}/hello.txt")
        assert response.content == files["hello.txt"]


async def test_credentials_in_the_url(
    kind: Kind, protected_tinyproxy: Tinyproxy, protected_microsocks: Microsocks, nginx: Nginx, files: Files
) -> None:
    for template, (user, password) in (
        (protected_tinyproxy.url, protected_tinyproxy.auth),
        (protected_microsocks.url("socks5h"), protected_microsocks.auth),
    ):
        url = template.replace("://", f"://{user}:{password.replace(' ', '%20')}@")
        async with through(kind, url) as client:
            response = await client.get(f"{nginx.urls['plain']}/hello.txt")
        assert response.content == files["hello.txt"]


@pytest.mark.parametrize("auth", [None, ("user", "wrong")])
async def test_an_http_proxy_that_refuses_the_credentials(
    kind: Kind,
    protected_tinyproxy: Tinyproxy,
    nginx: Nginx,
    certificates: Certificates,
    auth: tuple[str, str] | None,
) -> None:
    proxy = httparallel.Proxy(protected_tinyproxy.url, auth=auth)
    async with through(kind, proxy, verify=str(certificates.ca)) as client:
        # Forwarded, the refusal is a response; without a tunnel there is none.
        assert (await client.get(nginx.urls["plain"])).status_code in (401, 407)
        with pytest.raises(httparallel.ProxyError, match=r"^40[17] ") as raised:
            await client.get(nginx.urls["tls"])
    assert raised.value.request.url == nginx.urls["tls"]


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        (None, "Requested NO AUTHENTICATION REQUIRED from proxy"),
        (("user", "wrong"), "Invalid username/password"),
    ],
)
async def test_a_socks_proxy_that_refuses_the_credentials(
    kind: Kind, protected_microsocks: Microsocks, nginx: Nginx, auth: tuple[str, str] | None, said: str
) -> None:
    proxy = httparallel.Proxy(protected_microsocks.url("socks5h"), auth=auth)
    async with through(kind, proxy) as client:
        with pytest.raises(httparallel.ProxyError, match=said):
            await client.get(nginx.urls["plain"])


async def test_a_server_that_the_proxy_cannot_reach(
    kind: Kind, proxy: httparallel.Proxy, unused_tcp: Callable[[], int]
) -> None:
    async with through(kind, proxy) as client:
        with pytest.raises(httparallel.ProxyError):
            await client.get(f"https://127.0.0.1:{unused_tcp()}")


async def test_the_servers_certificate_is_verified_through_the_proxy(
    kind: Kind, proxy: httparallel.Proxy, nginx: Nginx, server: Server
) -> None:
    async with through(kind, proxy, verify=server.ca_pem) as client:
        with pytest.raises(httparallel.ConnectError, match="certificate"):
            await client.get(nginx.urls["tls"])


async def test_a_proxy_that_is_gone_is_told(
    kind: Kind, tmp_path: Path, nginx: Nginx, certificates: Certificates
) -> None:
    with Tinyproxy(tmp_path, protected=False) as proxy:
        pass
    async with through(kind, proxy.url, verify=str(certificates.ca)) as client:
        for listener in ("plain", "tls"):
            with pytest.raises(httparallel.ConnectError, match="could not connect to the proxy"):
                await client.get(nginx.urls[listener])


@pytest.fixture
def unused_tcp() -> Callable[[], int]:
    from programs import free_ports

    return lambda: free_ports(1)[0]
