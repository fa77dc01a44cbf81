"""Credentials belong to the origin they were meant for, and follow no redirect to another one."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kinds import Kind
from testserver import Server

import httparallel

# Whether a request is one operation of the engine, or a flow because a hook looks at it.
both_ways = pytest.mark.parametrize("hooks", [None, {"request": [lambda _: None]}], ids=["engine", "flow"])


def to(url: str, status: int = 302) -> str:
    return f"/redirect-to?status={status}&url={quote(url, safe='')}"


def arrived(response: httparallel.Response) -> dict[str, str]:
    """The headers that came to the server, names in lower case."""
    return {name.lower(): value for name, value in response.json()["headers"]}


def hooked(kind: Kind, hooks: dict[str, list[Any]] | None) -> dict[str, list[Any]] | None:
    return hooks and {name: [kind.function(hook) for hook in each] for name, each in hooks.items()}


@both_ways
async def test_api_keys_do_not_go_to_another_origin(kind: Kind, server: Server, hooks: Any) -> None:
    headers = {"X-API-Key": "secret", "Private-Token": "secret", "X-Tenant": "secret", "X-Plain": "kept"}
    client = kind.client(
        follow_redirects=True,
        headers=headers,
        sensitive_headers=["x-tenant"],
        event_hooks=hooked(kind, hooks),
    )
    async with client:
        within = arrived(await client.get(server.http + to("/echo")))
        assert {name: within[name.lower()] for name in headers} == headers
        other = await client.get(server.http + to(f"{server.h2c_limited}/echo"))
        assert "secret" not in other.text
        assert arrived(other)["x-plain"] == "kept"


@both_ways
async def test_they_do_not_come_back_with_their_origin(kind: Kind, server: Server, hooks: Any) -> None:
    back = f"{server.h2c_limited}{to(f'{server.http}/echo')}"
    secrets = {"Authorization": "secret", "X-API-Key": "secret", "Mine": "secret"}
    client = kind.client(
        follow_redirects=True,
        sensitive_headers=["mine"],
        cookies={"a": "secret"} if hooks else None,
        event_hooks=hooked(kind, hooks),
    )
    async with client:
        response = await client.get(server.http + to(back), headers=secrets)
    assert len(response.history) == 2
    assert "secret" not in response.text


@both_ways
async def test_a_parallel_block_binds_them_too(kind: Kind, server: Server, hooks: Any) -> None:
    client = kind.client(
        follow_redirects=True, headers={"X-API-Key": "secret"}, event_hooks=hooked(kind, hooks)
    )
    async with client, client.parallel() as parallel:
        parallel.get(server.http + to(f"{server.h2c_limited}/echo"))
        response = await parallel.next_response()
    assert response.status_code == 200
    assert "secret" not in response.text


async def test_a_redirect_that_is_not_followed_says_what_would_be_sent(kind: Kind, server: Server) -> None:
    async with kind.client(sensitive_headers=["Mine"]) as client:
        response = await client.get(
            server.http + to(f"{server.h2c_limited}/echo"), headers={"Mine": "1", "X-Api-Key": "2", "X": "3"}
        )
    following = response.next_request.headers
    assert ("Mine" in following, "X-Api-Key" in following, following["X"]) == (False, False, "3")


class Signature(httparallel.Auth):
    def auth_flow(
        self, request: httparallel.Request
    ) -> Generator[httparallel.Request, httparallel.Response, None]:
        request.headers["X-Signature"] = "secret"
        yield request


def sign(request: httparallel.Request) -> httparallel.Request:
    headers = [*request.headers.raw, (b"X-Signature", b"secret")]
    return httparallel.Request(request.method, request.url, headers=headers)


@pytest.mark.parametrize("auth", [Signature(), sign], ids=["flow", "function"])
@pytest.mark.parametrize("of_client", [True, False])
async def test_what_an_auth_flow_adds_stays_with_the_origin(
    kind: Kind, server: Server, auth: Any, of_client: bool
) -> None:
    async with kind.client(follow_redirects=True, auth=auth if of_client else None) as client:
        arguments = {} if of_client else {"auth": auth}
        headers = {"X-Plain": "kept"}
        twice = to(to("/echo"))
        within = arrived(await client.get(server.http + twice, headers=headers, **arguments))
        assert (within["x-signature"], within["x-plain"]) == ("secret", "kept")
        later = to(to(f"{server.h2c_limited}/echo"))
        other = await client.get(server.http + later, headers=headers, **arguments)
        assert "secret" not in other.text
        assert arrived(other)["x-plain"] == "kept"


async def test_content_is_described_after_a_redirect_of_an_authenticated_request(
    kind: Kind, server: Server
) -> None:
    async with kind.client(follow_redirects=True, auth=sign) as client:
        url = server.http + to(f"{server.h2c_limited}/echo", 307)
        response = await client.post(url, json={"a": 1}, auth=Signature())
    assert (response.json()["body"], "x-signature" in arrived(response)) == ('{"a":1}', False)
    assert arrived(response)["content-type"] == "application/json"


async def test_cookies_without_a_domain_stay_where_the_request_went(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, cookies={"a": "secret"}) as client:
        assert arrived(await client.get(server.http + to("/echo")))["cookie"] == "a=secret"
        other = await client.get(server.http + to(f"{server.h2c_limited}/echo"))
        assert "cookie" not in arrived(other)
        within_other = f"{server.h2c_limited}{to('/echo')}"
        assert "cookie" not in arrived(await client.get(server.http + to(within_other)))
        client.cookies.set("b", "theirs", domain="127.0.0.1")
        assert arrived(await client.get(server.http + to(within_other)))["cookie"] == "b=theirs"
        assert sorted(client.cookies) == ["a", "b"]


async def test_the_credentials_of_a_url_stay_with_its_origin(kind: Kind, server: Server) -> None:
    url = server.http.replace("://", "://user:secret@")
    async with kind.client(follow_redirects=True) as client:
        assert arrived(await client.get(url + to("/echo")))["authorization"].startswith("Basic ")
        other = await client.get(url + to(f"{server.h2c_limited}/echo"))
        assert "authorization" not in arrived(other)
        assert "@" not in str(other.url)


async def test_netrc_is_asked_for_the_exact_host_and_not_where_a_redirect_leads(
    kind: Kind, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "netrc"
    file.write_text(
        "machine localhost login other password secret\nmachine 127.0.0.1.evil login a password b\n"
    )
    other = server.http.replace("127.0.0.1", "localhost")
    async with kind.client(follow_redirects=True, auth=httparallel.NetRCAuth(str(file))) as client:
        assert "authorization" not in arrived(await client.get(f"{server.http}/echo"))
        assert "authorization" not in arrived(await client.get(server.http + to(f"{other}/echo")))
        assert "authorization" in arrived(await client.get(f"{other}/echo"))
        assert "authorization" not in arrived(await client.get(other + to(f"{server.http}/echo")))


async def test_no_netrc_is_read_unless_asked_for(
    kind: Kind, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(file))
    async with kind.client() as client:
        assert "authorization" not in arrived(await client.get(f"{server.http}/echo"))


@both_ways
async def test_a_downgrade_to_http_drops_them(kind: Kind, server: Server, hooks: Any) -> None:
    headers = {"Authorization": "secret", "X-API-Key": "secret", "Referer": "https://secret/"}
    client = kind.client(
        follow_redirects=True, verify=server.ca_pem, http2=False, event_hooks=hooked(kind, hooks)
    )
    async with client:
        response = await client.get(server.https + to(f"{server.http}/echo"), headers=headers)
    assert str(response.url) == f"{server.http}/echo"
    assert "secret" not in response.text


@both_ways
async def test_a_referer_is_told_within_its_origin_only(kind: Kind, server: Server, hooks: Any) -> None:
    headers = {"Referer": f"{server.http}/page?private"}
    async with kind.client(follow_redirects=True, event_hooks=hooked(kind, hooks)) as client:
        within = await client.get(server.http + to("/echo"), headers=headers)
        assert arrived(within)["referer"] == headers["Referer"]
        other = await client.get(server.http + to(f"{server.h2c_limited}/echo"), headers=headers)
        assert "referer" not in arrived(other)
        assert "referer" not in arrived(await client.get(server.http + to("/echo")))


@pytest.mark.parametrize("names", ["X-Key", b"X-Key"])
def test_sensitive_headers_are_a_list(names: Any) -> None:
    with pytest.raises(TypeError, match="list of names"):
        httparallel.Client(sensitive_headers=names)


def test_a_sensitive_header_has_to_have_a_name() -> None:
    with pytest.raises(httparallel.LocalProtocolError):
        httparallel.Client(sensitive_headers=["X-Key\r\n"])


async def test_sensitive_headers_may_be_changed(kind: Kind, server: Server) -> None:
    async with kind.client(follow_redirects=True, headers={"Mine": "secret"}) as client:
        url = server.http + to(f"{server.h2c_limited}/echo")
        assert "secret" in (await client.get(url)).text
        client.sensitive_headers = ["Mine"]
        assert client.sensitive_headers == ("Mine",)
        assert "secret" not in (await client.get(url)).text
        assert "secret" not in (await client.get(url, timeout=9)).text


async def test_a_client_s_auth_is_for_every_url_that_a_request_names(kind: Kind, server: Server) -> None:
    # As in httpx: `base_url` shortens what a request says, and does not bind what the client brings.
    async with kind.client(base_url=server.http, auth=("user", "secret")) as client:
        assert "authorization" in arrived(await client.get("/echo"))
        assert "authorization" in arrived(await client.get(f"{server.h2c_limited}/echo"))
