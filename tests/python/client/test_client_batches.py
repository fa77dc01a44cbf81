"""Responses that come while asyncio's loop is busy: what waits for them is woken together, in its turn."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from testserver import Server

import httparallel

COUNT = 5

Number: ContextVar[int] = ContextVar("Number")


class Tasks:
    """Tasks with a request each, on a loop that sees no response before there are all of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        self.loop = loop
        # Longer than it takes to send them.
        self.url = f"{server.http}/delay/50"
        self.client = httparallel.AsyncClient()
        self.all: list[asyncio.Task[Any]] = []
        self._server = server

    def run(self, work: Callable[[int], Coroutine[Any, Any, Any]]) -> list[Any]:
        """What becomes of each. It may be run again after an exception that ended the loop."""

        async def begin() -> list[Any]:
            if not self.all:
                self._server.reset()
                self.all += [asyncio.ensure_future(work(number)) for number in range(COUNT)]
                # Each one has sent its request when this goes on.
                await asyncio.sleep(0)
                self._hold_up()
            return await asyncio.gather(*self.all, return_exceptions=True)

        return self.loop.run_until_complete(begin())

    def _hold_up(self) -> None:
        deadline = time.monotonic() + 10
        while self._server.stats()["requests"] < COUNT or self._server.stats()["requests_active"]:
            assert time.monotonic() < deadline
        for _ in range(5):
            # The last response is on its way: this is longer.
            self._server.stats()


@pytest.fixture(params=[False, True], ids=["asyncio", "debugged"])
def tasks(
    request: pytest.FixtureRequest, server: Server, caplog: pytest.LogCaptureFixture
) -> Iterator[Tasks]:
    # A loop that is debugged sees every single call; that it is held up is on purpose.
    caplog.set_level(logging.ERROR, logger="asyncio")
    loop = asyncio.new_event_loop()
    loop.set_debug(request.param)
    tasks = Tasks(loop, server)
    yield tasks
    loop.run_until_complete(tasks.client.aclose())
    loop.close()


def test_each_goes_on_in_its_own_context(tasks: Tasks) -> None:
    order: list[int] = []

    async def work(number: int) -> int:
        Number.set(number)
        response = await tasks.client.get(tasks.url, headers={"X-Number": str(number)})
        order.append(number)
        assert response.request.headers["X-Number"] == str(Number.get()) == str(number)
        return (await tasks.client.get(tasks.url)).status_code

    assert tasks.run(work) == [200] * COUNT
    assert sorted(order) == list(range(COUNT))
    assert Number.get(None) is None


def test_one_may_cancel_the_others_before_their_turn(tasks: Tasks) -> None:
    first: list[int] = []

    async def work(number: int) -> int:
        response = await tasks.client.get(tasks.url)
        if not first:
            first.append(number)
            for other in tasks.all:
                if other is not asyncio.current_task():
                    other.cancel()
        return response.status_code

    outcomes = tasks.run(work)
    assert outcomes.pop(first[0]) == 200
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * (COUNT - 1)


def test_one_that_ends_the_loop_leaves_the_others_for_when_it_goes_on(tasks: Tasks) -> None:
    ended: list[int] = []

    async def work(number: int) -> int:
        response = await tasks.client.get(tasks.url)
        if not ended:
            ended.append(number)
            raise KeyboardInterrupt
        return response.status_code

    with pytest.raises(KeyboardInterrupt):
        tasks.run(work)
    outcomes = tasks.run(work)
    assert isinstance(outcomes.pop(ended[0]), KeyboardInterrupt)
    assert outcomes == [200] * (COUNT - 1)


def test_one_that_fails_fails_alone(tasks: Tasks) -> None:
    async def work(number: int) -> int:
        response = await tasks.client.get(tasks.url)
        if number == 2:
            raise LookupError("after its response")
        return response.status_code

    outcomes = tasks.run(work)
    assert isinstance(outcomes.pop(2), LookupError)
    assert outcomes == [200] * (COUNT - 1)
