"""Requests that are sent again: by the engine, and by flows where the engine cannot."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kinds import Kind
from retrying import WAYS, at_once, client_by
from testserver import Server

import httparallel
from httparallel import Retry

Handler = Callable[[httparallel.Request], httparallel.Response]


def mock(kind: Kind, handler: Handler, **arguments: Any) -> Any:
    return kind.client(transport=httparallel.MockTransport(handler), **arguments)


@pytest.fixture
def refused() -> Iterator[str]:
    """A URL where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}/"


@pytest.mark.parametrize("way", WAYS)
async def test_a_status_is_retried_until_it_is_better(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        response = await client.get(f"{server.http}/flaky?times=2")
    assert (response.status_code, response.text) == (200, "attempt 3\n")
    assert response.history == []
    counters = server.stats()
    assert (counters["requests"], counters["connections_opened"]) == (3, 1)


@pytest.mark.parametrize("way", WAYS)
async def test_the_last_response_is_returned_when_no_attempt_is_left(
    kind: Kind, server: Server, way: str
) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once(2)) as client:
        response = await client.get(f"{server.http}/status/503")
        assert response.status_code == 503
        assert (await client.get(f"{server.http}/status/500")).status_code == 500
    assert server.stats()["requests"] == 3


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_retried_by_default(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind) as client:
        assert (await client.get(f"{server.http}/flaky")).status_code == 503
    assert server.stats()["requests"] == 1


@pytest.mark.parametrize("way", WAYS)
async def test_a_request_may_have_a_policy_of_its_own(kind: Kind, server: Server, way: str) -> None:
    async with client_by(way, kind, retries=at_once()) as client:
        server.reset()
        response = await client.get(f"{server.http}/status/503", retries=None)
        assert (response.status_code, server.stats()["requests"]) == (503, 1)
        response = await client.get(f"{server.http}/status/404", retries=at_once(5, statuses=[404]))
        assert (response.status_code, server.stats()["requests"]) == (404, 6)
        for given in ({"retries": "often"}, {"extensions": {"retries": "often"}}):
            with pytest.raises(TypeError, match="retries"):
                await client.get(f"{server.http}/status/404", **given)
        assert server.stats()["requests"] == 6


async def test_the_policy_of_a_client_can_be_changed(kind: Kind, server: Server) -> None:
    async with kind.client(retries=at_once()) as client:
        assert (await client.get(f"{server.http}/flaky?id=changed&times=1")).status_code == 200
        client.retries = None
        server.reset()
        assert (await client.get(f"{server.http}/flaky?id=changed&times=1")).status_code == 503
        client.retries = at_once(2)
        assert (await client.get(f"{server.http}/flaky?id=changed&times=2")).status_code == 503
        assert (await client.get(f"{server.http}/flaky?id=changed&times=2")).status_code == 200


@pytest.mark.parametrize("way", WAYS)
async def test_a_post_is_retried_if_it_was_refused_or_has_a_key(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:

        async def status_of(code: int, **arguments: Any) -> Any:
            url = f"{server.http}/flaky?id={code}-{len(arguments)}&status={code}"
            return (await client.post(url, content=b"content", **arguments)).status_code

        assert await status_of(503) == 503
        assert await status_of(503, headers={"Idempotency-Key": "1"}) == 200
        assert await status_of(429) == 200
        assert await status_of(408) == 200
        client.retries = at_once(methods=["POST"])
        assert await status_of(502) == 200
        assert (await client.get(f"{server.http}/flaky?id=get")).status_code == 503


@pytest.mark.parametrize("way", WAYS)
async def test_a_connection_that_is_refused_is_tried_again(kind: Kind, refused: str, way: str) -> None:
    async with client_by(way, kind, retries=at_once()) as client:
        with pytest.raises(httparallel.ConnectError) as raised:
            await client.post(refused, content=b"content")
    assert raised.value.request.url == refused


@pytest.mark.parametrize("way", WAYS)
async def test_a_disconnect_is_retried_where_that_is_safe(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        assert (await client.get(f"{server.http}/refuse-first?times=2")).status_code == 200
        with pytest.raises(httparallel.RemoteProtocolError):
            await client.post(f"{server.http}/refuse-first?id=post", content=b"content")
        with pytest.raises(httparallel.RemoteProtocolError):
            await client.get(f"{server.http}/refuse-first?id=often&times=3")


@pytest.mark.parametrize("way", WAYS)
async def test_a_timeout_is_retried(kind: Kind, server: Server, way: str) -> None:
    with server.script("hang\nconnection\nexpect-request\nsend HTTP/1.1 204 OK\\r\\n\\r\\n") as script:
        timeout = httparallel.Timeout(5.0, read=0.1)
        async with client_by(way, kind, retries=at_once(2), timeout=timeout) as client:
            assert (await client.get(script.url)).status_code == 204


@pytest.mark.parametrize("way", WAYS)
async def test_the_budget_bounds_what_a_client_adds(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    started = time.monotonic()
    async with client_by(way, kind, retries=Retry(backoff=0.0)) as client:
        for _ in range(100):
            assert (await client.get(f"{server.http}/status/503")).status_code == 503
    # A fifth, the reserve of ten, and one a second.
    most = 100 + 20 + 10 + int(time.monotonic() - started) + 1
    assert 120 <= server.stats()["requests"] <= most


async def test_all_policies_of_a_client_draw_on_one_budget(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(retries=Retry(100, backoff=0.0, budget=0.0)) as client:
        await client.get(f"{server.http}/status/503")
        spent = server.stats()["requests"]
        assert 11 <= spent <= 15
        await client.get(f"{server.http}/status/503", retries=Retry(100, backoff=0.0, budget=0.0))
        assert server.stats()["requests"] <= spent + 3


@pytest.mark.parametrize("way", WAYS)
async def test_redirects_and_their_targets_are_retried(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once(2), follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect-to?url=/flaky")
    assert (response.status_code, [each.status_code for each in response.history]) == (200, [302])


@pytest.mark.parametrize("way", WAYS)
async def test_a_streamed_response_is_retried_before_it_is_there(
    kind: Kind, server: Server, way: str
) -> None:
    server.reset()
    async with (
        client_by(way, kind, retries=at_once()) as client,
        client.stream("GET", f"{server.http}/flaky?times=2") as response,
    ):
        assert response.status_code == 200
        assert await response.aread() == b"attempt 3\n"


async def test_hooks_and_cookies_see_only_the_last_attempt(kind: Kind) -> None:
    seen: list[object] = []

    def handler(_: httparallel.Request) -> httparallel.Response:
        seen.append("attempt")
        attempts = seen.count("attempt")
        status = 503 if attempts < 3 else 200
        return httparallel.Response(status, headers={"Set-Cookie": f"attempt{attempts}=1"})

    hooks = {
        "request": [kind.function(lambda request: seen.append(request.method))],
        "response": [kind.function(lambda response: seen.append(response.status_code))],
    }
    async with mock(kind, handler, retries=at_once(), event_hooks=hooks) as client:
        await client.get("http://example.org/")
        assert dict(client.cookies) == {"attempt3": "1"}
    assert seen == ["GET", "attempt", "attempt", "attempt", 200]


async def test_authentication_goes_on_after_a_retry(kind: Kind) -> None:
    statuses = iter([503, 401, 503, 200])

    def handler(_: httparallel.Request) -> httparallel.Response:
        return httparallel.Response(
            next(statuses), headers={"WWW-Authenticate": 'Digest realm="a", nonce="b", qop="auth"'}
        )

    auth = httparallel.DigestAuth("user", "password")
    async with mock(kind, handler, retries=at_once(2), auth=auth) as client:
        response = await client.get("http://example.org/")
    assert response.status_code == 200
    assert [each.status_code for each in response.history] == [401]


@pytest.mark.parametrize("way", ["engine", "transport"])
async def test_content_from_a_generator_is_not_sent_again(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        response = await client.put(f"{server.http}/flaky", content=kind.content([b"a", b"b"]))
    assert response.status_code == 503
    assert server.stats()["requests"] == 1


@pytest.mark.parametrize("way", ["engine", "transport"])
async def test_a_file_is_rewound_and_sent_again(kind: Kind, server: Server, way: str) -> None:
    file = io.BytesIO(b"skipped" + b"content" * 20_000)
    file.seek(7)
    busy = "expect-request\nsend HTTP/1.1 503 Busy\\r\\nContent-Length: 0\\r\\n\\r\\n\n"
    fine = "expect-request\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\n"
    with server.script(busy + fine) as script:
        async with client_by(way, kind, retries=at_once()) as client:
            assert (await client.put(script.url, content=file)).status_code == 200
        received = "".join(script.received())
    assert received.count("content" * 20_000) == 2
    assert "skipped" not in received


@pytest.mark.parametrize("way", ["engine", "transport"])
async def test_a_form_with_files_is_sent_again(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        files = {"file": io.BytesIO(b"content")}
        response = await client.post(f"{server.http}/flaky?status=429", files=files)
    assert response.status_code == 200


async def test_connect_retries_of_a_transport_keep_their_meaning(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(transport=kind.transport(retries=3)) as client:
        assert client.retries is None
        assert (await client.get(f"{server.http}/flaky")).status_code == 503
    assert server.stats()["requests"] == 1


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (httparallel.ConnectError, 3),
        (httparallel.ConnectTimeout, 3),
        (httparallel.ReadError, 3),
        (httparallel.ReadTimeout, 3),
        (httparallel.WriteError, 3),
        (httparallel.RemoteProtocolError, 3),
        (httparallel.PoolTimeout, 1),
        (httparallel.TotalTimeout, 1),
        (httparallel.ProxyError, 1),
        (httparallel.LocalProtocolError, 1),
        (httparallel.UnsupportedProtocol, 1),
        (httparallel.DecodingError, 1),
        (httparallel.TooManyRedirects, 1),
        (RuntimeError, 1),
    ],
)
async def test_exceptions_of_a_transport_are_retried_where_another_attempt_may_help(
    kind: Kind, error: type[Exception], attempts: int
) -> None:
    calls = []

    def handler(request: httparallel.Request) -> httparallel.Response:
        calls.append(request)
        raise error("failed")

    async with mock(kind, handler, retries=at_once()) as client:
        with pytest.raises(error, match="failed"):
            await client.get("http://example.org/")
    assert len(calls) == attempts


async def test_a_certificate_that_is_refused_is_not_tried_again(kind: Kind, server: Server) -> None:
    for verify in (True, httparallel.create_ssl_context()):
        server.reset()
        async with kind.client(verify=verify, retries=at_once()) as client:
            with pytest.raises(httparallel.ConnectError):
                await client.get(server.https)
        assert server.stats()["connections_opened"] <= 1


async def test_a_context_of_the_users_own_is_retried_on_one_connection(kind: Kind, server: Server) -> None:
    import ssl

    context = ssl.create_default_context(cafile=server.ca_pem)
    server.reset()
    async with kind.client(verify=context, retries=at_once()) as client:
        response = await client.get(f"{server.https}/flaky?times=2")
    assert (response.status_code, response.text) == (200, "attempt 3\n")
    assert server.stats()["connections_opened"] == 1
