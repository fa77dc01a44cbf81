"""What carries the requests: HTTP/2, TLS, Unix sockets, and transports written in Python."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kinds import Kind, async_only, sync_only
from testserver import Server

import httparallel


async def test_http2_with_prior_knowledge(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(http1=False, http2=True) as client:
        for _ in range(3):
            response = await client.post(f"{server.h2c}/echo", content=b"content", headers={"X-Case": "1"})
    assert response.http_version == "HTTP/2"
    assert response.reason_phrase == "OK"
    assert response.json()["body"] == "content"
    assert response.extensions["stream_id"] == 5
    counters = server.stats()
    assert (counters["h2_connections"], counters["h2_streams"]) == (1, 3)


@pytest.mark.parametrize(
    ("http2", "port", "version"),
    [
        (False, "https", "HTTP/1.1"),
        (True, "https", "HTTP/2"),
        (True, "https_http1_only", "HTTP/1.1"),
        (True, "https_tls12", "HTTP/2"),
    ],
)
async def test_the_protocol_is_agreed_upon_in_the_tls_handshake(
    kind: Kind, server: Server, http2: bool, port: str, version: str
) -> None:
    async with kind.client(http2=http2, verify=server.ca_pem) as client:
        response = await client.get(getattr(server, port) + "/echo")
    assert response.http_version == version
    assert response.json()["http_version"] == version


async def test_a_stream_over_http2_is_cancelled_without_its_connection(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(http1=False, http2=True) as client:
        async with client.stream("GET", f"{server.h2c}/bytes/100000000") as response:
            assert response.status_code == 200
        assert (await client.get(server.h2c)).status_code == 200
        await kind.until(lambda: server.stats()["rst_received"] == 1)
        assert server.stats()["connections_opened"] == 1


async def test_a_certificate_of_an_unknown_authority_is_refused(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.get(server.https)
    assert raised.value.request.url == server.https


@pytest.mark.parametrize(
    "port", ["https_expired", "https_wrong_host", "https_self_signed", "https_untrusted"]
)
async def test_a_bad_certificate_is_refused(kind: Kind, server: Server, port: str) -> None:
    url = getattr(server, port)
    async with kind.client(verify=server.ca_pem) as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.get(url)
    assert raised.value.request.url == url
    async with kind.client(verify=False) as client:
        assert (await client.get(url)).status_code == 200


async def test_authorities_may_be_in_a_directory(kind: Kind, server: Server, tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_bytes(Path(server.ca_pem).read_bytes())
    async with kind.client(verify=str(tmp_path)) as client:
        assert (await client.get(server.https)).status_code == 200


async def test_authorities_may_be_named_by_the_environment(
    kind: Kind, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ca_pem)
    async with kind.client() as client:
        assert (await client.get(server.https)).status_code == 200
    async with kind.client(trust_env=False) as client:
        with pytest.raises(httparallel.ConnectError, match="UnknownIssuer"):
            await client.get(server.https)


@pytest.mark.parametrize("as_pair", [False, True])
async def test_a_client_certificate_is_shown(kind: Kind, server: Server, as_pair: bool) -> None:
    pem = server.client_pem
    cert = (pem, pem) if as_pair else pem
    async with kind.client(verify=server.ca_pem, cert=cert) as client:
        assert (await client.get(server.https_client_required)).status_code == 200


async def test_a_missing_client_certificate_fails(kind: Kind, server: Server) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        with pytest.raises(httparallel.TransportError):
            await client.get(server.https_client_required)


def test_a_certificate_file_that_is_missing_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        httparallel.Client(verify=str(tmp_path / "missing.pem"))
    with pytest.raises(FileNotFoundError):
        httparallel.Client(cert=str(tmp_path / "missing.pem"))


async def test_plain_http_on_a_port_for_tls(kind: Kind, server: Server) -> None:
    async with kind.client(verify=False) as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get(server.http.replace("http://", "https://"))


async def test_a_unix_socket(kind: Kind, server: Server) -> None:
    async with kind.client(transport=kind.transport(uds=server.uds)) as client:
        response = await client.get("http://any.host/echo")
    assert response.json()["target"] == "/echo"
    assert ["Host", "any.host"] in response.json()["headers"]


async def test_a_missing_unix_socket(kind: Kind, tmp_path: Path) -> None:
    async with kind.client(transport=kind.transport(uds=str(tmp_path / "missing"))) as client:
        with pytest.raises(httparallel.ConnectError):
            await client.get("http://any.host/")


async def test_a_local_address(kind: Kind, server: Server) -> None:
    async with kind.client(transport=kind.transport(local_address="127.0.0.1")) as client:
        assert (await client.get(server.http)).status_code == 200


def test_a_local_address_has_to_be_one() -> None:
    with pytest.raises(ValueError, match="local_address"):
        httparallel.HTTPTransport(local_address="nonsense")


def test_some_protocol_has_to_be_left() -> None:
    with pytest.raises(ValueError, match="http1 or http2"):
        httparallel.Client(http1=False, http2=False)


async def test_mock_transport_answers_with_a_function(kind: Kind) -> None:
    seen: list[httparallel.Request] = []

    def answer(request: httparallel.Request) -> httparallel.Response:
        seen.append(request)
        return httparallel.Response(201, json={"target": request.url.path, "body": request.content.decode()})

    async with kind.client(transport=httparallel.MockTransport(answer)) as client:
        response = await client.post("https://example.org/path", content=kind.content([b"a", b"b"]))
    assert response.status_code == 201
    assert response.json() == {"target": "/path", "body": "ab"}
    assert response.request is seen[0]


async def test_cookies_auth_and_redirects_work_with_mock_transport(kind: Kind) -> None:
    def answer(request: httparallel.Request) -> httparallel.Response:
        if request.url.path == "/":
            return httparallel.Response(302, headers={"Location": "/next", "Set-Cookie": "a=1"})
        assert request.headers["Authorization"].startswith("Basic ")
        return httparallel.Response(200, text=request.headers["Cookie"])

    transport = httparallel.MockTransport(answer)
    async with kind.client(transport=transport, follow_redirects=True, auth=("user", "secret")) as client:
        assert (await client.get("https://example.org/")).text == "a=1"


@async_only
async def test_mock_transport_may_be_asynchronous(kind: Kind) -> None:
    async def answer(_: httparallel.Request) -> httparallel.Response:
        await kind.sleep(0)
        return httparallel.Response(200, text="awaited")

    async with kind.client(transport=httparallel.MockTransport(answer)) as client:
        assert (await client.get("https://example.org/")).text == "awaited"


class Streamed(httparallel.SyncByteStream, httparallel.AsyncByteStream):
    """A body that says whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from [b"one", b"two"]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class Recording(httparallel.BaseTransport, httparallel.AsyncBaseTransport):
    """A user's transport: answers with a stream and writes down what is called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.stream = Streamed()

    def answer(self, request: httparallel.Request) -> httparallel.Response:
        self.calls.append(f"{request.method} {request.url}")
        return httparallel.Response(200, stream=self.stream)

    def handle_request(self, request: httparallel.Request) -> httparallel.Response:
        return self.answer(request)

    async def handle_async_request(self, request: httparallel.Request) -> httparallel.Response:
        return self.answer(request)

    def close(self) -> None:
        self.calls.append("close")

    async def aclose(self) -> None:
        self.calls.append("close")


async def test_a_custom_transport_is_used_and_closed(kind: Kind) -> None:
    transport = Recording()
    async with kind.client(transport=transport) as client:
        response = await client.get("custom://anything/at?all=1")
        assert response.content == b"onetwo"
        assert transport.stream.closed
    assert transport.calls == ["GET custom://anything/at?all=1", "close"]


async def test_a_stream_of_a_custom_transport_is_closed_early(kind: Kind) -> None:
    transport = Recording()
    async with kind.client(transport=transport) as client:
        async with client.stream("GET", "custom://anything") as response:
            assert not transport.stream.closed
        assert transport.stream.closed
        assert response.is_closed


async def test_a_transport_that_wraps_the_engine(kind: Kind, server: Server) -> None:
    class Wrapping(httparallel.BaseTransport, httparallel.AsyncBaseTransport):
        def __init__(self, wrapped: Any) -> None:
            self.wrapped = wrapped

        def handle_request(self, request: httparallel.Request) -> httparallel.Response:
            request.headers["X-Wrapped"] = "yes"
            response: httparallel.Response = self.wrapped.handle_request(request)
            response.headers["X-Seen"] = "yes"
            return response

        async def handle_async_request(self, request: httparallel.Request) -> httparallel.Response:
            request.headers["X-Wrapped"] = "yes"
            response: httparallel.Response = await self.wrapped.handle_async_request(request)
            response.headers["X-Seen"] = "yes"
            return response

        def close(self) -> None:
            self.wrapped.close()

        async def aclose(self) -> None:
            await self.wrapped.aclose()

    async with kind.client(transport=Wrapping(kind.transport())) as client:
        response = await client.post(f"{server.http}/echo", json={"a": 1})
    assert response.headers["X-Seen"] == "yes"
    assert ["X-Wrapped", "yes"] in response.json()["headers"]
    assert response.json()["body"] == '{"a":1}'


async def test_a_subclass_of_the_engine_s_transport_may_override_it(kind: Kind, server: Server) -> None:
    calls: list[str] = []

    class Sync(httparallel.HTTPTransport):
        def handle_request(self, request: httparallel.Request) -> httparallel.Response:
            calls.append(request.method)
            return super().handle_request(request)

    class Async(httparallel.AsyncHTTPTransport):
        async def handle_async_request(self, request: httparallel.Request) -> httparallel.Response:
            calls.append(request.method)
            return await super().handle_async_request(request)

    async with kind.client(transport=Async() if kind.is_async else Sync()) as client:
        assert (await client.get(server.http)).text == "Hello, world!"
        assert (await client.post(f"{server.http}/echo", json=1)).json()["body"] == "1"
    assert calls == ["GET", "POST"]


async def test_what_a_transport_raises_is_raised(kind: Kind) -> None:
    def fail(request: httparallel.Request) -> httparallel.Response:
        raise httparallel.ReadTimeout("too slow", request=request)

    async with kind.client(transport=httparallel.MockTransport(fail)) as client:
        with pytest.raises(httparallel.ReadTimeout, match="too slow"):
            await client.get("https://example.org/")


@sync_only
async def test_a_base_transport_alone_carries_nothing(kind: Kind) -> None:
    async with kind.client(transport=httparallel.BaseTransport()) as client:
        with pytest.raises(NotImplementedError):
            await client.get("https://example.org/")


async def test_the_time_a_custom_transport_takes_is_measured(kind: Kind) -> None:
    async with kind.client(transport=Recording()) as client:
        async with client.stream("GET", "custom://anything") as response:
            with pytest.raises(RuntimeError, match="elapsed"):
                _ = response.elapsed
            await kind.sleep(0.01)
        assert response.elapsed.total_seconds() >= 0.01
        assert (await client.get("custom://anything")).elapsed.total_seconds() >= 0
    transport = httparallel.MockTransport(lambda _: httparallel.Response(200, text="at once"))
    async with kind.client(transport=transport) as client:
        assert (await client.get("custom://anything")).elapsed.total_seconds() >= 0
