"""Outcomes of a parallel block: when they are there, how they are asked for, that each is delivered once."""

from __future__ import annotations

import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel


async def test_requests_run_side_by_side(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel() as parallel:
        pendings = [parallel.get(f"{server.http}/delay/300") for _ in range(5)]
        await kind.until(lambda: server.stats()["requests_active"] == 5)
        assert [(await pending.get_response()).status_code for pending in pendings] == [200] * 5


async def test_requests_make_progress_while_the_block_does_something_else(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/delay/20")
        await kind.until(lambda: pending.done)
        assert (await pending.get_response()).text == "Hello, world!"


async def test_get_response_gives_the_response_to_its_own_request(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        sizes = [30, 10, 20]
        pendings = [parallel.get(f"{server.http}/bytes/{size}") for size in sizes]
        assert [len((await pending.get_response()).content) for pending in pendings] == sizes


async def test_get_response_again_gives_the_same_response(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(server.http)
        response = await pending.get_response()
        assert await pending.get_response() is response


async def test_next_response_gives_whichever_is_there_first(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        for millis in (250, 0, 120):
            parallel.get(f"{server.http}/delay/{millis}")
        paths = [(await parallel.next_response()).url.path for _ in range(3)]
    assert paths == ["/delay/0", "/delay/120", "/delay/250"]


async def test_each_outcome_is_delivered_once(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        for number in range(20):
            parallel.get(f"{server.http}/bytes/{number}")
        sizes = []
        while parallel.has_pending_responses:
            sizes.append(len((await parallel.next_response()).content))
        assert sorted(sizes) == list(range(20))


async def test_what_get_response_has_given_does_not_come_from_next_response(
    kind: Kind, server: Server
) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pendings = [parallel.get(f"{server.http}/bytes/{number}") for number in range(3)]
        await pendings[1].get_response()
        assert len(parallel) == 2
        rest = {len((await parallel.next_response()).content) for _ in range(2)}
        assert rest == {0, 2}
        assert not parallel.has_pending_responses


async def test_what_next_response_has_given_can_still_be_had_from_get_response(
    kind: Kind, server: Server
) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(server.http)
        response = await parallel.next_response()
        assert await pending.get_response() is response
        assert not parallel.has_pending_responses


async def test_a_flow_that_another_wait_has_settled_is_delivered_once(kind: Kind, server: Server) -> None:
    # Requests with authentication are stepped by whoever waits: here both by the first wait.
    async with kind.client(auth=("user", "secret")) as client, client.parallel() as parallel:
        slow = parallel.get(f"{server.http}/delay/150")
        quick = parallel.get(server.http)
        await slow.get_response()
        assert quick.done
        assert (await quick.get_response()).status_code == 200
        assert not parallel.has_pending_responses
        with pytest.raises(RuntimeError, match="no pending response"):
            await parallel.next_response()


async def test_next_response_with_nothing_pending_is_a_clear_error(kind: Kind) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        assert not parallel.has_pending_responses
        with pytest.raises(RuntimeError, match="There is no pending response"):
            await parallel.next_response()


async def test_the_length_is_the_number_of_outcomes_not_delivered(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        assert len(parallel) == 0
        first = parallel.get(server.http)
        parallel.get(server.http)
        assert len(parallel) == 2
        await first.get_response()
        assert len(parallel) == 1
        await parallel.next_response()
        assert len(parallel) == 0
        assert not parallel.has_pending_responses


async def test_requests_can_be_added_while_responses_are_collected(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/bytes/3")
        sizes = []
        while parallel.has_pending_responses:
            size = len((await parallel.next_response()).content)
            sizes.append(size)
            if size:
                parallel.get(f"{server.http}/bytes/{size - 1}")
        assert sizes == [3, 2, 1, 0]


@pytest.mark.parametrize("method", ["get", "options", "post", "put", "patch", "delete"])
async def test_every_verb_is_there(kind: Kind, server: Server, method: str) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        response = await getattr(parallel, method)(f"{server.http}/echo").get_response()
        assert response.json()["method"] == method.upper()


async def test_head_and_any_other_method_are_there(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        head = parallel.head(f"{server.http}/bytes/7")
        other = parallel.request("REPORT", f"{server.http}/echo")
        assert (await head.get_response()).headers["Content-Length"] == "7"
        assert (await other.get_response()).json()["method"] == "REPORT"


async def test_arguments_of_a_request_are_those_of_the_client(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.post(
            f"{server.http}/echo", params={"a": "1"}, headers={"X-Color": "red"}, json={"size": 3}
        )
        echo = (await pending.get_response()).json()
    assert echo["target"] == "/echo?a=1"
    assert ["X-Color", "red"] in echo["headers"]
    assert echo["body"] == '{"size":3}'


async def test_content_is_sent_from_bytes_and_from_iterators(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        whole = parallel.post(f"{server.http}/echo-body", content=b"whole")
        pieces = parallel.post(f"{server.http}/echo-body", content=kind.content([b"pie", b"ces"]))
        assert (await whole.get_response()).content == b"whole"
        assert (await pieces.get_response()).content == b"pieces"


async def test_large_bodies_side_by_side_stay_apart(kind: Kind, server: Server) -> None:
    contents = [bytes([65 + number]) * (30_000 << number % 6) for number in range(12)]
    kept = []
    async with kind.client() as client:
        # What the first ones were read into is used again for the others.
        for _ in range(3):
            async with client.parallel() as parallel:
                pendings = [parallel.post(f"{server.http}/echo-body", content=each) for each in contents]
                kept.append([await pending.get_response() for pending in pendings])
    assert all([response.content for response in responses] == contents for responses in kept)


async def test_response_and_pending_response_carry_the_request(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/bytes/1", headers={"X-Number": "1"})
        assert pending.request.method == "GET"
        assert pending.request.url == f"{server.http}/bytes/1"
        response = await pending.get_response()
        assert response.request.url == pending.request.url
        assert response.request.headers["X-Number"] == pending.request.headers["X-Number"] == "1"


@async_only
async def test_awaiting_the_pending_response_is_the_other_form_of_the_documents(
    kind: Kind, server: Server
) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        plain = parallel.get(f"{server.http}/bytes/1")
        awaited = await parallel.get(f"{server.http}/bytes/2")
        assert isinstance(awaited, httparallel.AsyncPendingResponse)
        assert await plain is plain
        assert len((await awaited.get_response()).content) == 2
        assert await awaited is awaited
        assert len((await plain.get_response()).content) == 1


async def test_a_request_with_authentication_starts_before_its_response_is_waited_for(
    kind: Kind, server: Server
) -> None:
    server.reset()
    async with kind.client(auth=("user", "secret")) as client, client.parallel() as parallel:
        # In synchronous code `await` stands for nothing.
        await parallel.get(f"{server.http}/delay/2000")
        await kind.until(lambda: server.stats()["requests_active"] == 1)


def test_the_top_level_function_has_a_client_of_its_own(server: Server) -> None:
    with httparallel.parallel(headers={"X-Color": "red"}, max_concurrency=2) as parallel:
        echoes = [parallel.get(f"{server.http}/echo") for _ in range(3)]
        for echo in echoes:
            assert ["X-Color", "red"] in echo.get_response().json()["headers"]
    assert parallel._client.is_closed
