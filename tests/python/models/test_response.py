"""Responses made by hand: the body they are given, what the status says, text and headers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pytest
from replies import UpperCaseDecoder

import httparallel
from httparallel import ByteStream, Request, Response, _native

REQUEST = Request("GET", "https://example.org/")


def hello() -> Iterator[bytes]:
    yield b"hello, "
    yield b""
    yield b"world"


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "Decoder", UpperCaseDecoder, raising=False)


class TestMadeByHand:
    def test_it_shows_its_status(self) -> None:
        assert repr(Response(200)) == "<Response [200 OK]>"
        assert repr(Response(418)) == "<Response [418 I'm a teapot]>"

    def test_an_unknown_status_has_no_reason_phrase(self) -> None:
        assert Response(600).reason_phrase == ""

    def test_extensions_say_what_the_status_line_said(self) -> None:
        response = Response(200, extensions={"http_version": b"HTTP/2", "reason_phrase": b"Fine"})
        assert (response.http_version, response.reason_phrase) == ("HTTP/2", "Fine")
        assert Response(200).http_version == "HTTP/1.1"

    @pytest.mark.parametrize(
        ("body", "content", "headers"),
        [
            ({"content": "hi"}, b"hi", {"Content-Length": "2"}),
            ({"content": b""}, b"", {}),
            (
                {"text": "é"},
                "é".encode(),
                {"Content-Length": "2", "Content-Type": "text/plain; charset=utf-8"},
            ),
            ({"html": "<p>"}, b"<p>", {"Content-Length": "3", "Content-Type": "text/html; charset=utf-8"}),
            ({"json": [1]}, b"[1]", {"Content-Length": "3", "Content-Type": "application/json"}),
        ],
    )
    def test_a_body_describes_itself(
        self, body: dict[str, str], content: bytes, headers: dict[str, str]
    ) -> None:
        response = Response(200, **body)  # type: ignore[arg-type]
        assert response.content == content
        assert response.headers == headers
        assert response.is_closed
        assert response.is_stream_consumed

    def test_an_iterator_is_announced_as_chunks(self) -> None:
        assert Response(200, content=hello()).headers == {"Transfer-Encoding": "chunked"}
        given = {"Content-Length": "12"}
        assert Response(200, content=hello(), headers=given).headers == given

    @pytest.mark.usefixtures("decoder")
    def test_content_is_decoded_as_its_headers_say(self) -> None:
        assert Response(200, headers={"Content-Encoding": "x"}, content=b"a").content == b"A!"

    @pytest.mark.usefixtures("decoder")
    def test_content_that_does_not_decode_is_an_error_about_its_request(self) -> None:
        with pytest.raises(httparallel.DecodingError) as caught:
            Response(200, headers={"Content-Encoding": "broken"}, content=b"a", request=REQUEST)
        assert caught.value.request is REQUEST

    def test_it_has_a_request_only_if_it_was_given_one(self) -> None:
        response = Response(200)
        with pytest.raises(RuntimeError, match="request instance has not been set"):
            response.request  # noqa: B018
        response.request = REQUEST
        assert response.url == "https://example.org/"

    def test_elapsed_is_there_once_it_has_been_set(self) -> None:
        response = Response(200, content=hello())
        with pytest.raises(RuntimeError, match="elapsed"):
            response.elapsed  # noqa: B018
        response.elapsed = datetime.timedelta(seconds=1)
        assert response.elapsed.total_seconds() == 1

    def test_a_stream_may_know_how_long_it_took(self) -> None:
        stream = ByteStream(b"")
        stream.elapsed = datetime.timedelta(seconds=2)  # type: ignore[attr-defined]
        assert Response(200, stream=stream).elapsed.total_seconds() == 2

    def test_history_and_extensions_are_its_own(self) -> None:
        history = [Response(301)]
        response = Response(200, history=history)
        response.history.append(Response(302))
        assert len(history) == 1
        assert Response(200).history == []


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "flags"),
        [
            (101, {"is_informational"}),
            (204, {"is_success"}),
            (304, {"is_redirect"}),
            (404, {"is_client_error", "is_error"}),
            (503, {"is_server_error", "is_error"}),
            (600, set()),
        ],
    )
    def test_a_status_is_of_one_class(self, status: int, flags: set[str]) -> None:
        response = Response(status)
        names = {name for name in dir(Response) if name.startswith("is_") and "stream" not in name}
        assert {name for name in names - {"is_closed"} if getattr(response, name)} == flags

    @pytest.mark.parametrize("status", [300, 304, 305, 306])
    def test_not_every_3xx_says_where_to_go(self, status: int) -> None:
        assert not Response(status, headers={"Location": "/"}).has_redirect_location
        assert Response(307, headers={"Location": "/"}).has_redirect_location
        assert not Response(307).has_redirect_location

    def test_a_success_passes_raise_for_status(self) -> None:
        response = Response(204, request=REQUEST)
        assert response.raise_for_status() is response

    @pytest.mark.parametrize(
        ("status", "headers", "first_lines"),
        [
            (101, {}, ["Informational response '101 Switching Protocols' for url 'https://example.org/'"]),
            (404, {}, ["Client error '404 Not Found' for url 'https://example.org/'"]),
            (500, {}, ["Server error '500 Internal Server Error' for url 'https://example.org/'"]),
            (700, {}, ["Invalid status code '700 ' for url 'https://example.org/'"]),
            (
                303,
                {"Location": "https://other.org"},
                [
                    "Redirect response '303 See Other' for url 'https://example.org/'",
                    "Redirect location: 'https://other.org'",
                ],
            ),
        ],
    )
    def test_anything_else_raises(self, status: int, headers: dict[str, str], first_lines: list[str]) -> None:
        response = Response(status, headers=headers, request=REQUEST)
        with pytest.raises(httparallel.HTTPStatusError) as caught:
            response.raise_for_status()
        assert str(caught.value).splitlines()[:-1] == first_lines
        assert str(caught.value).endswith(f"/HTTP/Status/{status}")
        assert caught.value.response is response
        assert caught.value.request is REQUEST

    def test_raise_for_status_needs_a_request(self) -> None:
        with pytest.raises(RuntimeError, match="raise_for_status"):
            Response(200).raise_for_status()


class TestText:
    @pytest.mark.parametrize(
        ("content_type", "charset"),
        [
            ("text/html", None),
            ("text/html; charset=UTF-8", "utf-8"),
            ('text/html; Charset="latin-1"; a=b', "latin-1"),
            ("text/html; a=b ;charset = 'cp1252'", "cp1252"),
            ("text/html; charset=", None),
        ],
    )
    def test_the_charset_is_read_from_the_content_type(self, content_type: str, charset: str | None) -> None:
        assert Response(200, headers={"Content-Type": content_type}).charset_encoding == charset

    def test_text_is_decoded_as_the_charset_says(self) -> None:
        headers = {"Content-Type": "text/plain; charset=latin-1"}
        response = Response(200, headers=headers, content="ÿ".encode("latin-1"))
        assert (response.encoding, response.text) == ("latin-1", "ÿ")

    @pytest.mark.parametrize("charset", ["no-such-codec", "hex", "zlib", "\x00", "undefined"])
    def test_a_charset_that_is_no_text_encoding_is_ignored(self, charset: str) -> None:
        response = Response(200, content="ÿ".encode())
        response.headers["Content-Type"] = f"text/plain; charset={charset}"
        assert (response.encoding, response.text) == ("utf-8", "ÿ")

    def test_the_default_encoding_may_be_a_function_of_the_content(self) -> None:
        response = Response(200, content="ÿ".encode("latin-1"), default_encoding=lambda _: "latin-1")
        assert response.text == "ÿ"
        assert Response(200, content=b"a", default_encoding=lambda _: None).encoding == "utf-8"
        assert Response(200, content=hello(), default_encoding=lambda _: "cp1252").encoding == "utf-8"

    def test_what_cannot_be_decoded_is_replaced(self) -> None:
        assert Response(200, content=b"a\xff").text == "a\N{REPLACEMENT CHARACTER}"

    def test_the_encoding_can_be_set_until_the_text_is_read(self) -> None:
        response = Response(200, content="é".encode("latin-1"))
        response.encoding = "latin-1"
        assert response.text == "é"
        with pytest.raises(ValueError, match="not allowed"):
            response.encoding = "utf-8"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
    def test_json_finds_its_own_encoding(self, encoding: str) -> None:
        response = Response(200, content=json.dumps({"a": 1}).encode(encoding))
        assert response.json() == {"a": 1}
        assert response.json(parse_int=str) == {"a": "1"}

    def test_content_is_not_there_before_it_was_read(self) -> None:
        response = Response(200, content=hello())
        assert not hasattr(response, "_content")
        with pytest.raises(httparallel.ResponseNotRead):
            response.text  # noqa: B018

    def test_content_that_is_taken_away_is_there_no_more(self) -> None:
        # As pytest-httpx does it, to have a response read once more.
        response = httparallel.Response(200, content=b"once")
        assert response.content == b"once"
        del response._content
        assert not hasattr(response, "_content")
        with pytest.raises(httparallel.ResponseNotRead):
            _ = response.content


class TestHeaders:
    @pytest.mark.parametrize(
        ("value", "links"),
        [
            ("<https://a/2>; rel='preload'", {"preload": {"rel": "preload", "url": "https://a/2"}}),
            (
                '</hub>; rel="hub", </resource>; rel=self',
                {"hub": {"url": "/hub", "rel": "hub"}, "self": {"url": "/resource", "rel": "self"}},
            ),
            ("<https://a/b,c;d>;", {"https://a/b,c;d": {"url": "https://a/b,c;d"}}),
            ('</>; title="a, b; c=d"; rel=x', {"x": {"url": "/", "title": "a, b; c=d", "rel": "x"}}),
            ("nonsense", {}),
        ],
    )
    def test_links_are_found_by_relation_or_url(self, value: str, links: dict[str, dict[str, str]]) -> None:
        assert Response(200, headers={"Link": value}).links == links

    def test_a_response_without_links_has_none(self) -> None:
        assert Response(200).links == {}

    def test_cookies_are_those_that_are_set(self) -> None:
        response = Response(200, headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], request=REQUEST)
        assert dict(response.cookies) == {"a": "1", "b": "2"}
        assert response.cookies is response.cookies
