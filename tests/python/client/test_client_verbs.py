"""Requests arrive as they were described: method, URL, headers, cookies."""

from __future__ import annotations

from typing import Any

import pytest
from kinds import ClientFacade, Kind
from testserver import Server

import httparallel


def header(echoed: dict[str, object], name: str) -> str | None:
    """The value of a header that the server's `/echo` has received."""
    headers: list[list[str]] = echoed["headers"]  # type: ignore[assignment]
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@pytest.mark.parametrize("verb", ["get", "options", "post", "put", "patch", "delete", "query"])
async def test_a_verb_is_sent_in_upper_case(kind: Kind, server: Server, verb: str) -> None:
    async with kind.client() as client:
        response = await getattr(client, verb)(f"{server.http}/echo")
    assert response.status_code == 200
    assert response.json()["method"] == verb.upper()
    assert response.request.method == verb.upper()


async def test_head_gets_headers_and_no_body(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.head(f"{server.http}/bytes/1000")
    assert response.status_code == 200
    assert response.headers["content-length"] == "1000"
    assert response.content == b""


async def test_any_method_can_be_sent(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.request("propfind", f"{server.http}/echo")
    assert response.json()["method"] == "PROPFIND"


@pytest.mark.parametrize(
    ("verb", "content_length"),
    [("get", None), ("delete", None), ("post", "0"), ("put", "0"), ("patch", "0"), ("query", "0")],
)
async def test_only_methods_that_anticipate_content_say_that_there_is_none(
    kind: Kind, server: Server, verb: str, content_length: str | None
) -> None:
    async with kind.client() as client:
        response = await getattr(client, verb)(f"{server.http}/echo")
    assert header(response.json(), "content-length") == content_length


async def test_the_default_headers_are_sent(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        echoed = (await client.get(f"{server.http}/echo")).json()
    assert echoed["headers"] == [
        ["Host", server.http.removeprefix("http://")],
        ["Accept", "*/*"],
        ["Accept-Encoding", "gzip, deflate, br, zstd"],
        ["Connection", "keep-alive"],
        ["User-Agent", f"python-httparallel/{httparallel.__version__}"],
    ]


async def test_what_a_client_changes_counts_from_then_on(kind: Kind, server: Server) -> None:
    async with kind.client() as client:

        async def sent() -> str | None:
            return header((await client.get(f"{server.http}/echo")).json(), "x-step")

        assert await sent() is None
        client.headers["X-Step"] = "1"
        assert await sent() == "1"
        client.headers.update({"X-Step": "2"})
        assert await sent() == "2"
        (await client.get(server.http)).request.headers["X-Step"] = "another's"
        assert await sent() == "2"
        del client.headers["X-Step"]
        assert await sent() is None
        client.headers = {"X-Step": "3"}
        assert await sent() == "3"
        client.headers.clear()
        assert await sent() is None


async def test_each_host_is_told_its_own_name(kind: Kind, server: Server) -> None:
    first = server.http
    second = first.replace("127.0.0.1", "localhost")
    assert first != second
    async with kind.client() as client:
        for base in (first, second, first, first, second):
            echoed = (await client.get(f"{base}/echo")).json()
            assert header(echoed, "host") == base.removeprefix("http://")


async def test_parameters_of_the_client_and_of_the_request_are_both_sent(kind: Kind, server: Server) -> None:
    async with kind.client(params={"client": "1"}) as client:
        response = await client.get(f"{server.http}/echo", params={"request": ["2", "3"]})
        assert response.json()["target"] == "/echo?client=1&request=2&request=3"
        assert response.url == f"{server.http}/echo?client=1&request=2&request=3"
        response = await client.get(f"{server.http}/echo")
        assert response.json()["target"] == "/echo?client=1"


async def test_parameters_replace_a_query_and_are_escaped(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/echo?old=1", params={"q": "a b&c/ü"})
    assert response.json()["target"] == "/echo?q=a+b%26c%2F%C3%BC"


async def test_headers_of_a_request_win_over_those_of_the_client(kind: Kind, server: Server) -> None:
    async with kind.client(headers={"X-One": "client", "X-Two": "client"}) as client:
        response = await client.get(f"{server.http}/echo", headers={"x-two": "request", "User-Agent": "me"})
    echoed = response.json()
    assert header(echoed, "X-One") == "client"
    assert header(echoed, "X-Two") == "request"
    assert header(echoed, "User-Agent") == "me"


async def test_a_header_may_be_sent_twice_and_keeps_its_case(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/echo", headers=[("X-Many", "1"), ("x-MANY", "2")])
    assert [pair for pair in response.json()["headers"] if pair[0].lower() == "x-many"] == [
        ["X-Many", "1"],
        ["x-MANY", "2"],
    ]


async def test_the_header_host_can_be_set(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        response = await client.get(f"{server.http}/echo", headers={"Host": "elsewhere.test"})
    hosts = [value for name, value in response.json()["headers"] if name.lower() == "host"]
    assert hosts == ["elsewhere.test"]


async def test_settings_of_a_client_can_be_changed_between_requests(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        client.headers["X-Added"] = "later"
        client.params = {"added": "later"}
        echoed = (await client.get(f"{server.http}/echo")).json()
    assert header(echoed, "X-Added") == "later"
    assert echoed["target"] == "/echo?added=later"


async def test_a_request_can_be_built_first_and_sent_later(kind: Kind, server: Server) -> None:
    async with kind.client(headers={"X-Client": "yes"}, params={"a": "1"}) as client:
        request = client.build_request("PUT", f"{server.http}/echo", content=b"later")
        response = await client.send(request)
    assert response.request is request
    echoed = response.json()
    assert (echoed["method"], echoed["target"], echoed["body"]) == ("PUT", "/echo?a=1", "later")
    assert header(echoed, "X-Client") == "yes"


async def test_a_request_of_no_client_can_be_sent(kind: Kind, server: Server) -> None:
    async with kind.client(headers={"X-Client": "yes"}) as client:
        response = await client.send(httparallel.Request("POST", f"{server.http}/echo", json={"a": 1}))
    echoed = response.json()
    assert echoed["body"] == '{"a":1}'
    assert header(echoed, "X-Client") is None


async def test_connections_are_used_again(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        await client.get(server.http)
        server.reset()
        for _ in range(5):
            await client.get(server.http)
        counters = server.stats()
    assert counters["requests"] == 5
    assert counters["connections_opened"] == 0


@pytest.mark.parametrize("verb", ["get", "options", "head", "post", "put", "patch", "delete", "query"])
def test_a_verb_works_without_a_client(server: Server, verb: str) -> None:
    response = getattr(httparallel, verb)(f"{server.http}/echo", headers={"X-Alone": "yes"})
    assert response.status_code == 200
    assert response.request.method == verb.upper()
    assert response.request.headers["x-alone"] == "yes"


def test_a_function_refuses_what_it_does_not_take(server: Server) -> None:
    with pytest.raises(TypeError, match=r"get\(\) got an unexpected keyword argument 'content'"):
        httparallel.get(server.http, content=b"")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'stream'"):
        httparallel.post(server.http, stream=True)  # type: ignore[call-arg]


async def test_a_query_has_content(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        echoed = (await client.query(f"{server.http}/echo", json={"a": 1})).json()
    assert (echoed["method"], echoed["body"]) == ("QUERY", '{"a":1}')
    assert header(echoed, "content-type") == "application/json"


def test_request_and_stream_work_without_a_client(server: Server) -> None:
    assert httparallel.request("PURGE", f"{server.http}/echo").json()["method"] == "PURGE"
    with httparallel.stream("GET", f"{server.http}/bytes/26") as response:
        assert response.read() == b"abcdefghijklmnopqrstuvwxyz"


async def test_a_subclass_may_override_send(kind: Kind, server: Server) -> None:
    seen: list[str] = []

    class Sync(httparallel.Client):
        def send(self, request: httparallel.Request, **settings: Any) -> httparallel.Response:
            seen.append(request.method)
            return super().send(request, **settings)

    class Async(httparallel.AsyncClient):
        async def send(self, request: httparallel.Request, **settings: Any) -> httparallel.Response:
            seen.append(request.method)
            return await super().send(request, **settings)

    async with Async() if kind.is_async else ClientFacade(Sync()) as client:
        assert (await client.get(server.http)).text == "Hello, world!"
        assert (await client.post(f"{server.http}/echo", json=1)).json()["body"] == "1"
    assert seen == ["GET", "POST"]


async def test_a_subclass_may_override_build_request(kind: Kind, server: Server) -> None:
    class Marking:
        def build_request(self, method: str, url: Any, **arguments: Any) -> httparallel.Request:
            request: httparallel.Request = super().build_request(method, url, **arguments)  # type: ignore[misc]
            request.headers["X-Marked"] = "yes"
            return request

    class Sync(Marking, httparallel.Client):
        pass

    class Async(Marking, httparallel.AsyncClient):
        pass

    async with Async() if kind.is_async else ClientFacade(Sync()) as client:
        assert header((await client.get(f"{server.http}/echo")).json(), "X-Marked") == "yes"
