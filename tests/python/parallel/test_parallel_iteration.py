"""Iterating over a parallel block, and `map`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_iterates_over_responses_as_they_come(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        for millis in (200, 0, 100):
            parallel.get(f"{server.http}/delay/{millis}")
        paths = [response.url.path async for response in parallel]
    assert paths == ["/delay/0", "/delay/100", "/delay/200"]


async def test_iterating_over_nothing_ends_at_once(kind: Kind) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        assert [response async for response in parallel] == []


async def test_iteration_includes_requests_that_are_made_meanwhile(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/bytes/2")
        sizes = []
        async for response in parallel:
            sizes.append(len(response.content))
            if sizes[-1]:
                parallel.get(f"{server.http}/bytes/{sizes[-1] - 1}")
    assert sizes == [2, 1, 0]


async def test_an_error_can_be_caught_and_iteration_gone_on_with(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get("http://127.0.0.1:1/")
        parallel.get(f"{server.http}/delay/100")
        with pytest.raises(httparallel.ConnectError):
            async for _ in parallel:
                pass
        assert [response.status_code async for response in parallel] == [200]


async def test_map_keeps_the_order(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        urls = [f"{server.http}/delay/{millis}" for millis in (150, 0, 70)]
        assert [str(response.url) async for response in parallel.map(urls)] == urls
        assert not parallel.has_pending_responses


async def test_map_runs_requests_side_by_side(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel(max_concurrency=4) as parallel:
        urls = [f"{server.http}/delay/30"] * 20
        assert len([response async for response in parallel.map(urls)]) == 20
    assert server.stats()["requests_peak"] == 4


async def test_map_passes_arguments_on(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        responses = parallel.map([f"{server.http}/echo"] * 2, method="PUT", json={"a": 1})
        echoes = [response.json() async for response in responses]
    assert [(echo["method"], echo["body"]) for echo in echoes] == [("PUT", '{"a":1}')] * 2


async def test_map_of_nothing_is_nothing(kind: Kind) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        assert [response async for response in parallel.map([])] == []


async def test_map_is_lazy_and_goes_ahead_of_its_reader_by_twice_the_concurrency(
    kind: Kind, server: Server
) -> None:
    taken = 0

    def urls() -> Iterator[str]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield f"{server.http}/bytes/{number}"

    async with kind.client() as client, client.parallel(max_concurrency=3) as parallel:
        responses = parallel.map(urls())
        assert taken == 0
        for number in range(10):
            response = await anext(responses)
            assert len(response.content) == number
            assert taken == number + 6
        await responses.aclose()


async def test_a_map_that_is_given_up_leaves_nothing_pending(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        other = parallel.get(f"{server.http}/bytes/1")
        responses = parallel.map([server.http, *[f"{server.http}/hang"] * 3])
        assert (await anext(responses)).status_code == 200
        await responses.aclose()
        await kind.until(lambda: server.stats()["requests_active"] == 0)
        assert [response async for response in parallel] == [await other.get_response()]


async def test_a_map_ends_with_the_first_error(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        statuses = []
        with pytest.raises(httparallel.ConnectError):
            async for response in parallel.map([server.http, "http://127.0.0.1:1/", f"{server.http}/hang"]):
                statuses.append(response.status_code)
        assert statuses == [200]
        assert not parallel.has_pending_responses


async def test_an_invalid_url_ends_a_map(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        with pytest.raises(httparallel.InvalidURL):
            async for _ in parallel.map([f"{server.http}/hang", "http://[::1"]):
                pass
        assert not parallel.has_pending_responses
