"""Authentication flows, driven by hand as a client drives them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from httparallel import (
    Auth,
    BasicAuth,
    DigestAuth,
    FunctionAuth,
    NetRCAuth,
    ProtocolError,
    Request,
    Response,
)

URL = "https://www.example.com/dir/index.html"
CHALLENGE = 'Digest realm="r", qop="auth", nonce="n", opaque="o"'


def first(auth: Auth, request: Request | None = None) -> tuple[Generator[Request, Response, None], Request]:
    flow = auth.sync_auth_flow(request or Request("GET", URL))
    return flow, next(flow)


def refusal(request: Request, *challenges: str, **headers: str) -> Response:
    pairs = [("WWW-Authenticate", challenge) for challenge in challenges]
    return Response(401, headers=[*pairs, *headers.items()], request=request)


def answered(auth: Auth, *challenges: str, **headers: str) -> Request:
    flow, request = first(auth)
    assert "Authorization" not in request.headers
    return flow.send(refusal(request, *challenges, **headers))


def fields(request: Request) -> dict[str, str]:
    scheme, _, text = request.headers["Authorization"].partition(" ")
    assert scheme == "Digest"
    return parse_keqv_list(parse_http_list(text))


def test_basic_sends_user_and_password_at_once_and_only_once() -> None:
    flow, request = first(BasicAuth("Aladdin", b"open sesame"))
    assert request.headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    with pytest.raises(StopIteration):
        flow.send(Response(401, request=request))


def test_a_function_changes_each_request() -> None:
    def sign(request: Request) -> Request:
        request.headers["X-Signature"] = "1"
        return request

    assert first(FunctionAuth(sign))[1].headers["X-Signature"] == "1"


def test_netrc_is_asked_for_the_host(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text(
        'machine www.example.com login user password pass\nmachine empty.org login user password ""\n'
    )
    auth = NetRCAuth(str(file))
    assert first(auth)[1].headers["Authorization"] == "Basic dXNlcjpwYXNz"
    assert "Authorization" not in first(auth, Request("GET", "https://other.org"))[1].headers
    assert "Authorization" not in first(auth, Request("GET", "https://empty.org"))[1].headers


def test_digest_waits_for_a_challenge() -> None:
    flow, request = first(DigestAuth("user", "pass"))
    assert "Authorization" not in request.headers
    with pytest.raises(StopIteration):
        flow.send(Response(200, request=request))


@pytest.mark.parametrize("challenges", [(), ("Basic realm=x",), ("Digestive realm=x",)])
def test_digest_gives_up_without_a_digest_challenge(challenges: tuple[str, ...]) -> None:
    flow, request = first(DigestAuth("user", "pass"))
    with pytest.raises(StopIteration):
        flow.send(refusal(request, *challenges))


def test_digest_finds_its_challenge_among_others() -> None:
    assert fields(answered(DigestAuth("user", "pass"), "Basic realm=x", CHALLENGE))["nonce"] == "n"


def test_digest_answers_a_refused_answer_with_nothing_more() -> None:
    flow, request = first(DigestAuth("user", "pass"))
    request = flow.send(refusal(request, CHALLENGE))
    with pytest.raises(StopIteration):
        flow.send(refusal(request, CHALLENGE))


def test_digest_answers_again_when_its_answer_came_too_late() -> None:
    flow, request = first(DigestAuth("user", "pass"))
    request = flow.send(refusal(request, CHALLENGE))
    late = CHALLENGE.replace('"n"', '"n2"') + ", stale=true"
    request = flow.send(refusal(request, late))
    assert (fields(request)["nonce"], fields(request)["nc"]) == ("n2", "00000001")
    with pytest.raises(StopIteration):
        flow.send(refusal(request, late))


def test_digest_answers_the_strongest_challenge() -> None:
    strong = CHALLENGE + ", algorithm=SHA-256"
    assert fields(answered(DigestAuth("user", "pass"), CHALLENGE, strong))["algorithm"] == "SHA-256"
    assert fields(answered(DigestAuth("user", "pass"), f"Basic realm=x, {strong}"))["realm"] == "r"


def test_digest_hashes_the_user_name_where_it_is_asked_to() -> None:
    answer = fields(answered(DigestAuth("user", "pass"), f"{CHALLENGE}, userhash=true"))
    assert answer["username"] == "f2014bc543adfc117d6000879437967d"
    assert answer["userhash"] == "true"


def test_digest_counts_the_uses_of_a_nonce() -> None:
    auth = DigestAuth("user", "pass")
    assert fields(answered(auth, CHALLENGE))["nc"] == "00000001"
    assert fields(first(auth)[1])["nc"] == "00000002"
    flow, request = first(auth)
    assert fields(flow.send(refusal(request, CHALLENGE.replace('"n"', '"n2"'))))["nc"] == "00000001"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda auth: pickle.loads(pickle.dumps(auth))])
def test_a_copy_of_digest_waits_for_a_challenge(copied: Callable[[DigestAuth], DigestAuth]) -> None:
    auth = DigestAuth("user", "pass")
    answered(auth, CHALLENGE)
    assert "Authorization" in first(auth)[1].headers
    assert fields(answered(copied(auth), CHALLENGE))["nc"] == "00000001"


def test_digest_returns_the_cookies_of_the_challenge() -> None:
    request = answered(DigestAuth("user", "pass"), CHALLENGE, **{"Set-Cookie": "session=1"})
    assert request.headers["Cookie"] == "session=1"


def test_digest_follows_the_example_of_rfc_2069() -> None:
    # With the corrected response of the RFC's erratum 749.
    challenge = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert fields(answered(DigestAuth("Mufasa", "CircleOfLife"), challenge)) == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html",
        "response": "1949323746fe6a43ef61f9606e7febea",
        "algorithm": "MD5",
        "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_follows_the_examples_of_rfc_7616(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, response: str
) -> None:
    auth = DigestAuth("Mufasa", "Circle of Life")
    cnonce = b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    monkeypatch.setattr(auth, "_get_client_nonce", lambda *_: cnonce)
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    answer = fields(answered(auth, challenge))
    assert answer["response"] == response
    assert answer["algorithm"] == algorithm
    assert (answer["qop"], answer["nc"], answer["cnonce"]) == ("auth", "00000001", cnonce.decode())


@pytest.mark.parametrize(
    ("algorithm", "digits"),
    [
        ("MD5-sess", 32),
        ("SHA", 40),
        ("SHA-SESS", 40),
        ("SHA-256-SESS", 64),
        ("SHA-512-256", 64),
        ("SHA-512", 128),
        ("SHA-512-SESS", 128),
    ],
)
def test_digest_knows_other_hashes_and_sessions(algorithm: str, digits: int) -> None:
    answer = fields(answered(DigestAuth("user", "pass"), f"{CHALLENGE}, algorithm={algorithm}"))
    assert answer["algorithm"] == algorithm
    assert len(answer["response"]) == digits


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        ('Digest qop="auth"', "Malformed"),
        ("Digest nonce=x", "Malformed"),
        ('Digest realm="r", nonce="n", algorithm=ROT13', "Unsupported digest auth algorithm 'ROT13'"),
        ('Digest realm="r", nonce="n", qop="unknown"', "Unexpected qop value"),
    ],
)
def test_a_challenge_that_cannot_be_answered_is_an_error_about_its_request(
    challenge: str, message: str
) -> None:
    with pytest.raises(ProtocolError, match=message) as caught:
        answered(DigestAuth("user", "pass"), challenge)
    assert caught.value.request.url == URL


def test_a_protected_body_is_not_implemented() -> None:
    with pytest.raises(NotImplementedError, match="auth-int"):
        answered(DigestAuth("user", "pass"), 'Digest realm="r", nonce="n", qop="auth-int"')


def test_quotes_in_a_name_stay_inside_their_quotes() -> None:
    request = answered(DigestAuth('a", uri="/evil', "pass"), 'Digest realm="a\\"b", nonce="n"')
    header = request.headers["Authorization"]
    assert 'username="a\\", uri=\\"/evil", realm="a\\"b"' in header


class BodyAuth(Auth):
    """Reads both bodies."""

    requires_request_body = True
    requires_response_body = True

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["X-Length"] = str(len(request.content))
        response = yield request
        request.headers["X-Seen"] = response.text
        yield request


def test_bodies_are_read_for_a_scheme_that_requires_them() -> None:
    def body() -> Iterator[bytes]:
        yield b"hello"

    flow, request = first(BodyAuth(), Request("POST", URL, content=body()))
    assert request.headers["X-Length"] == "5"
    assert flow.send(Response(200, content=body())).headers["X-Seen"] == "hello"


@pytest.mark.anyio
async def test_bodies_are_read_for_an_asynchronous_client() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"hello"

    flow = BodyAuth().async_auth_flow(Request("POST", URL, content=body()))
    request = await anext(flow)
    assert request.headers["X-Length"] == "5"
    request = await flow.asend(Response(200, content=body()))
    assert request.headers["X-Seen"] == "hello"
    with pytest.raises(StopAsyncIteration):
        await flow.asend(Response(200))


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["sync", "async"])
async def test_a_flow_that_is_left_is_closed(scheme: str) -> None:
    left = []

    class Recording(Auth):
        def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
            try:
                yield request
            finally:
                left.append(True)

    if scheme == "sync":
        first(Recording())[0].close()
    else:
        flow = Recording().async_auth_flow(Request("GET", URL))
        await anext(flow)
        await flow.aclose()
    assert left == [True]


def test_without_a_flow_of_its_own_a_scheme_sends_the_request_as_it_is() -> None:
    flow, request = first(Auth())
    assert "Authorization" not in request.headers
    with pytest.raises(StopIteration):
        flow.send(Response(401, request=request))
