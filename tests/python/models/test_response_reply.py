"""Responses made from a native reply; what pickling keeps; the old names of `stream=True`."""

from __future__ import annotations

import datetime
import pickle
from collections.abc import Iterator

import pytest
from replies import AsyncPieces, FakeDefaults, FakeReply, SyncPieces

import httparallel
from httparallel import Request, Response
from httparallel._content import IteratorByteStream
from httparallel._streamed import AsyncStreamedResponse, StreamedResponse

REQUEST = Request("GET", "https://example.org/")


def hello() -> Iterator[bytes]:
    yield b"hello, "
    yield b""
    yield b"world"


class TestFromReply:
    def test_nothing_is_asked_of_a_reply_before_it_is_needed(self) -> None:
        reply = FakeReply(201)
        response = Response._from_reply(reply, FakeDefaults())
        assert response.status_code == 201
        assert response.is_success
        assert response.is_closed
        assert reply.asked == []

    def test_everything_is_asked_once_at_most(self) -> None:
        reply = FakeReply(headers={"Content-Type": "text/plain"})
        response = Response._from_reply(reply, FakeDefaults())
        for _ in range(2):
            assert response.content == response.read() == b"hello"
            assert response.headers == {"Content-Type": "text/plain"}
            assert response.extensions["stream_id"] == 5
            assert response.url == "https://example.org/path"
            assert response.elapsed == datetime.timedelta(seconds=0.25)
            assert response.history == []
        assert sorted(reply.asked) == sorted(set(reply.asked))

    def test_the_status_line_is_as_it_was_sent(self) -> None:
        response = Response._from_reply(FakeReply(), FakeDefaults())
        assert (response.http_version, response.reason_phrase) == ("HTTP/2", "As Sent")
        assert repr(response) == "<Response [200 As Sent]>"

    def test_a_success_passes_raise_for_status_without_a_request_being_made(self) -> None:
        reply = FakeReply()
        Response._from_reply(reply, FakeDefaults()).raise_for_status()
        assert reply.asked == []

    def test_a_failure_names_the_url(self) -> None:
        response = Response._from_reply(FakeReply(404), FakeDefaults())
        with pytest.raises(
            httparallel.HTTPStatusError, match="'404 As Sent' for url 'https://example\\.org/path'"
        ):
            response.raise_for_status()

    def test_the_body_has_been_streamed_but_can_be_iterated(self) -> None:
        response = Response._from_reply(FakeReply(), FakeDefaults())
        assert list(response.iter_bytes(2)) == [b"he", b"ll", b"o"]
        assert b"".join(response.stream) == b"hello"
        assert response.num_bytes_downloaded == 5
        with pytest.raises(httparallel.StreamConsumed):
            list(response.iter_raw())
        response.close()

    @pytest.mark.anyio
    async def test_it_serves_asynchronous_code_too(self) -> None:
        response = Response._from_reply(FakeReply(), FakeDefaults())
        assert await response.aread() == b"hello"
        await response.aclose()

    def test_text_has_the_clients_default_encoding(self) -> None:
        response = Response._from_reply(FakeReply(content=b"\xff"), FakeDefaults())
        assert response.text == "ÿ"

    def test_content_that_does_not_decode_is_an_error_about_its_request(self) -> None:
        reply = FakeReply(failure=httparallel.DecodingError("broken"))
        response = Response._from_reply(reply, FakeDefaults())
        with pytest.raises(httparallel.DecodingError) as caught:
            response.content  # noqa: B018
        assert caught.value.request is response.request

    def test_history_is_the_way_that_led_here(self) -> None:
        first = FakeReply(301, url="https://example.org/1")
        second = FakeReply(302, url="https://example.org/2")
        response = Response._from_reply(FakeReply(history=[first, second]), FakeDefaults())
        assert [earlier.status_code for earlier in response.history] == [301, 302]
        assert [str(earlier.url)[-1] for earlier in response.history] == ["1", "2"]
        assert response.history[0].history == []
        assert response.history[1].history == [response.history[0]]

    def test_the_next_request_is_asked_of_the_client_only_for_redirects(self) -> None:
        redirect = FakeReply(302, headers={"Location": "https://example.org/next"})
        following = Response._from_reply(redirect, FakeDefaults()).next_request
        assert following is not None
        assert following.url == "https://example.org/next"
        assert Response._from_reply(FakeReply(), FakeDefaults()).next_request is None

    def test_what_was_computed_can_be_replaced(self) -> None:
        response = Response._from_reply(FakeReply(), FakeDefaults())
        response.headers = httparallel.Headers({"X": "1"})
        response.request = REQUEST
        response.history = []
        assert response.headers == {"X": "1"}
        assert response.url == REQUEST.url

    def test_a_streamed_reply_is_read_from_its_stream(self) -> None:
        reply = FakeReply()
        stream = SyncPieces(b"pie", b"ces")
        response = Response._from_reply(reply, FakeDefaults(), stream)
        assert not response.is_closed
        with pytest.raises(httparallel.ResponseNotRead):
            response.content  # noqa: B018
        with pytest.raises(RuntimeError, match="elapsed"):
            response.elapsed  # noqa: B018
        assert response.read() == b"pieces"
        assert response.elapsed.total_seconds() == 0.25
        assert response.num_bytes_downloaded == 6
        assert stream.closed == 1
        assert "content" not in reply.asked


class TestPickling:
    def test_a_response_made_by_hand_keeps_its_content(self) -> None:
        again = pickle.loads(pickle.dumps(Response(200, content=b"hello", request=REQUEST)))
        assert again.is_closed
        assert again.is_stream_consumed
        assert again.next_request is None
        assert again.content == b"hello"
        assert b"".join(again.stream) == b"hello"
        assert again.url == REQUEST.url
        assert again.extensions == {}
        assert again.history == []

    def test_a_response_of_a_reply_keeps_everything_but_the_reply(self) -> None:
        reply = FakeReply(404, headers={"A": "1"}, history=[FakeReply(301)], content=b"\xff")
        again = pickle.loads(pickle.dumps(Response._from_reply(reply, FakeDefaults())))
        assert again.status_code == 404
        assert again.headers == {"A": "1"}
        assert again.content == b"\xff"
        assert again.text == "ÿ"
        assert again.history[0].status_code == 301
        assert again.elapsed.total_seconds() == 0.25
        assert again.num_bytes_downloaded == 1
        assert again.url == "https://example.org/path"
        assert again._reply is None

    def test_cookies_that_were_looked_at_are_kept(self) -> None:
        response = Response(200, headers={"Set-Cookie": "a=1"}, request=REQUEST)
        assert response.cookies["a"] == "1"
        assert pickle.loads(pickle.dumps(response)).cookies["a"] == "1"

    def test_a_stream_that_was_not_read_is_closed_afterwards(self) -> None:
        again = pickle.loads(pickle.dumps(Response(200, content=hello())))
        assert not again.is_stream_consumed
        assert again.num_bytes_downloaded == 0
        with pytest.raises(httparallel.ResponseNotRead):
            again.content  # noqa: B018
        with pytest.raises(httparallel.StreamClosed):
            again.read()

    def test_the_class_is_found_by_its_public_name(self) -> None:
        assert (Response.__module__, Response.__qualname__) == ("httparallel", "Response")
        assert Request.__module__ == "httparallel"


class TestOldNames:
    def test_a_synchronous_stream_has_old_names_and_todays(self) -> None:
        def response() -> StreamedResponse:
            return StreamedResponse.of(Response(200, stream=SyncPieces(b"a", b"b"), request=REQUEST))

        assert list(response().stream()) == [b"a", b"b"]
        assert list(response().raw()) == [b"a", b"b"]
        assert list(response().stream) == [b"a", b"b"]
        assert list(response().iter_bytes()) == [b"a", b"b"]
        assert response().read() == b"ab"
        assert isinstance(response().stream, httparallel.SyncByteStream)

    @pytest.mark.anyio
    async def test_an_asynchronous_stream_has_old_names_and_todays(self) -> None:
        def response() -> AsyncStreamedResponse:
            return AsyncStreamedResponse._from_reply(FakeReply(), FakeDefaults(), AsyncPieces(b"a", b"b"))

        assert [chunk async for chunk in response().stream()] == [b"a", b"b"]
        assert [chunk async for chunk in response().raw()] == [b"a", b"b"]
        assert [chunk async for chunk in response().stream] == [b"a", b"b"]
        assert [chunk async for chunk in response().aiter_bytes()] == [b"a", b"b"]
        assert await response().read() == b"ab"
        assert await response().aread() == b"ab"
        assert isinstance(response().stream, httparallel.AsyncByteStream)
        assert repr(response()) == "<Response [200 As Sent]>"

    @pytest.mark.anyio
    async def test_closing_by_the_old_name_lets_go_of_the_connection(self) -> None:
        stream = AsyncPieces(b"a")
        response = AsyncStreamedResponse.of(Response(200, stream=stream))
        await response.close()
        await response.aclose()
        assert stream.closed == 1
        assert response.is_closed
        with pytest.raises(httparallel.StreamClosed):
            await response.read()

    def test_its_stream_can_be_wrapped_like_any_others(self) -> None:
        stream = SyncPieces(b"a")
        response = StreamedResponse.of(Response(200, stream=stream))
        response.stream = IteratorByteStream(response.stream)  # type: ignore[assignment]
        assert list(response.stream()) == [b"a"]

    def test_a_view_shares_the_state_of_what_it_views(self) -> None:
        response = Response(200, stream=SyncPieces(b"a"))
        view = StreamedResponse.of(response)
        assert view.read() == b"a"
        assert response.is_closed
        assert response.content == b"a"
        assert list(view.stream()) == [b"a"]

    @pytest.mark.anyio
    async def test_a_whole_reply_has_the_old_names_too(self) -> None:
        response = AsyncStreamedResponse._from_reply(FakeReply(), FakeDefaults())
        assert await response.read() == b"hello"
        assert [chunk async for chunk in response.stream()] == [b"hello"]
        await response.close()
