"""respx, which puts routes in the place of a client's transport, or of httpcore's connections."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import respx
from testserver import Server

import httparallel

USING = pytest.mark.parametrize("using", ["httpx", "httpcore"])


def test_its_transport_is_one_of_ours() -> None:
    assert issubclass(respx.transports.MockTransport, httparallel.MockTransport)


@USING
def test_a_route_answers(using: str) -> None:
    with respx.mock(using=using) as mock:
        route = mock.get("http://a.test/page").respond(201, json={"a": 1})
        response = httpx.get("http://a.test/page", headers={"X-One": "1"})
    assert (response.status_code, response.json()) == (201, {"a": 1})
    assert route.call_count == 1
    assert route.calls.last.request.headers["x-one"] == "1"


@USING
def test_a_route_answers_an_async_client(using: str) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(base_url="http://a.test") as client:
            assert (await client.post("/page", json={"b": 2})).status_code == 202

    with respx.mock(using=using) as mock:
        route = mock.post("http://a.test/page", json={"b": 2}).respond(202)
        asyncio.run(main())
    assert route.called


def test_a_route_answers_in_a_parallel_block() -> None:
    with respx.mock() as mock:
        for number in range(3):
            mock.get(f"http://a.test/{number}").respond(text=str(number))
        with httparallel.parallel() as parallel:
            for number in range(3):
                parallel.get(f"http://a.test/{number}")
            assert sorted(response.text for response in parallel) == ["0", "1", "2"]


def test_an_exception_in_place_of_an_answer() -> None:
    with respx.mock() as mock:
        mock.get("http://a.test/").mock(side_effect=httpx.ConnectError)
        with pytest.raises(httparallel.ConnectError) as caught:
            httpx.get("http://a.test/")
    assert caught.value.request.url == "http://a.test/"


def test_what_has_no_route_is_reported() -> None:
    with respx.mock(), pytest.raises(AssertionError, match="not mocked"):
        httpx.get("http://a.test/")


@USING
def test_other_requests_pass_through_to_the_server(server: Server, using: str) -> None:
    with respx.mock(using=using) as mock:
        mock.route(host="127.0.0.1").pass_through()
        mock.get("http://a.test/").respond(204)
        with httpx.Client() as client:
            assert client.get(server.http).text == "Hello, world!"
            assert client.get("http://a.test/").status_code == 204
    assert httpx.get(server.http).text == "Hello, world!"
