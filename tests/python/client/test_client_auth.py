"""Authentication: of the client, of a request, in the URL; schemes given by users."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from kinds import Kind, async_only
from testserver import Server

import httparallel

BASIC = "/basic-auth/user/secret"
DIGEST = "/digest-auth/user/secret"


async def test_basic_auth_of_the_client(kind: Kind, server: Server) -> None:
    async with kind.client(auth=("user", "secret")) as client:
        response = await client.get(server.http + BASIC)
        assert response.status_code == 200
        assert response.history == []
        client.auth = httparallel.BasicAuth("user", "wrong")
        assert (await client.get(server.http + BASIC)).status_code == 401


async def test_auth_of_a_request_wins_over_that_of_the_client(kind: Kind, server: Server) -> None:
    async with kind.client(auth=("user", "wrong")) as client:
        assert (await client.get(server.http + BASIC, auth=("user", "secret"))).status_code == 200
        assert (await client.get(server.http + BASIC)).status_code == 401


async def test_auth_can_be_left_out_of_a_request(kind: Kind, server: Server) -> None:
    async with kind.client(auth=("user", "secret")) as client:
        response = await client.get(server.http + BASIC, auth=None)
    assert response.status_code == 401
    assert "Authorization" not in response.request.headers


@pytest.mark.parametrize("in_base_url", [False, True])
async def test_credentials_in_the_url_are_used(kind: Kind, server: Server, in_base_url: bool) -> None:
    with_userinfo = server.http.replace("http://", "http://user:secret@")
    async with kind.client(base_url=with_userinfo if in_base_url else "") as client:
        response = await client.get(BASIC if in_base_url else with_userinfo + BASIC)
    assert response.status_code == 200


@pytest.mark.parametrize("path", [DIGEST, DIGEST + "?qop=none"])
async def test_digest_auth(kind: Kind, server: Server, path: str) -> None:
    async with kind.client(auth=httparallel.DigestAuth("user", "secret")) as client:
        response = await client.get(server.http + path)
        assert response.status_code == 200
        assert [earlier.status_code for earlier in response.history] == [401]
        # The challenge is known by now.
        assert (await client.get(server.http + path)).status_code == 200


async def test_digest_auth_with_the_wrong_password_is_tried_once(kind: Kind, server: Server) -> None:
    server.reset()
    async with kind.client(auth=httparallel.DigestAuth("user", "wrong")) as client:
        assert (await client.get(server.http + DIGEST)).status_code == 401
    assert server.stats()["requests"] == 2


async def test_digest_auth_sends_content_again(kind: Kind, server: Server) -> None:
    async with kind.client(auth=httparallel.DigestAuth("user", "secret")) as client:
        response = await client.post(server.http + DIGEST, content=b"content")
    assert response.status_code == 200
    assert response.request.content == b"content"


async def test_a_function_may_change_each_request(kind: Kind, server: Server) -> None:
    def with_token(request: httparallel.Request) -> httparallel.Request:
        request.headers["Authorization"] = "Bearer token"
        return request

    async with kind.client(auth=with_token) as client:
        assert (await client.get(f"{server.http}/bearer-auth/token")).status_code == 200


class Renewing(httparallel.Auth):
    """Asks for a token when it is refused, and needs the body of the answer."""

    requires_request_body = True
    requires_response_body = True

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen: list[Any] = []
        self.ended = False

    def auth_flow(
        self, request: httparallel.Request
    ) -> Generator[httparallel.Request, httparallel.Response, None]:
        try:
            self.seen.append(request.content)
            response = yield request
            if response.status_code == 401:
                token = yield httparallel.Request("GET", self.source)
                self.seen.append(token.json()["body"])
                request.headers["Authorization"] = "Bearer token"
                yield request
        finally:
            self.ended = True


async def test_a_generator_may_send_requests_of_its_own(kind: Kind, server: Server) -> None:
    auth = Renewing(f"{server.http}/echo")
    async with kind.client() as client:
        url = f"{server.http}/bearer-auth/token"
        response = await client.post(url, content=kind.content([b"a", b"b"]), auth=auth)
    assert response.status_code == 200
    assert [earlier.status_code for earlier in response.history] == [401, 200]
    assert auth.seen == [b"ab", ""]
    assert auth.ended


async def test_a_generator_is_closed_when_its_request_fails(kind: Kind, server: Server) -> None:
    auth = Renewing(f"{server.http}/echo")
    async with kind.client() as client:
        with pytest.raises(httparallel.RemoteProtocolError):
            await client.get(f"{server.http}/refuse-first?id=auth-{kind}&times=9", auth=auth)
    assert auth.ended


async def test_what_a_generator_raises_is_raised(kind: Kind, server: Server) -> None:
    class Failing(httparallel.Auth):
        def auth_flow(self, request: httparallel.Request) -> Any:
            yield request
            raise LookupError("no token")

    async with kind.client(auth=Failing()) as client:
        with pytest.raises(LookupError, match="no token"):
            await client.get(server.http)
        assert (await client.get(server.http, auth=None)).status_code == 200


@async_only
async def test_an_async_scheme_may_wait(kind: Kind, server: Server) -> None:
    ended = []

    class Waiting(httparallel.Auth):
        async def async_auth_flow(
            self, request: httparallel.Request
        ) -> AsyncGenerator[httparallel.Request, httparallel.Response]:
            try:
                await kind.sleep(0)
                request.headers["Authorization"] = "Bearer token"
                yield request
            finally:
                ended.append(True)

    async with kind.client(auth=Waiting()) as client:
        assert (await client.get(f"{server.http}/bearer-auth/token")).status_code == 200
        with pytest.raises(httparallel.ReadTimeout):
            await client.get(f"{server.http}/hang", timeout=0.05)
    assert ended == [True, True]


async def test_auth_and_redirects_go_together(kind: Kind, server: Server) -> None:
    async with kind.client(auth=("user", "secret"), follow_redirects=True) as client:
        response = await client.get(f"{server.http}/redirect-to?url={BASIC}")
    assert response.status_code == 200
    assert [earlier.status_code for earlier in response.history] == [302]


@pytest.mark.parametrize("auth", ["text", 1, object()])
def test_other_things_are_no_auth(auth: Any) -> None:
    with pytest.raises(TypeError, match="auth"):
        httparallel.Client(auth=auth)
