"""pytest-httpx, whose fixture stands in for the transports."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pytest_httpx import HTTPXMock
from testserver import Server

import httparallel


def test_a_response_is_served_to_functions_and_clients(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url="http://a.test/page", json={"a": 1}, is_reusable=True)
    assert httpx.get("http://a.test/page").json() == {"a": 1}
    with httpx.Client() as client:
        assert client.get("http://a.test/page").json() == {"a": 1}
    assert [request.method for request in httpx_mock.get_requests()] == ["GET", "GET"]


def test_a_response_is_served_to_async_clients(httpx_mock: HTTPXMock) -> None:
    async def main() -> str:
        async with httpx.AsyncClient() as client, client.stream("POST", "http://a.test/") as response:
            return "".join([text async for text in response.aiter_text()])

    httpx_mock.add_response(method="POST", text="streamed")
    assert asyncio.run(main()) == "streamed"


def test_responses_are_served_to_a_parallel_block(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_callback(lambda request: httpx.Response(200, text=request.url.path), is_reusable=True)
    with httparallel.parallel() as parallel:
        parallel.get("http://a.test/1")
        parallel.get("http://a.test/2")
        assert sorted(response.text for response in parallel) == ["/1", "/2"]


def test_an_exception_is_raised(httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ReadTimeout("slow"))
    with pytest.raises(httparallel.ReadTimeout, match="slow"):
        httpx.get("http://a.test/")


@pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
def test_what_has_no_response_is_a_timeout(httpx_mock: HTTPXMock) -> None:
    with pytest.raises(httpx.TimeoutException, match="No response can be found"):
        httpx.get("http://a.test/")
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host == "a.test")
def test_other_requests_go_to_the_server(httpx_mock: HTTPXMock, server: Server) -> None:
    httpx_mock.add_response(status_code=204)
    with httpx.Client() as client:
        assert client.get("http://a.test/").status_code == 204
        assert client.get(server.http).text == "Hello, world!"


def test_without_the_fixture_requests_go_to_the_server(server: Server) -> None:
    assert httpx.get(server.http).text == "Hello, world!"
