"""How many requests of a block run at once, and what many requests cost."""

from __future__ import annotations

import gc

import pytest
from kinds import Kind
from testserver import Server

import httparallel


def resident() -> int:
    """Bytes of memory that the process has, as the system counts them."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


async def test_max_concurrency_is_respected_and_used(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel(max_concurrency=3) as parallel:
        for _ in range(15):
            parallel.get(f"{server.http}/delay/20")
        assert [response.status_code async for response in parallel] == [200] * 15
    assert server.stats()["requests_peak"] == 3


async def test_max_concurrency_of_one_is_one_after_the_other_in_order(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel(max_concurrency=1) as parallel:
        for millis in (40, 20, 0):
            parallel.get(f"{server.http}/delay/{millis}")
        paths = [response.url.path async for response in parallel]
    assert paths == ["/delay/40", "/delay/20", "/delay/0"]


async def test_max_concurrency_applies_to_flows(kind: Kind, server: Server) -> None:
    server.reset()
    async with (
        kind.client(auth=("user", "secret")) as client,
        client.parallel(max_concurrency=2) as parallel,
    ):
        for _ in range(8):
            parallel.get(f"{server.http}/delay/20")
        assert [response.status_code async for response in parallel] == [200] * 8
    assert server.stats()["requests_peak"] == 2


@pytest.mark.parametrize("limit", [0, -1])
async def test_max_concurrency_is_at_least_one(kind: Kind, limit: int) -> None:
    async with kind.client() as client:
        with pytest.raises(ValueError, match="max_concurrency"):
            client.parallel(max_concurrency=limit)


async def test_waiting_for_a_turn_never_uses_up_the_pool_timeout(kind: Kind, server: Server) -> None:
    timeout = httparallel.Timeout(5, pool=0.05)
    limits = httparallel.Limits(max_connections=2)
    async with kind.client(timeout=timeout, limits=limits) as client, client.parallel() as parallel:
        # The last has its turn after 300 ms.
        for _ in range(8):
            parallel.get(f"{server.http}/delay/75")
        assert [response.status_code async for response in parallel] == [200] * 8


async def test_waiting_for_a_turn_does_not_use_up_the_read_timeout(kind: Kind, server: Server) -> None:
    async with kind.client(timeout=0.5) as client, client.parallel(max_concurrency=1) as parallel:
        for _ in range(4):
            parallel.get(f"{server.http}/delay/200")
        assert [response.status_code async for response in parallel] == [200] * 4


async def test_a_cancelled_request_gives_its_turn_to_the_next(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel(max_concurrency=1) as parallel:
        hanging = parallel.get(f"{server.http}/hang")
        waiting = parallel.get(f"{server.http}/hang")
        last = parallel.get(server.http)
        waiting.cancel()
        hanging.cancel()
        assert (await last.get_response()).status_code == 200


async def test_a_failed_request_gives_its_turn_to_the_next(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel(max_concurrency=1) as parallel:
        for _ in range(50):
            parallel.get("http://127.0.0.1:1/")
        last = parallel.get(server.http)
        assert (await last.get_response()).status_code == 200


async def test_a_redirected_request_keeps_its_turn(kind: Kind, server: Server) -> None:
    server.reset()
    limits = httparallel.Limits(max_connections=1)
    timeout = httparallel.Timeout(5, pool=0.5)
    async with kind.client(limits=limits, timeout=timeout, follow_redirects=True) as client:
        async with client.parallel() as parallel:
            for _ in range(10):
                parallel.get(f"{server.http}/redirect/3")
            assert [response.status_code async for response in parallel] == [200] * 10
    stats = server.stats()
    assert (stats["requests"], stats["requests_peak"]) == (40, 1)


async def test_a_block_runs_ten_thousand_requests(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel() as parallel:
        for _ in range(10_000):
            parallel.get(server.http)
        count = 0
        async for response in parallel:
            assert response.status_code == 200
            count += 1
    assert count == 10_000
    stats = server.stats()
    assert stats["requests"] == 10_000
    assert stats["requests_peak"] <= 100


async def test_memory_stays_flat_when_responses_are_dropped_as_they_come(kind: Kind, server: Server) -> None:
    total, ahead = (100_000, 200) if kind.name == "sync" else (20_000, 200)
    async with kind.client() as client, client.parallel(max_concurrency=50) as parallel:
        for _ in range(ahead):
            parallel.get(f"{server.http}/bytes/1000")
        before = 0
        for number in range(total):
            (await parallel.next_response()).read_status = True
            if number < total - ahead:
                parallel.get(f"{server.http}/bytes/1000")
            if number == 5_000:
                gc.collect()
                before = resident()
        gc.collect()
        # A response that stayed would be 1 kB of body alone.
        assert resident() - before < 8 * 1024 * 1024


async def test_memory_stays_flat_when_flows_are_collected_by_get_response(kind: Kind, server: Server) -> None:
    async with (
        kind.client(auth=("user", "secret")) as client,
        client.parallel(max_concurrency=20) as parallel,
    ):
        pendings = [parallel.get(f"{server.http}/bytes/10000") for _ in range(40)]
        before = 0
        for number in range(3_000):
            slot = number % 40
            await pendings[slot].get_response()
            pendings[slot] = parallel.get(f"{server.http}/bytes/10000")
            if number == 500:
                gc.collect()
                before = resident()
        gc.collect()
        assert resident() - before < 8 * 1024 * 1024


async def test_bodies_that_nobody_reads_stop_being_received(kind: Kind, server: Server) -> None:
    gc.collect()
    before = resident()
    async with kind.client() as client, client.parallel() as parallel:
        for _ in range(10):
            parallel.get(f"{server.http}/bytes/50000000", stream=True)
        responses = [await parallel.next_response() for _ in range(10)]
        await kind.sleep(0.5)
        assert resident() - before < 40 * 1024 * 1024
        for response in responses:
            await response.aclose()


async def test_bodies_that_nobody_collects_are_held_up_to_a_limit(kind: Kind, server: Server) -> None:
    gc.collect()
    before = resident()
    async with kind.client() as client, client.parallel() as parallel:
        for _ in range(100):
            parallel.get(f"{server.http}/bytes/5000000")
        await kind.sleep(0.5)
        # All of them are 500 MB, the limit is 64 MiB, and what is on its way comes on top.
        assert resident() - before < 250 * 1024 * 1024
        sizes = {len(response.content) async for response in parallel}
    assert sizes == {5_000_000}
