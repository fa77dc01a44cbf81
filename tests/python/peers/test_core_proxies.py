"""The pools of `httparallel.core` through tinyproxy, microsocks and stunnel, to nginx."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from certificates import Certificates
from kinds import Kind
from nginx import Nginx
from proxies import Microsocks, Stunnel, Tinyproxy

from httparallel import core

# What makes a proxy, by the scheme of its URL.
Made = tuple[str, tuple[str, str]]


@pytest.fixture(params=["http", "https", "socks5", "socks5h"])
def proxy(request: pytest.FixtureRequest) -> Made:
    """URL and credentials of a proxy of each scheme."""
    if request.param in ("http", "https"):
        tinyproxy: Tinyproxy = request.getfixturevalue("protected_tinyproxy")
        stunnel: Stunnel = request.getfixturevalue("stunnel")
        return (stunnel if request.param == "https" else tinyproxy).url, tinyproxy.auth
    microsocks: Microsocks = request.getfixturevalue("protected_microsocks")
    return microsocks.url(request.param), microsocks.auth


async def fetched(kind: Kind, pool: Any, url: str) -> core.Response:
    """A response through the pool, which is closed after that."""
    if kind.is_async:
        async with pool:
            response: core.Response = await pool.request("GET", url)
            return response
    with pool:
        return pool.request("GET", url)


def trusting(certificates: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates.ca))


@pytest.mark.parametrize("listener", ["plain", "tls"])
@pytest.mark.parametrize("http2", [False, True])
async def test_gets_a_file(
    kind: Kind,
    proxy: Made,
    nginx: Nginx,
    certificates: Certificates,
    files: dict[str, bytes],
    listener: str,
    http2: bool,
) -> None:
    url, auth = proxy
    trust = trusting(certificates)
    through = core.Proxy(url, auth, ssl_context=trust if url.startswith("https") else None)
    pools = core.AsyncConnectionPool if kind.is_async else core.ConnectionPool
    pool = pools(proxy=through, ssl_context=trust, http2=http2)
    response = await fetched(kind, pool, f"{nginx.urls[listener]}/medium.bin")
    assert (response.status, response.content) == (200, files["medium.bin"])


async def test_wrong_credentials_are_told(
    kind: Kind, proxy: Made, nginx: Nginx, certificates: Certificates
) -> None:
    url, (user, _) = proxy
    trust = trusting(certificates)
    through = core.Proxy(url, (user, "wrong"), ssl_context=trust if url.startswith("https") else None)
    pools = core.AsyncConnectionPool if kind.is_async else core.ConnectionPool
    with pytest.raises(core.ProxyError):
        await fetched(kind, pools(proxy=through, ssl_context=trust), nginx.urls["tls"])


CLASSES: dict[str, Callable[[bool], Any]] = {
    "http": lambda is_async: core.AsyncHTTPProxy if is_async else core.HTTPProxy,
    "socks5": lambda is_async: core.AsyncSOCKSProxy if is_async else core.SOCKSProxy,
}


@pytest.mark.parametrize("scheme", CLASSES)
async def test_the_pools_that_are_proxies(
    kind: Kind, request: pytest.FixtureRequest, nginx: Nginx, files: dict[str, bytes], scheme: str
) -> None:
    if scheme == "http":
        tinyproxy: Tinyproxy = request.getfixturevalue("protected_tinyproxy")
        url, auth = tinyproxy.url, tinyproxy.auth
    else:
        microsocks: Microsocks = request.getfixturevalue("protected_microsocks")
        url, auth = microsocks.url(scheme), microsocks.auth
    pool = CLASSES[scheme](kind.is_async)(proxy_url=url, proxy_auth=auth)
    response = await fetched(kind, pool, f"{nginx.urls['plain']}/hello.txt")
    assert response.content == files["hello.txt"]
