"""Clients that nobody closes: a warning, not a leak."""

from __future__ import annotations

import asyncio
import gc
import os
import time

import pytest
from testserver import Server

import httparallel


def until_closed(server: Server, connections: int) -> None:
    deadline = time.monotonic() + 5
    while server.stats()["connections_open"] > connections:
        assert time.monotonic() < deadline, "connections stay open"
        time.sleep(0.005)


def test_a_forgotten_client_is_a_resource_warning_and_its_sockets_are_closed(server: Server) -> None:
    before = server.stats()["connections_open"]
    client = httparallel.Client()
    client.get(server.http)
    assert server.stats()["connections_open"] == before + 1
    with pytest.warns(ResourceWarning, match=r"unclosed client <httparallel\.Client object"):
        del client
        gc.collect()
    until_closed(server, before)


def test_a_forgotten_async_client_is_a_resource_warning_too(server: Server) -> None:
    before = server.stats()["connections_open"]
    client = httparallel.AsyncClient()
    asyncio.run(client.get(server.http))  # type: ignore[arg-type]
    with pytest.warns(ResourceWarning, match=r"unclosed client <httparallel\.AsyncClient object"):
        del client
        gc.collect()
    until_closed(server, before)


def test_a_client_that_was_never_used_may_be_forgotten(recwarn: pytest.WarningsRecorder) -> None:
    httparallel.Client()
    httparallel.AsyncClient()
    gc.collect()
    assert list(recwarn) == []


def forget(server: Server, in_block: bool) -> None:
    client = httparallel.Client()
    if not in_block:
        client.get(server.http)
        return
    with client.parallel() as parallel:
        for _ in range(3):
            parallel.get(server.http)
        parallel.next_response()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_fifty_forgotten_clients_leak_no_descriptors(server: Server) -> None:
    before = server.stats()["connections_open"]
    with httparallel.Client() as client:
        client.get(server.http)
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        forget(server, in_block=number % 2 == 0)
    gc.collect()
    until_closed(server, before)
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_block_that_is_forgotten_cancels_its_requests(server: Server) -> None:
    server.reset()
    with httparallel.Client() as client:
        parallel = client.parallel().__enter__()
        parallel.get(f"{server.http}/hang")
        while server.stats()["requests_active"] == 0:
            time.sleep(0.005)
        del parallel
        gc.collect()
        deadline = time.monotonic() + 5
        while server.stats()["requests_active"]:
            assert time.monotonic() < deadline, "the request stays"
            time.sleep(0.005)


def test_a_streamed_response_that_is_forgotten_frees_its_connection(server: Server) -> None:
    limits = httparallel.Limits(max_connections=1)
    with httparallel.Client(limits=limits) as client:
        for _ in range(3):
            response = client.get(f"{server.http}/stream/1000?interval_ms=20", stream=True)
            assert response.status_code == 200
            del response
            gc.collect()
        assert client.get(server.http).status_code == 200
