"""What a request or a transport can be told about its connection: name for TLS, target, socket options."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel

NO_CONTENT = "expect-head\nsend HTTP/1.1 204 No Content\\r\\n\\r\\n\nforever\n"


@pytest.mark.parametrize("target", [b"*", "*"])
async def test_a_target_of_its_own(kind: Kind, server: Server, target: bytes | str) -> None:
    with server.script(NO_CONTENT) as script:
        async with kind.client() as client:
            response = await client.request("OPTIONS", f"{script.url}/x", extensions={"target": target})
        assert response.status_code == 204
        assert script.received()[0].startswith("OPTIONS * HTTP/1.1\r\n")


async def test_a_target_that_is_no_url(kind: Kind, server: Server) -> None:
    with server.script(NO_CONTENT) as script:
        async with kind.client() as client:
            await client.get(script.url, extensions={"target": b'/a|b?"%zz'})
        assert script.received()[0].startswith('GET /a|b?"%zz HTTP/1.1\r\n')


@pytest.mark.parametrize("text", ["", "/a b", "/a\r\nX-Injected: yes", "/a\0", "/\xe4", "/a\nb"])
@pytest.mark.parametrize("name", ["target", "sni_hostname"])
async def test_what_could_inject_something_is_refused(
    kind: Kind, server: Server, name: str, text: str
) -> None:
    server.reset()
    async with kind.client() as client:
        with pytest.raises(httparallel.LocalProtocolError):
            await client.get(server.http, extensions={name: text})
    assert server.stats()["connections_opened"] == 0


@pytest.mark.parametrize("http2", [False, True])
async def test_a_name_for_tls(kind: Kind, server: Server, http2: bool) -> None:
    url = server.https_wrong_host
    async with kind.client(verify=server.ca_pem, http2=http2) as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get(url)
        named: dict[str, Any] = {"sni_hostname": "other.test"}
        assert (await client.get(url, extensions=named)).status_code == 200
        # That connection is for requests with the same name only.
        with pytest.raises(httparallel.ConnectError):
            await client.get(url)


async def test_a_name_for_tls_in_a_parallel_block(kind: Kind, server: Server) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        async with client.parallel() as parallel:
            pending = parallel.get(server.https_wrong_host, extensions={"sni_hostname": "other.test"})
            assert (await pending.get_response()).status_code == 200


async def test_socket_options_are_set(kind: Kind, server: Server) -> None:
    options = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, (1).to_bytes(4, "little")),
    ]
    async with kind.client(transport=kind.transport(socket_options=options)) as client:
        assert (await client.get(server.http)).status_code == 200


async def test_a_socket_option_that_the_system_refuses(kind: Kind, server: Server) -> None:
    transport = kind.transport(socket_options=[(socket.SOL_SOCKET, 0x7FFF, 1)])
    async with kind.client(transport=transport) as client:
        with pytest.raises(httparallel.ConnectError, match=r"socket option \(1, 32767\) was refused"):
            await client.get(server.http)


def test_a_proxy_that_is_none_is_refused(kind: Kind) -> None:
    with pytest.raises(ValueError, match="scheme"):
        kind.transport(proxy="ftp://proxy.test")
    with pytest.raises(httparallel.LocalProtocolError):
        kind.transport(proxy=httparallel.Proxy("http://proxy.test", auth=("a:b", "c")))
    with pytest.raises(httparallel.LocalProtocolError):
        kind.transport(proxy=httparallel.Proxy("http://proxy.test", headers={"X": "1\r\nY: 2"}))


@pytest.mark.parametrize(("where", "kept"), [("/next", True), ("https://other.example/next", False)])
async def test_a_redirect_keeps_the_name_within_its_origin_and_no_target(
    kind: Kind, where: str, kept: bool
) -> None:
    seen: list[dict[str, Any]] = []

    def answer(request: httparallel.Request) -> httparallel.Response:
        seen.append(request.extensions)
        return httparallel.Response(302 if len(seen) == 1 else 200, headers={"Location": where})

    transport = httparallel.MockTransport(answer)
    async with kind.client(transport=transport, follow_redirects=True) as client:
        extensions = {"target": b"/first", "sni_hostname": "name.example", "kept": True}
        await client.get("https://example.org/", extensions=extensions)
    assert (seen[0]["target"], seen[0]["sni_hostname"]) == (b"/first", "name.example")
    assert "target" not in seen[1]
    assert seen[1].get("sni_hostname") == ("name.example" if kept else None)
    assert seen[1]["kept"]
