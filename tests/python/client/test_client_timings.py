"""How long the parts of a request took, and which connection it went over."""

from __future__ import annotations

import pickle
import ssl
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel

PARTS = ("queue", "dns", "connect", "tls", "send", "wait", "receive")


def parts(timings: httparallel.Timings) -> float:
    """What is known of the parts, added up."""
    return sum(getattr(timings, part) or 0.0 for part in PARTS)


async def test_the_parts_add_up_to_the_whole(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/bytes/100000")
    timings = response.timings
    assert isinstance(timings, httparallel.Timings)
    assert parts(timings) == pytest.approx(timings.total)
    # `elapsed` counts whole microseconds.
    assert timings.total <= response.elapsed.total_seconds() + 1e-6
    assert timings.attempts == 1


@pytest.mark.parametrize("long_way", [False, True])
async def test_a_connection_is_opened_once_and_has_a_number(
    kind: Kind, server: Server, long_way: bool
) -> None:
    async with kind.client(verify=server.ca_pem) as client:
        if long_way:
            client.cookies.set("a", "1")
        first, second = [(await client.get(server.https)).timings for _ in range(2)]
        other = (await client.get(server.http)).timings
    assert first.dns is not None
    assert first.connect > 0
    assert first.tls > 0
    assert (second.dns, second.connect, second.tls) == (None, None, None)
    assert (first.reused, second.reused) == (False, True)
    assert first.connection == second.connection != other.connection
    assert other.tls is None


async def test_a_slow_answer_is_waited_for(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        timings = (await client.get(f"{server.http}/delay/50")).timings
    # The server's pause begins with the last byte it gets, maybe before the client knows that it was sent.
    assert timings.send + timings.wait >= 0.05


async def test_of_a_streamed_response_the_end_is_known_at_the_end(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        async with client.stream("GET", f"{server.http}/bytes/3000000") as response:
            early = response.timings
            assert early.wait is not None
            assert (early.receive, early.total) == (None, None)
            await response.aread()
            late = response.timings
        assert late.wait == early.wait
        assert parts(late) == pytest.approx(late.total)
        async with client.stream("GET", f"{server.http}/bytes/30000000") as response:
            pass
        assert response.timings.total is not None


async def test_each_redirect_has_its_own(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect/2")
        hops = [each.timings for each in (*response.history, response)]
    assert [hop.reused for hop in hops] == [False, True, True]
    assert all(parts(hop) == pytest.approx(hop.total) for hop in hops)
    assert len({hop.connection for hop in hops}) == 1


async def test_a_request_that_was_sent_again_says_so(kind: Kind, server: Server) -> None:
    answer = "send HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\n"
    stale = f"expect-request\n{answer}expect-request\nclose\n"
    with server.script(f"{stale}connection\nexpect-request\n{answer}hang\n") as script:
        async with kind.client() as client:
            timings = [(await client.get(script.url)).timings for _ in range(2)]
    assert [each.attempts for each in timings] == [1, 2]


@pytest.mark.parametrize("long_way", [False, True])
async def test_each_attempt_of_a_retried_request_counts(kind: Kind, server: Server, long_way: bool) -> None:
    hooks = {"request": [kind.function(lambda _: None)]} if long_way else None
    retries = httparallel.Retry(3, backoff=0.0, budget=None)
    async with kind.client(retries=retries, event_hooks=hooks) as client:
        timings = (await client.get(f"{server.http}/flaky?id=timed-{kind}-{long_way}&times=2")).timings
        # The parts are those of the last attempt.
        assert timings.attempts == 3
        assert parts(timings) < timings.total
        assert (await client.get(server.http)).timings.attempts == 1


async def test_responses_of_a_parallel_block_have_them(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel(max_concurrency=1) as parallel:
        for _ in range(3):
            parallel.get(f"{server.http}/delay/20")
        timings = [response.timings async for response in parallel]
    # Those that wait for their turn are not timed meanwhile.
    assert all(parts(each) == pytest.approx(each.total) for each in timings)
    assert [each.reused for each in timings] == [False, True, True]


async def test_requests_on_one_http2_connection_count_its_opening_once(kind: Kind, server: Server) -> None:
    async with (
        kind.client(http2=True, verify=server.ca_pem) as client,
        client.parallel() as parallel,
    ):
        for _ in range(10):
            parallel.get(server.https)
        timings = [response.timings async for response in parallel]
    assert len({each.connection for each in timings}) == 1
    assert sum(not each.reused for each in timings) == 1
    assert sum(each.connect is not None for each in timings) == 1


async def test_of_a_transport_of_ones_own_what_is_seen_from_outside_is_known(kind: Kind) -> None:
    def answer(_: httparallel.Request) -> httparallel.Response:
        return httparallel.Response(200, text="mocked")

    async with kind.client(transport=httparallel.MockTransport(answer)) as client:
        response = await client.get("https://example.org/")
    timings = response.timings
    assert timings.wait + timings.receive == pytest.approx(timings.total)
    assert timings.total == pytest.approx(response.elapsed.total_seconds(), abs=1e-6)
    unknown = ("queue", "dns", "connect", "tls", "send", "connection", "reused", "attempts")
    assert [getattr(timings, name) for name in unknown] == [None] * len(unknown)


async def test_a_transport_around_the_engine_keeps_them(kind: Kind, server: Server) -> None:
    inner = kind.transport()

    class Around(httparallel.AsyncBaseTransport, httparallel.BaseTransport):
        def handle_request(self, request: httparallel.Request) -> Any:
            return inner.handle_request(request)

        async def handle_async_request(self, request: httparallel.Request) -> Any:
            return await inner.handle_async_request(request)

        def close(self) -> None:
            inner.close()

        async def aclose(self) -> None:
            await inner.aclose()

    async with kind.client(transport=Around()) as client:
        timings = (await client.get(server.http)).timings
    assert parts(timings) == pytest.approx(timings.total)
    assert (timings.attempts, timings.reused) == (1, False)


async def test_over_the_low_level_what_is_seen_from_outside_is_known(kind: Kind, server: Server) -> None:
    context = ssl.create_default_context(cafile=server.ca_pem)
    async with kind.client(verify=context) as client:
        response = await client.get(f"{server.https}/delay/50")
        async with client.stream("GET", f"{server.https}/bytes/100") as streamed:
            early = streamed.timings
    timings = response.timings
    assert timings.wait >= 0.05
    assert timings.wait + timings.receive == pytest.approx(timings.total)
    assert timings.connection is None
    assert early.wait is not None
    assert early.total is None


async def test_they_are_kept_when_a_response_is_pickled(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(server.http)
    assert pickle.loads(pickle.dumps(response)).timings == response.timings
