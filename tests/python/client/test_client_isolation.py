"""Connections are never shared by what must not share them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_a_connection_without_verification_serves_nobody_who_verifies(
    kind: Kind, server: Server
) -> None:
    url = server.https_self_signed
    async with kind.client(verify=False) as careless, kind.client(verify=server.ca_pem) as careful:
        assert (await careless.get(url)).status_code == 200
        for _ in range(2):
            with pytest.raises(httparallel.ConnectError):
                await careful.get(url)
        assert (await careless.get(url)).status_code == 200
        with pytest.raises(httparallel.ConnectError):
            await careful.get(url)


async def test_transports_of_one_client_keep_their_own_verification(kind: Kind, server: Server) -> None:
    url = httparallel.URL(server.https_self_signed)
    mounts = {"all://127.0.0.1": kind.transport(verify=False)}
    async with kind.client(verify=server.ca_pem, mounts=mounts) as client:
        assert (await client.get(url.copy_with(host="127.0.0.1"))).status_code == 200
        with pytest.raises(httparallel.ConnectError):
            await client.get(url.copy_with(host="localhost"))


async def test_a_certificate_is_shown_by_the_client_that_has_it_only(kind: Kind, server: Server) -> None:
    url = server.https_client_required
    async with (
        kind.client(verify=server.ca_pem, cert=server.client_pem) as known,
        kind.client(verify=server.ca_pem) as unknown,
    ):
        assert (await known.get(url)).status_code == 200
        with pytest.raises(httparallel.TransportError):
            await unknown.get(url)


async def test_each_proxy_is_told_its_own_credentials(kind: Kind, server: Server) -> None:
    """The right ones for one host, wrong ones for another, of the same proxy."""

    def through(password: str) -> httparallel.Proxy:
        return httparallel.Proxy(server.proxy, auth=("proxy", password))

    mounts = {"all://right.example": kind.transport(proxy=through("secret"))}
    async with kind.client(proxy=through("wrong"), mounts=mounts, verify=server.ca_pem) as client:
        for _ in range(2):
            assert (await client.get("http://right.example/")).status_code == 200
            assert (await client.get("http://other.example/")).status_code == 407
        with pytest.raises(httparallel.ProxyError, match="407"):
            await client.get("https://other.example/")


REFUSALS = {
    "407": "HTTP/1.1 407 Proxy Authentication Required\\r\\nContent-Length: 0\\r\\n\\r\\n",
    "early end": "HTTP/1.1 200 Conn",
    "no answer": "",
    "no http": "what?\\r\\n\\r\\n",
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_tunnel_that_does_not_open_is_the_proxy_s_error(
    kind: Kind, server: Server, refusal: str
) -> None:
    text = f"send {REFUSALS[refusal]}\n" if REFUSALS[refusal] else ""
    with server.script(f"expect-head\n{text}finish\n") as script:
        async with kind.client(proxy=script.url) as client:
            with pytest.raises(httparallel.ProxyError) as raised:
                await client.get("https://example.org/", headers={"Authorization": "secret"})
            assert raised.value.request.url == "https://example.org/"
        # Nothing of the request is for the proxy.
        assert "secret" not in "".join(script.received())


async def test_a_tunnel_s_answer_without_end_is_refused(kind: Kind, server: Server) -> None:
    flood = "expect-head\nsend HTTP/1.1 200 OK\\r\\n\nsend-repeated 1000000 X-Flood: 1\\r\\n\nfinish\n"
    with server.script(flood) as script:
        async with kind.client(proxy=script.url) as client:
            with pytest.raises(httparallel.ProxyError):
                await client.get("https://example.org/")


def test_no_variable_turns_verification_off(server: Server, tmp_path: Path) -> None:
    program = f"""
import httparallel
try:
    httparallel.get({server.https_self_signed!r})
except httparallel.ConnectError:
    print("refused")
"""
    switches = ("PYTHONHTTPSVERIFY", "CURL_INSECURE", "NODE_TLS_REJECT_UNAUTHORIZED", "HTTPX_VERIFY")
    environment = dict.fromkeys(switches, "0") | {"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        check=True,
        timeout=20,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "refused\n"
