"""Parallel blocks of clients with several transports: each request goes where its URL leads."""

from __future__ import annotations

import threading
from typing import Any
from unittest import mock

import pytest
from kinds import ClientFacade, Kind
from testserver import Server

import httparallel


def answering(text: str) -> httparallel.MockTransport:
    return httparallel.MockTransport(lambda _: httparallel.Response(200, text=text))


async def test_requests_run_side_by_side_on_several_engines(kind: Kind, server: Server) -> None:
    server.reset()
    mounts = {f"{server.http}": kind.transport(), "all://localhost": kind.transport()}
    async with kind.client(mounts=mounts) as client:
        async with client.parallel() as parallel:
            for number in range(20):
                host = server.http if number % 2 else server.http.replace("127.0.0.1", "localhost")
                parallel.get(f"{host}/echo?{number}")
            targets = sorted([response.json()["target"] async for response in parallel])
    assert targets == sorted(f"/echo?{number}" for number in range(20))


async def test_each_request_is_routed_by_its_url(kind: Kind, server: Server) -> None:
    async with kind.client(mounts={"all://mocked": answering("mocked")}) as client:
        async with client.parallel() as parallel:
            real, mocked = parallel.get(server.http), parallel.get("http://mocked/")
            assert (await mocked.get_response()).text == "mocked"
            assert (await real.get_response()).text == "Hello, world!"
            assert not parallel.has_pending_responses


async def test_redirects_are_routed_too(kind: Kind, server: Server) -> None:
    mounts = {"all://mocked": answering("from the mock")}
    async with kind.client(mounts=mounts, follow_redirects=True) as client:
        async with client.parallel() as parallel:
            pending = parallel.get(f"{server.http}/redirect-to?url=http%3A%2F%2Fmocked%2F&status=302")
            response = await pending.get_response()
    assert response.text == "from the mock"
    assert [earlier.status_code for earlier in response.history] == [302]


async def test_a_block_over_several_engines_is_left_early(kind: Kind, server: Server) -> None:
    engines = [kind.transport(), kind.transport()]
    mounts = {"all://127.0.0.1": engines[0], "all://localhost": engines[1]}
    other = server.http.replace("127.0.0.1", "localhost")
    async with kind.client(mounts=mounts) as client:
        async with client.parallel() as parallel:
            quick = parallel.get(server.http)
            slow = [parallel.get(f"{url}/delay/30000") for url in (server.http, other)]
            assert (await quick.get_response()).status_code == 200
        for pending in slow:
            with pytest.raises(httparallel.RequestCancelled):
                await pending.get_response()


async def test_the_limit_of_a_block_holds_for_each_engine(kind: Kind, server: Server) -> None:
    mounts: dict[str, Any] = {"all://127.0.0.1": kind.transport(), "all://localhost": kind.transport()}
    other = server.http.replace("127.0.0.1", "localhost")
    server.reset()
    async with kind.client(mounts=mounts) as client:
        async with client.parallel(max_concurrency=1) as parallel:
            for _ in range(5):
                parallel.get(server.http)
                parallel.get(other)
            assert len([response async for response in parallel]) == 10
    assert server.stats()["connections_opened"] == 2


def test_ctrl_c_reaches_a_thread_that_waits_for_several_engines(server: Server) -> None:
    import signal

    mounts = {"all://127.0.0.1": httparallel.HTTPTransport(), "all://localhost": httparallel.HTTPTransport()}
    main = threading.get_ident()
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    with httparallel.Client(mounts=mounts) as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/delay/30000")
        parallel.get(f"{server.http.replace('127.0.0.1', 'localhost')}/delay/30000")
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            parallel.next_response()
    timer.join()


async def test_a_client_that_routes_by_itself(kind: Kind, server: Server) -> None:
    other = kind.transport()

    class Sync(httparallel.Client):
        def _transport_for_url(self, url: httparallel.URL) -> Any:
            return other if url.path == "/echo" else answering("mocked")

    class Async(httparallel.AsyncClient):
        def _transport_for_url(self, url: httparallel.URL) -> Any:
            return other if url.path == "/echo" else answering("mocked")

    client = Async(transport=answering("")) if kind.is_async else ClientFacade(Sync(transport=answering("")))
    async with client, client.parallel() as parallel:
        real, mocked = parallel.get(f"{server.http}/echo"), parallel.get(server.http)
        assert (await mocked.get_response()).text == "mocked"
        assert (await real.get_response()).json()["target"] == "/echo"
    assert len(other._engine.connections()) == 1
    other._engine.close()


async def test_a_client_that_is_routed_otherwise_meanwhile(kind: Kind, server: Server) -> None:
    other = kind.transport()
    owner: Any = httparallel.AsyncClient if kind.is_async else httparallel.Client
    async with kind.client() as client, client.parallel() as parallel:
        with mock.patch.object(owner, "_transport_for_url", return_value=other):
            pending = parallel.get(server.http)
            assert (await pending.get_response()).text == "Hello, world!"
        assert len(other._engine.connections()) == 1
        assert client._engine_transport._engine.connections() == []
    other._engine.close()
