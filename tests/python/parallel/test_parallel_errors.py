"""What goes wrong in a parallel block: at the call, or with the response, and in which request."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel


async def test_what_goes_wrong_on_the_way_is_raised_with_the_response(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get("http://127.0.0.1:1/")
        fine = parallel.get(server.http)
        assert (await fine.get_response()).status_code == 200
        with pytest.raises(httparallel.ConnectError) as raised:
            await pending.get_response()
        assert raised.value.request.url == "http://127.0.0.1:1/"


async def test_next_response_raises_what_went_wrong_and_others_still_come(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/close-after-head")
        parallel.get(f"{server.http}/delay/100")
        with pytest.raises(httparallel.RemoteProtocolError) as raised:
            await parallel.next_response()
        assert raised.value.request.url.path == "/close-after-head"
        assert (await parallel.next_response()).status_code == 200
        assert not parallel.has_pending_responses


async def test_an_error_is_raised_as_often_as_it_is_asked_for(kind: Kind) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get("http://127.0.0.1:1/")
        errors = []
        for _ in range(2):
            with pytest.raises(httparallel.ConnectError) as raised:
                await pending.get_response()
            errors.append(raised.value)
        assert errors[0] is errors[1]
        assert not parallel.has_pending_responses


async def test_an_error_status_is_an_ordinary_response(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        response = await parallel.get(f"{server.http}/status/503").get_response()
        with pytest.raises(httparallel.HTTPStatusError) as raised:
            response.raise_for_status()
        assert raised.value.request.url.path == "/status/503"


# Flows are another way through the block; what is refused must not depend on the way.
WAYS = pytest.mark.parametrize("settings", [{}, {"auth": ("user", "secret")}], ids=["operation", "flow"])


@WAYS
@pytest.mark.parametrize(
    ("url", "arguments", "error"),
    [
        ("http://[::1", {}, httparallel.InvalidURL),
        ("ftp://example.org/", {}, httparallel.UnsupportedProtocol),
        ("/relative", {}, httparallel.UnsupportedProtocol),
        (3, {}, TypeError),
        ("{server}", {"headers": {"X-A": "1\r\nX-B: 2"}}, httparallel.LocalProtocolError),
        ("{server}", {"headers": {"X\nA": "1"}}, httparallel.LocalProtocolError),
        ("{server}", {"content": 3}, TypeError),
        ("{server}", {"timeout": -1.0}, ValueError),
        ("{server}", {"no_such_argument": 1}, TypeError),
    ],
    ids=str,
)
async def test_what_is_invalid_is_raised_at_the_call_and_leaves_nothing_pending(
    kind: Kind,
    server: Server,
    settings: dict[str, Any],
    url: Any,
    arguments: dict[str, Any],
    error: type[Exception],
) -> None:
    server.reset()
    async with kind.client(**settings) as client, client.parallel() as parallel:
        with pytest.raises(error):
            parallel.get(url.format(server=server.http) if isinstance(url, str) else url, **arguments)
        assert not parallel.has_pending_responses
    assert server.stats()["requests"] == 0


@WAYS
async def test_an_invalid_method_is_raised_at_the_call(
    kind: Kind, server: Server, settings: dict[str, Any]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        with pytest.raises(httparallel.LocalProtocolError) as raised:
            parallel.request("GE T", server.http)
        assert raised.value.request.url == server.http
        assert not parallel.has_pending_responses


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        (httparallel.Timeout(5, read=0.05), httparallel.ReadTimeout),
        (httparallel.Timeout(5, total=0.05), httparallel.TotalTimeout),
    ],
    ids=["read", "total"],
)
@WAYS
async def test_time_limits_apply_inside_a_block(
    kind: Kind, server: Server, settings: dict[str, Any], timeout: Any, error: type[Exception]
) -> None:
    async with kind.client(**settings) as client, client.parallel() as parallel:
        late = parallel.get(f"{server.http}/delay/3000", timeout=timeout)
        in_time = parallel.get(f"{server.http}/delay/150")
        with pytest.raises(error) as raised:
            await late.get_response()
        assert raised.value.request.url.path == "/delay/3000"  # type: ignore[attr-defined]
        assert (await in_time.get_response()).status_code == 200


async def test_the_clients_time_limit_applies_to_each_request(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=0.05) as client, client.parallel() as parallel:
        for _ in range(3):
            parallel.get(f"{server.http}/delay/3000")
        for _ in range(3):
            with pytest.raises(httparallel.ReadTimeout):
                await parallel.next_response()
        assert not parallel.has_pending_responses


async def test_a_client_that_is_closed_has_no_blocks(kind: Kind) -> None:
    client = kind.client()
    await client.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        async with client.parallel():
            pass


async def test_closing_the_client_ends_what_is_pending(kind: Kind, server: Server) -> None:
    client = kind.client()
    async with client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/hang")
        await client.aclose()
        with pytest.raises((httparallel.HTTPError, RuntimeError), match="closed"):
            await pending.get_response()
        with pytest.raises(RuntimeError, match="closed"):
            parallel.get(server.http)


async def test_a_block_that_is_not_entered_starts_nothing(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        parallel = client.parallel()
        with pytest.raises(RuntimeError, match="has not been entered"):
            parallel.get(server.http)
        with pytest.raises(RuntimeError, match="has not been entered"):
            await parallel.next_response()


async def test_a_block_is_entered_once(kind: Kind) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        with pytest.raises(RuntimeError, match="cannot be entered twice"):
            await parallel.__aenter__()


@async_only
async def test_a_backend_that_does_not_run_is_a_clear_error(kind: Kind) -> None:
    from httparallel.concurrency.asyncio import AsyncioBackend
    from httparallel.concurrency.trio import TrioBackend

    other = TrioBackend() if kind.name == "asyncio" else AsyncioBackend()
    client = kind.client(backend=other)
    message = f"made for {other.name}, and is used from within {kind.name}"
    with pytest.raises(RuntimeError, match=re.escape(message)):
        async with client.parallel():
            pass


@async_only
async def test_the_backend_that_runs_may_be_named(kind: Kind, server: Server) -> None:
    from httparallel.concurrency.asyncio import AsyncioBackend
    from httparallel.concurrency.trio import TrioBackend

    backend = AsyncioBackend() if kind.name == "asyncio" else TrioBackend()
    async with kind.client(backend=backend) as client, client.parallel() as parallel:
        assert (await parallel.get(server.http).get_response()).status_code == 200
