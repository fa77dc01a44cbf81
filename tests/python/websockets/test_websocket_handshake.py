"""How a WebSocket comes to be opened, or not."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from kinds import Kind, async_only
from testserver import Server
from websocket_peers import RuleKeeper, Scripted, Wire, accept_token

import httparallel
from httparallel.websockets import WebSocketUpgradeError


def answering(*lines: str, body: str = "") -> Callable[[Wire], None]:
    """A script that answers each handshake like this. `TOKEN` stands for what belongs to the key."""

    def script(wire: Wire) -> None:
        head = "\r\n".join(lines).replace("TOKEN", accept_token(wire.request))
        wire.send(f"{head}\r\n\r\n{body}".encode())
        wire.wait_for_end()

    return script


SWITCHING = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
TOKEN = "Sec-WebSocket-Accept: TOKEN"


async def test_the_handshake_has_what_the_client_adds_to_requests(kind: Kind, echo: RuleKeeper) -> None:
    client = kind.client(
        headers={"X-Client": "yes"},
        cookies={"client": "1"},
        params={"a": "1"},
        base_url=echo.url.replace("ws", "http"),
        auth=("jo", "secret"),
    )
    async with client, client.websocket("/headers", params={"b": "2"}, headers={"X-Own": "too"}) as session:
        sent = dict(line.split(": ", 1) for line in (await session.receive_text()).splitlines())
        assert session.response.request.url.query == b"a=1&b=2"
    assert (sent["X-Client"], sent["X-Own"], sent["Cookie"]) == ("yes", "too", "client=1")
    assert sent["Authorization"] == f"Basic {base64.b64encode(b'jo:secret').decode()}"
    assert sent["Sec-WebSocket-Version"] == "13"
    assert len(base64.b64decode(sent["Sec-WebSocket-Key"])) == 16


async def test_each_handshake_has_a_key_of_its_own(kind: Kind, echo: RuleKeeper) -> None:
    keys = set()
    async with kind.client() as client:
        for _ in range(3):
            async with client.websocket(echo.url) as session:
                keys.add(session.response.request.headers["sec-websocket-key"])
    assert len(keys) == 3


async def test_cookies_of_the_handshake_are_kept(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept("Set-Cookie: seen=1; Path=/")
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client:
            async with client.websocket(server.url):
                assert client.cookies["seen"] == "1"


async def test_the_server_chooses_a_subprotocol(kind: Kind, echo: RuleKeeper) -> None:
    with RuleKeeper(subprotocols=["chat.v2", "chat.v3"]) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, subprotocols=["chat.v1", "chat.v2"]) as session:
                assert session.subprotocol == "chat.v2"
            async with client.websocket(echo.url) as session:
                assert session.subprotocol is None


@pytest.mark.parametrize(
    ("subprotocols", "error"),
    [("chat", TypeError), (["chat", "chat"], ValueError), (["a b"], ValueError), (["a\r\nX: y"], ValueError)],
)
async def test_what_is_no_list_of_subprotocols_is_refused(kind: Kind, subprotocols: Any, error: Any) -> None:
    async with kind.client() as client:
        with pytest.raises(error, match="subprotocol"):
            async with client.websocket("ws://127.0.0.1:1", subprotocols=subprotocols):
                pass


async def test_hooks_see_the_handshake(kind: Kind, echo: RuleKeeper) -> None:
    seen: list[object] = []
    hooks = {
        "request": [kind.function(lambda request: seen.append(request.headers["upgrade"]))],
        "response": [kind.function(lambda response: seen.append(response.status_code))],
    }
    async with kind.client(event_hooks=hooks) as client, client.websocket(echo.url):
        assert seen == ["websocket", 101]


async def test_digest_authentication_takes_two_handshakes(kind: Kind) -> None:
    requests = []

    def script(wire: Wire) -> None:
        requests.append(wire.request)
        if b"Authorization: Digest" in wire.request:
            wire.accept()
            wire.closing()
        else:
            challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
            wire.send(f"HTTP/1.1 401 Unauthorized\r\n{challenge}\r\nContent-Length: 0\r\n\r\n".encode())
            # The client may try again on this connection.
            wire.request = wire._until(b"\r\n\r\n")
            requests.append(wire.request)
            wire.accept()
            wire.closing()

    with Scripted(script) as server:
        async with kind.client(auth=httparallel.DigestAuth("jo", "secret")) as client:
            async with client.websocket(server.url) as session:
                assert session.response.status_code == 101
    assert len(requests) == 2


@pytest.mark.parametrize("location", ["WS/final", "HTTP/final"])
async def test_redirects_are_followed_if_that_is_wanted(kind: Kind, echo: RuleKeeper, location: str) -> None:
    location = location.replace("WS", echo.url).replace("HTTP", echo.url.replace("ws", "http"))
    redirecting = answering(
        "HTTP/1.1 302 Found", f"Location: {location}", "Connection: close", "Content-Length: 0"
    )
    with Scripted(redirecting) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, follow_redirects=True) as session:
                await session.send_text("there")
                assert await session.receive_text() == "there"
                assert [response.status_code for response in session.response.history] == [302]
            with pytest.raises(WebSocketUpgradeError, match="answered '302 Found' instead") as caught:
                async with client.websocket(server.url):
                    pass
            assert str(caught.value.response.next_request.url) == location


async def test_a_relative_redirect_keeps_the_scheme(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        if wire.request.startswith(b"GET /final "):
            wire.accept()
        else:
            wire.send(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /final\r\nConnection: close\r\n\r\n")
            return
        wire.closing()

    with Scripted(script) as server:
        async with kind.client(follow_redirects=True) as client:
            async with client.websocket(server.url) as session:
                assert str(session.response.url) == f"{server.url}final"


async def test_a_refusal_is_an_exception_with_the_response(kind: Kind) -> None:
    refusing = answering("HTTP/1.1 403 Forbidden", "Content-Length: 7", body="Not you")
    with Scripted(refusing) as server:
        async with kind.client() as client:
            with pytest.raises(WebSocketUpgradeError, match="'403 Forbidden'") as caught:
                async with client.websocket(server.url):
                    pass
    assert caught.value.response.status_code == 403
    assert caught.value.response.text == "Not you"


async def test_an_answer_with_no_end_is_not_waited_for(kind: Kind) -> None:
    with Scripted(answering("HTTP/1.1 200 OK", "Content-Type: text/event-stream")) as server:
        async with kind.client(timeout=None) as client:
            with pytest.raises(WebSocketUpgradeError, match="'200 OK'"):
                async with client.websocket(server.url):
                    pass


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ((*SWITCHING, "Sec-WebSocket-Accept: Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="), "does not belong to the key"),
        (SWITCHING, "does not belong to the key"),
        ((SWITCHING[0], "Upgrade: h2c", "Connection: Upgrade", TOKEN), "another protocol"),
        ((SWITCHING[0], "Upgrade: websocket", "Connection: keep-alive", TOKEN), "no 'Connection: Upgrade'"),
        ((*SWITCHING, TOKEN, "Sec-WebSocket-Extensions: permessage-deflate"), "an extension"),
        ((*SWITCHING, TOKEN, "Sec-WebSocket-Protocol: other"), "a subprotocol that it was not offered"),
    ],
)
async def test_an_answer_that_only_looks_like_one_is_refused(
    kind: Kind, lines: tuple[str, ...], complaint: str
) -> None:
    with Scripted(answering(*lines)) as server:
        async with kind.client() as client:
            with pytest.raises(WebSocketUpgradeError, match=complaint):
                async with client.websocket(server.url, subprotocols=["mine"]):
                    pass


async def test_an_answer_that_names_no_protocol_breaks_the_rules_of_http(kind: Kind) -> None:
    with Scripted(answering(SWITCHING[0], "Connection: Upgrade", TOKEN)) as server:
        async with kind.client() as client:
            with pytest.raises(httparallel.RemoteProtocolError):
                async with client.websocket(server.url):
                    pass


async def test_a_case_and_a_list_make_no_difference(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        token = accept_token(wire.request)
        lines = ("HTTP/1.1 101 OK", "upgrade: WebSocket", "connection: keep-alive, UPGRADE")
        wire.send(("\r\n".join([*lines, f"sec-websocket-accept: {token}"]) + "\r\n\r\n").encode())
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            assert session.response.status_code == 101


async def test_tls_is_verified_as_for_requests(kind: Kind, tls: ssl.SSLContext, ca_pem: str) -> None:
    with RuleKeeper(tls) as server:
        async with kind.client(verify=ca_pem) as client, client.websocket(server.url) as session:
            await session.send_bytes(b"x" * 60_000)
            assert len(await session.receive_bytes()) == 60_000
        async with kind.client() as client:
            with pytest.raises(httparallel.ConnectError):
                async with client.websocket(server.url):
                    pass


@pytest.mark.parametrize("context", ["path", "context"])
async def test_a_client_of_http2_speaks_http1_for_this(
    kind: Kind, tls: ssl.SSLContext, ca_pem: str, context: str
) -> None:
    verify: Any = ca_pem if context == "path" else ssl.create_default_context(cafile=ca_pem)
    # The server would choose HTTP/2 if it were offered.
    with RuleKeeper(tls) as server:
        async with kind.client(verify=verify, http2=True) as client:
            async with client.websocket(server.url) as session:
                await session.send_text("Hello!")
                assert await session.receive_text() == "Hello!"


async def test_without_http1_there_are_no_websockets(kind: Kind) -> None:
    async with kind.client(http1=False, http2=True) as client:
        with pytest.raises(httparallel.UnsupportedProtocol, match=r"need HTTP/1\.1"):
            async with client.websocket("wss://127.0.0.1:1/"):
                pass


@pytest.mark.parametrize("scheme", ["ws", "wss", "http", "https"])
async def test_proxies_make_a_tunnel_for_it(
    kind: Kind, server: Server, tls: ssl.SSLContext, ca_pem: str, scheme: str
) -> None:
    steps: list[str] = []
    proxy = httparallel.Proxy(server.proxy, auth=("proxy", "secret"))
    secure = scheme in ("wss", "https")
    with RuleKeeper(tls if secure else None) as echo:
        url = f"{scheme}://127.0.0.1:{echo.port}/"
        async with kind.client(proxy=proxy, verify=ca_pem) as client:
            trace = kind.function(lambda name, _: steps.append(name))
            async with client.websocket(url, extensions={"trace": trace}) as session:
                await session.send_text("Hello!")
                assert await session.receive_text() == "Hello!"
    assert ("proxy.start_tls.complete" in steps) is secure


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
async def test_the_environment_s_proxy_for_http_is_one_for_websockets(
    kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, server.proxy)
    async with kind.client() as client:
        # It wants credentials, which are missing here: so it was asked.
        with pytest.raises(httparallel.ProxyError, match="407"):
            async with client.websocket("ws://127.0.0.1:1/"):
                pass


async def test_a_server_that_is_not_there_is_a_connect_error(kind: Kind) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError):
            async with client.websocket("ws://127.0.0.1:1/"):
                pass


async def test_the_handshake_has_the_time_limits_of_a_request(kind: Kind) -> None:
    with Scripted(lambda wire: wire.wait_for_end()) as server:
        async with kind.client() as client:
            with pytest.raises(httparallel.ReadTimeout):
                async with client.websocket(server.url, timeout=0.05):
                    pass
            with pytest.raises(httparallel.TotalTimeout):
                async with client.websocket(server.url, timeout=httparallel.Timeout(None, total=0.05)):
                    pass


async def test_the_time_limits_of_a_request_end_with_the_handshake(kind: Kind, echo: RuleKeeper) -> None:
    limits = httparallel.Timeout(0.05, connect=5.0, total=5.0)
    async with kind.client(timeout=limits) as client, client.websocket(echo.url) as session:
        await kind.sleep(0.15)
        await session.send_text("still here")
        assert await session.receive_text(10) == "still here"


async def test_each_has_one_connection_of_the_client_until_it_is_over(kind: Kind, echo: RuleKeeper) -> None:
    limits = httparallel.Limits(max_connections=1)
    timeout = httparallel.Timeout(5.0, pool=0.05)
    async with kind.client(limits=limits, timeout=timeout) as client:
        async with client.websocket(echo.url):
            with pytest.raises(httparallel.PoolTimeout):
                async with client.websocket(echo.url):
                    pass
        async with client.websocket(echo.url) as session:
            await session.send_text("my turn")
            assert await session.receive_text() == "my turn"


async def test_a_transport_that_cannot_do_this_says_so(kind: Kind) -> None:
    def handler(request: httparallel.Request) -> httparallel.Response:
        key = f"\r\nSec-WebSocket-Key: {request.headers['sec-websocket-key']}\r\n"
        accept = accept_token(key.encode())
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
        return httparallel.Response(101, headers=headers)

    async with kind.client(transport=httparallel.MockTransport(handler)) as client:
        with pytest.raises(RuntimeError, match="gives no 'network_stream'"):
            async with client.websocket("ws://example.org/"):
                pass


@async_only
async def test_a_session_class_of_the_program_s_own(kind: Kind, echo: RuleKeeper) -> None:  # noqa: ARG001
    from httparallel.websockets import AsyncWebSocketClient, AsyncWebSocketSession

    class Loud(AsyncWebSocketSession):
        async def send(self, event: Any) -> None:
            await super().send(type(event)(event.data.upper()))

    async with httparallel.AsyncClient() as client:
        opener = AsyncWebSocketClient(client, session_class=Loud, queue_size=7)
        async with opener.connect(echo.url) as session:
            await session.send_text("hello")
            assert await session.receive_text() == "HELLO"
            assert session._inbox._size == 7
