"""How long a request waits before it is sent again, and what ends the wait."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from kinds import Kind, async_only, sync_only
from retrying import WAYS, at_once, client_by
from testserver import Server

import httparallel


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_server_asks_to_wait_is_waited(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        started = time.monotonic()
        response = await client.get(f"{server.http}/flaky?status=429&retry_after=0.3")
    assert response.status_code == 200
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("way", ["engine", "transport"])
async def test_a_date_that_a_server_names_is_waited_for(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    date = int(time.time()) + 1
    async with client_by(way, kind, retries=at_once()) as client:
        params = {"retry_after": formatdate(date, usegmt=True)}
        response = await client.get(f"{server.http}/flaky", params=params)
    assert response.status_code == 200
    assert time.time() >= date


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("asked", ["-5", "soon", "Fri,%2031%20Feb%202999%2000:00:00%20GMT", "1000000000"])
async def test_nonsense_is_not_waited_for_and_too_much_only_up_to_a_limit(
    kind: Kind, server: Server, way: str, asked: str
) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once(max_retry_after=0.01)) as client:
        response = await client.get(f"{server.http}/flaky?retry_after={asked}")
    assert response.status_code == 200


@pytest.mark.parametrize("way", WAYS)
async def test_a_response_is_returned_if_the_wait_would_not_end_in_time(
    kind: Kind, server: Server, way: str
) -> None:
    server.reset()
    timeout = httparallel.Timeout(5.0, total=30.0)
    async with client_by(way, kind, retries=at_once(), timeout=timeout) as client:
        response = await client.get(f"{server.http}/flaky?retry_after=1000000000")
    assert (response.status_code, response.text) == (503, "not yet\n")


@async_only
@pytest.mark.parametrize("way", WAYS)
async def test_a_request_that_waits_can_be_cancelled(kind: Kind, server: Server, way: str) -> None:
    server.reset()
    async with client_by(way, kind, retries=at_once()) as client:
        url = f"{server.http}/flaky?retry_after=3600"
        if kind.name == "asyncio":
            import asyncio

            request = asyncio.ensure_future(client.get(url))
            await kind.until(lambda: server.stats()["requests"] == 1)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
        else:
            import trio

            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.get, url)
                await kind.until(lambda: server.stats()["requests"] == 1)
                nursery.cancel_scope.cancel()
        assert (await client.get(server.http)).status_code == 200
    assert server.stats()["requests"] == 2


@sync_only
@pytest.mark.parametrize("way", WAYS)
async def test_a_signal_ends_the_wait_of_a_thread(kind: Kind, server: Server, way: str) -> None:
    import signal

    class Alarm(Exception):
        pass

    def ring(*_: object) -> None:
        raise Alarm

    server.reset()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        async with client_by(way, kind, retries=at_once()) as client:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(Alarm):
                await client.get(f"{server.http}/flaky?retry_after=3600")
            assert (await client.get(server.http)).status_code == 200
    finally:
        signal.signal(signal.SIGALRM, before)


@sync_only
async def test_closing_the_client_ends_the_wait(kind: Kind, server: Server) -> None:
    import threading

    server.reset()
    client = httparallel.Client(retries=at_once())
    failures: list[BaseException] = []

    def request() -> None:
        try:
            client.get(f"{server.http}/flaky?retry_after=3600")
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=request)
    thread.start()
    await kind.until(lambda: server.stats()["requests"] == 1)
    client.close()
    thread.join(timeout=10)
    assert len(failures) == 1
