"""How many requests start in a stretch of time, and how many are on their way to one origin."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel
from httparallel import Limits, RateLimit


def seconds_since(started: float) -> float:
    return time.monotonic() - started


# A late timer may take up to 5 ms off a wait, so that the least times below are a little less than the sums.


@pytest.mark.parametrize("way", ["engine", "flow", "mock", "low level", "block"])
async def test_requests_start_at_the_rate_of_the_client(kind: Kind, server: Server, way: str) -> None:
    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    async with kind.client(rate_limit=RateLimit(100), transport=transport) as client:
        if way == "flow":
            client.cookies.set("a", "1")
        extensions = {"trace": kind.function(lambda *_: None)} if way == "low level" else None
        started = time.monotonic()
        if way == "block":
            async with client.parallel() as parallel:
                for _ in range(9):
                    parallel.get(server.http)
                async for response in parallel:
                    assert response.status_code == 200
        else:
            for _ in range(9):
                assert (await client.get(server.http, extensions=extensions)).status_code == 200
        assert seconds_since(started) >= 0.075


async def test_a_burst_starts_at_once(kind: Kind, server: Server) -> None:
    async with kind.client(rate_limit=RateLimit(1, per=1000, burst=5)) as client:
        for _ in range(5):
            assert (await client.get(server.http)).status_code == 200
        with pytest.raises(httparallel.TotalTimeout) as raised:
            await client.get(server.http, timeout=httparallel.Timeout(5, total=0.05))
        assert raised.value.request.url == server.http


async def test_every_attempt_counts(kind: Kind, server: Server) -> None:
    started = time.monotonic()
    async with kind.client(rate_limit=100, follow_redirects=True) as client:
        assert len((await client.get(f"{server.http}/redirect/4")).history) == 4
        assert seconds_since(started) >= 0.035
        started = time.monotonic()
        auth = httparallel.DigestAuth("user", "passwd")
        assert (await client.get(f"{server.http}/digest-auth/user/passwd", auth=auth)).is_success
        assert seconds_since(started) >= 0.01


@pytest.mark.parametrize("way", ["engine", "flow", "mock"])
async def test_waiting_ends_with_the_total_time_and_with_no_other(
    kind: Kind, server: Server, way: str
) -> None:
    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    async with kind.client(rate_limit=RateLimit(20), transport=transport) as client:
        if way == "flow":
            client.cookies.set("a", "1")
        await client.get(server.http)
        assert (await client.get(server.http, timeout=httparallel.Timeout(5, pool=0.001))).is_success
        client.rate_limit = RateLimit(1, per=1000)
        await client.get(server.http)
        with pytest.raises(httparallel.TotalTimeout) as raised:
            await client.get(server.http, timeout=httparallel.Timeout(5, total=0.05))
        assert raised.value.request.url == server.http


@async_only
@pytest.mark.parametrize("way", ["engine", "mock"])
async def test_a_wait_that_is_cancelled_spends_nothing(kind: Kind, server: Server, way: str) -> None:
    import anyio

    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    async with kind.client(rate_limit=RateLimit(2), transport=transport) as client:
        await client.get(server.http)
        started = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(client.get, server.http)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        await client.get(server.http)
        assert seconds_since(started) < 15


@pytest.mark.parametrize("way", ["engine", "mock"])
def test_threads_share_a_client_s_rate(server: Server, way: str) -> None:
    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    with httparallel.Client(rate_limit=100, transport=transport) as client:
        started = time.monotonic()
        threads = [threading.Thread(target=client.get, args=(server.http,)) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert seconds_since(started) >= 0.075


@pytest.mark.parametrize("way", ["engine", "mock"])
def test_closing_the_client_ends_the_wait(server: Server, way: str) -> None:
    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    client = httparallel.Client(rate_limit=RateLimit(1, per=1000), transport=transport)
    client.get(server.http)
    closer = threading.Timer(0.05, client.close)
    closer.start()
    with pytest.raises(RuntimeError, match="closed"):
        client.get(server.http)
    closer.join(10)


class Rung(Exception):
    pass


@pytest.mark.parametrize("way", ["engine", "mock", "place"])
def test_a_signal_handler_that_raises_ends_the_wait(server: Server, way: str) -> None:
    def ring(*_: object) -> None:
        raise Rung

    transport = None
    if way == "mock":
        transport = httparallel.MockTransport(lambda _: httparallel.Response(200))
    rate = None if way == "place" else RateLimit(2)
    limits = Limits(max_connections=9, max_concurrency_per_host=1)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        with httparallel.Client(rate_limit=rate, transport=transport, limits=limits) as client:
            url = f"{server.http}/bytes/3000000" if way == "place" else server.http
            with client.stream("GET", url):
                for _ in range(5):
                    signal.setitimer(signal.ITIMER_REAL, 0.02)
                    with pytest.raises(Rung):
                        client.get(server.http)
            started = time.monotonic()
            assert client.get(server.http).status_code == 200
            # Those that were given up have spent nothing: six more would take 3 s.
            assert seconds_since(started) < 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_threads_share_the_places_at_an_origin(server: Server) -> None:
    server.reset()
    limits = Limits(max_connections=50, max_concurrency_per_host=3)
    with httparallel.Client(limits=limits, timeout=httparallel.Timeout(5, pool=0.5)) as client:
        threads = [threading.Thread(target=client.get, args=(f"{server.http}/delay/5",)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    counters = server.stats()
    assert (counters["requests"], counters["requests_peak"] <= 4) == (30, True)


def test_a_rate_limit_is_what_it_was_given() -> None:
    with httparallel.Client(rate_limit=5) as client:
        assert client.rate_limit == RateLimit(5) == RateLimit(5, per=1.0, burst=1)
        client.rate_limit = RateLimit(100, per=60, burst=3)
        assert repr(client.rate_limit) == "RateLimit(100, per=60, burst=3)"
        client.rate_limit = None
        assert client.rate_limit is None


@pytest.mark.parametrize(
    "arguments", [(0,), (-1,), (float("nan"),), (1, {"per": 0}), (1, {"per": -1}), (1, {"burst": 0})]
)
def test_a_rate_is_more_than_nothing(arguments: Any) -> None:
    requests, *keywords = arguments
    with pytest.raises(ValueError, match="more than 0"):
        RateLimit(requests, **(keywords[0] if keywords else {}))
    with pytest.raises(ValueError, match="at least 1"):
        Limits(max_concurrency_per_host=0)


# So many at one origin.


@pytest.mark.parametrize("http2", [False, True])
async def test_so_many_are_on_their_way_to_an_origin(kind: Kind, server: Server, http2: bool) -> None:
    server.reset()
    url = server.https if http2 else server.http
    limits = Limits(max_connections=50, max_concurrency_per_host=3)
    async with kind.client(limits=limits, http2=http2, verify=server.ca_pem) as client:
        async with client.parallel() as parallel:
            for _ in range(30):
                parallel.get(f"{url}/delay/5", timeout=httparallel.Timeout(5, pool=0.001 if http2 else 5))
            async for response in parallel:
                assert response.status_code == 200
    # The test's own connection to the server makes a request, too.
    assert server.stats()["requests_peak"] <= 4


@pytest.mark.parametrize("way", ["engine", "flow"])
async def test_other_origins_are_not_held_up(kind: Kind, server: Server, way: str) -> None:
    limits = Limits(max_connections=50, max_concurrency_per_host=1)
    async with kind.client(limits=limits) as client:
        if way == "flow":
            client.cookies.set("a", "1")
        async with client.parallel(max_concurrency=2) as parallel:
            hanging = parallel.get(f"{server.http}/hang")
            waiting = [parallel.get(server.http) for _ in range(9)]
            other = server.http.replace("127.0.0.1", "localhost")
            others = [parallel.get(other) for _ in range(9)]
            for each in others:
                assert (await each.get_response()).status_code == 200
            assert not any(each.done for each in waiting)
            hanging.cancel()
            for each in waiting:
                assert (await each.get_response()).status_code == 200


async def test_a_streamed_response_keeps_its_place_until_it_is_read_or_closed(
    kind: Kind, server: Server
) -> None:
    limits = Limits(max_connections=9, max_concurrency_per_host=1)
    soon = httparallel.Timeout(5, total=0.05)
    async with kind.client(limits=limits) as client:
        async with client.stream("GET", f"{server.http}/bytes/3000000") as response:
            with pytest.raises(httparallel.TotalTimeout):
                await client.get(server.http, timeout=soon)
            assert len(await response.aread()) == 3_000_000
            assert (await client.get(server.http)).status_code == 200
        async with client.stream("GET", f"{server.http}/bytes/3000000"):
            with pytest.raises(httparallel.TotalTimeout):
                await client.get(server.http, timeout=soon)
        assert (await client.get(server.http)).status_code == 200


@async_only
async def test_requests_that_are_given_up_leave_the_line(kind: Kind, server: Server) -> None:
    import anyio

    limits = Limits(max_connections=9, max_concurrency_per_host=2)
    async with kind.client(limits=limits) as client:
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(client.get, f"{server.http}/hang")
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        assert (await client.get(server.http)).status_code == 200


def test_limits_show_what_they_were_given() -> None:
    assert (
        repr(Limits()) == "Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=5.0)"
    )
    assert "max_concurrency_per_host=4" in repr(Limits(max_concurrency_per_host=4))
    assert Limits(max_concurrency_per_host=4) != Limits()
