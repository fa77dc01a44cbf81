"""What is set on the client holds inside its parallel blocks."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from kinds import Kind
from testserver import Server

import httparallel


async def test_basic_authentication(kind: Kind, server: Server) -> None:
    async with kind.client(auth=("user", "secret")) as client, client.parallel() as parallel:
        pendings = [parallel.get(f"{server.http}/basic-auth/user/secret") for _ in range(5)]
        assert [(await pending.get_response()).status_code for pending in pendings] == [200] * 5


async def test_digest_authentication_takes_two_steps_for_each_request(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        for _ in range(5):
            parallel.get(
                f"{server.http}/digest-auth/user/secret", auth=httparallel.DigestAuth("user", "secret")
            )
        responses = [response async for response in parallel]
    assert [response.status_code for response in responses] == [200] * 5
    assert [len(response.history) for response in responses] == [1] * 5


async def test_a_request_may_bring_its_own_authentication_or_none(kind: Kind, server: Server) -> None:
    url = f"{server.http}/basic-auth/user/secret"
    async with kind.client(auth=("user", "secret")) as client, client.parallel() as parallel:
        wrong = parallel.get(url, auth=("user", "guess"))
        none = parallel.get(url, auth=None)
        assert (await wrong.get_response()).status_code == 401
        assert (await none.get_response()).status_code == 401


async def test_flows_go_on_while_another_response_is_waited_for(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client() as client, client.parallel() as parallel:
        slow = parallel.get(f"{server.http}/delay/400")
        digest = parallel.get(
            f"{server.http}/digest-auth/user/secret", auth=httparallel.DigestAuth("user", "secret")
        )
        await slow.get_response()
        # Both of its requests were made meanwhile.
        assert digest.done
        assert (await digest.get_response()).status_code == 200


async def test_an_auth_flow_that_fails_fails_its_request_only(kind: Kind, server: Server) -> None:
    class Broken(httparallel.Auth):
        def auth_flow(self, request: httparallel.Request) -> Generator[Any, Any, None]:
            yield request
            raise KeyError("token")

    async with kind.client() as client, client.parallel() as parallel:
        broken = parallel.get(server.http, auth=Broken())
        fine = parallel.get(server.http)
        assert (await fine.get_response()).status_code == 200
        with pytest.raises(KeyError, match="token"):
            await broken.get_response()


async def test_cookies_of_the_client_are_sent_and_new_ones_kept(kind: Kind, server: Server) -> None:
    async with kind.client(cookies={"old": "1"}) as client:
        async with client.parallel() as parallel:
            assert (await parallel.get(f"{server.http}/cookies").get_response()).json() == {
                "cookies": {"old": "1"}
            }
            await parallel.get(f"{server.http}/cookies/set?new=2").get_response()
            second = await parallel.get(f"{server.http}/cookies").get_response()
        assert second.json() == {"cookies": {"old": "1", "new": "2"}}
        assert client.cookies["new"] == "2"


async def test_cookies_are_kept_without_any_being_there_before(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        parallel.get(f"{server.http}/cookies/set?a=1")
        await parallel.next_response()
        response = await parallel.get(f"{server.http}/cookies").get_response()
        assert response.json() == {"cookies": {"a": "1"}}


async def test_redirects_are_followed_if_the_client_does_or_the_request_says_so(
    kind: Kind, server: Server
) -> None:
    async with kind.client(follow_redirects=True) as client, client.parallel() as parallel:
        followed = parallel.get(f"{server.http}/redirect/2")
        left = parallel.get(f"{server.http}/redirect/2", follow_redirects=False)
        response = await followed.get_response()
        assert [hop.status_code for hop in response.history] == [302, 302]
        assert response.url == f"{server.http}/"
        assert (await left.get_response()).status_code == 302


async def test_a_redirect_that_sets_a_cookie_is_followed_with_it(kind: Kind, server: Server) -> None:
    # `script` because no route does both.
    head = (
        "HTTP/1.1 302 Found\\r\\nLocation: /next\\r\\nSet-Cookie: seen=1\\r\\nContent-Length: 0\\r\\n\\r\\n"
    )
    script = f"""
        expect-request
        send {head}
        expect-request
        send HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok
        forever
    """
    with server.script("\n".join(line.strip() for line in script.splitlines())) as scripted:
        async with kind.client(follow_redirects=True) as client, client.parallel() as parallel:
            response = await parallel.get(f"{scripted.url}/first").get_response()
            assert response.text == "ok"
            assert [hop.status_code for hop in response.history] == [302]
        (received,) = scripted.received()
    assert "GET /next HTTP/1.1" in received
    assert "Cookie: seen=1" in received


async def test_too_many_redirects_are_an_error_of_their_request(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, max_redirects=3) as client:
        async with client.parallel() as parallel:
            parallel.get(f"{server.http}/redirect-loop")
            with pytest.raises(httparallel.TooManyRedirects) as raised:
                await parallel.next_response()
            assert raised.value.request.url.path == "/redirect-loop"


async def test_base_url_headers_and_parameters_of_the_client(kind: Kind, server: Server) -> None:
    client = kind.client(base_url=f"{server.http}/echo", headers={"X-Color": "red"}, params={"a": "1"})
    async with client, client.parallel() as parallel:
        echo = (await parallel.get("", params={"b": "2"}).get_response()).json()
    assert echo["target"] == "/echo/?a=1&b=2"
    assert ["X-Color", "red"] in echo["headers"]


async def test_hooks_are_called_for_each_request_and_response(kind: Kind, server: Server) -> None:
    seen = []

    def on_request(request: httparallel.Request) -> None:
        request.headers["X-Hooked"] = "yes"
        seen.append(f"> {request.url.path}")

    def on_response(response: httparallel.Response) -> None:
        seen.append(f"< {response.status_code}")

    hooks = {"request": [kind.function(on_request)], "response": [kind.function(on_response)]}
    async with kind.client(event_hooks=hooks, follow_redirects=True) as client:
        async with client.parallel() as parallel:
            response = await parallel.get(f"{server.http}/redirect-to?url=/echo").get_response()
    assert ["X-Hooked", "yes"] in response.json()["headers"]
    assert seen == ["> /redirect-to", "< 302", "> /echo", "< 200"]


async def test_a_hook_that_raises_fails_its_request(kind: Kind, server: Server) -> None:
    def check(response: httparallel.Response) -> None:
        response.raise_for_status()

    async with kind.client(event_hooks={"response": [kind.function(check)]}) as client:
        async with client.parallel() as parallel:
            missing = parallel.get(f"{server.http}/status/404")
            fine = parallel.get(server.http)
            assert (await fine.get_response()).status_code == 200
            with pytest.raises(httparallel.HTTPStatusError):
                await missing.get_response()


async def test_a_hook_may_make_requests_in_the_same_block(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:

        def crawl(response: httparallel.Response) -> None:
            depth = int(response.url.path.rsplit("/", 1)[1])
            if depth:
                parallel.get(f"{server.http}/bytes/{depth - 1}")

        client.event_hooks = {"response": [kind.function(crawl)]}
        parallel.get(f"{server.http}/bytes/3")
        paths = [response.url.path async for response in parallel]
    assert paths == ["/bytes/3", "/bytes/2", "/bytes/1", "/bytes/0"]


async def test_a_transport_written_in_python_answers_inside_a_block(kind: Kind) -> None:
    asked = []

    def answer(request: httparallel.Request) -> httparallel.Response:
        asked.append(request.url.path)
        return httparallel.Response(200, text=f"answer to {request.url.path}")

    async with kind.client(transport=httparallel.MockTransport(kind.function(answer))) as client:
        async with client.parallel() as parallel:
            pendings = [parallel.get(f"http://example.org/{number}") for number in range(3)]
            assert (await pendings[0].get_response()).text == "answer to /0"
            # Nobody has waited for the others.
            assert asked == ["/0"]
            texts = [response.text async for response in parallel]
    assert texts == ["answer to /1", "answer to /2"]


async def test_an_error_of_a_python_transport_is_raised_with_the_response(kind: Kind) -> None:
    def fail(request: httparallel.Request) -> httparallel.Response:
        raise httparallel.ConnectError("no route", request=request)

    async with kind.client(transport=httparallel.MockTransport(kind.function(fail))) as client:
        async with client.parallel() as parallel:
            pending = parallel.get("http://example.org/")
            with pytest.raises(httparallel.ConnectError, match="no route") as raised:
                await pending.get_response()
            assert raised.value.request.url.host == "example.org"


async def test_a_block_shares_the_connections_of_its_client(kind: Kind, server: Server) -> None:
    async with kind.client() as client:
        await client.get(server.http)
        server.reset()
        async with client.parallel() as parallel:
            await parallel.get(server.http).get_response()
        await client.get(server.http)
    assert server.stats()["connections_opened"] == 0


async def test_the_client_works_beside_its_block(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as parallel:
        pending = parallel.get(f"{server.http}/bytes/1")
        assert len((await client.get(f"{server.http}/bytes/2")).content) == 2
        assert len((await pending.get_response()).content) == 1


async def test_blocks_may_be_nested(kind: Kind, server: Server) -> None:
    async with kind.client() as client, client.parallel() as outer:
        first = outer.get(f"{server.http}/delay/50")
        async with client.parallel() as inner:
            for _ in range(3):
                inner.get(f"{server.http}/bytes/1")
            inner.get(f"{server.http}/hang")
            for _ in range(3):
                assert len((await inner.next_response()).content) == 1
        # What leaving the inner one has cancelled is no business of the outer one.
        assert (await first.get_response()).status_code == 200
        assert not outer.has_pending_responses


async def test_http2_requests_of_a_block_share_a_connection(kind: Kind, server: Server) -> None:
    async with kind.client(http1=False, http2=True) as client:
        await client.get(server.h2c)
        server.reset()
        async with client.parallel() as parallel:
            for _ in range(50):
                parallel.get(f"{server.h2c}/delay/20")
            versions = {response.http_version async for response in parallel}
        stats = server.stats()
    assert versions == {"HTTP/2"}
    assert stats["connections_opened"] == 0
    assert stats["requests_peak"] > 10
