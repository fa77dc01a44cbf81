"""Responses whose body is a stream: read, iterated, cut, decoded and let go of, in both colours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from replies import AsyncPieces, SyncPieces, UpperCaseDecoder

import httparallel
from httparallel import Request, Response, _native

REQUEST = Request("GET", "https://example.org/")


def hello() -> Iterator[bytes]:
    yield b"hello, "
    yield b""
    yield b"world"


async def ahello() -> AsyncIterator[bytes]:
    yield b"hello, "
    yield b""
    yield b"world"


@pytest.fixture
def decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "Decoder", UpperCaseDecoder, raising=False)


class TestSyncStream:
    def test_it_is_read_once_and_then_there(self) -> None:
        stream = SyncPieces(b"hello, ", b"world")
        response = Response(200, stream=stream)
        assert not response.is_closed
        assert response.read() == response.read() == response.content == b"hello, world"
        assert response.num_bytes_downloaded == 12
        assert response.is_closed
        assert stream.closed == 1

    def test_empty_pieces_are_dropped(self) -> None:
        assert list(Response(200, content=hello()).iter_raw()) == [b"hello, ", b"world"]

    @pytest.mark.parametrize("size", [1, 5, 7, 12, 20])
    def test_chunks_have_the_size_that_was_asked_for(self, size: int) -> None:
        whole = "hello, world"
        chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert list(Response(200, content=hello()).iter_raw(size)) == [chunk.encode() for chunk in chunks]
        assert list(Response(200, content=hello()).iter_bytes(size)) == [chunk.encode() for chunk in chunks]
        assert list(Response(200, content=hello()).iter_text(size)) == chunks
        assert list(Response(200, content=whole).iter_bytes(size)) == [chunk.encode() for chunk in chunks]

    def test_a_chunk_size_of_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="chunk_size"):
            list(Response(200, content=b"a").iter_bytes(chunk_size=0))

    def test_content_that_is_there_can_be_iterated_again_and_again(self) -> None:
        response = Response(200, content=b"a\nb")
        assert list(response.iter_bytes()) == list(response.iter_bytes()) == [b"a\nb"]
        assert list(response.iter_lines()) == ["a", "b"]
        assert list(Response(200).iter_bytes()) == []

    def test_a_raw_stream_is_consumed_once(self) -> None:
        response = Response(200, content=hello())
        assert b"".join(response.iter_raw()) == b"hello, world"
        with pytest.raises(httparallel.StreamConsumed):
            list(response.iter_raw())
        with pytest.raises(httparallel.StreamConsumed):
            response.read()

    def test_a_closed_stream_cannot_be_read(self) -> None:
        stream = SyncPieces(b"a")
        response = Response(200, stream=stream)
        response.close()
        response.close()
        assert stream.closed == 1
        with pytest.raises(httparallel.StreamClosed):
            response.read()

    def test_leaving_early_lets_go_of_the_connection(self) -> None:
        stream = SyncPieces(b"a", b"b")
        response = Response(200, stream=stream)
        lines = response.iter_bytes()
        assert next(lines) == b"a"
        lines.close()
        assert stream.closed == 1
        assert response.num_bytes_downloaded == 1

    def test_a_failing_stream_is_closed_and_its_error_knows_the_request(self) -> None:
        stream = SyncPieces(b"a", failure=httparallel.ReadError("broken"))
        response = Response(200, stream=stream, request=REQUEST)
        with pytest.raises(httparallel.ReadError) as caught:
            response.read()
        assert caught.value.request is REQUEST
        assert stream.closed == 1

    @pytest.mark.usefixtures("decoder")
    def test_raw_is_as_sent_and_bytes_are_decoded(self) -> None:
        headers = {"Content-Encoding": "identity, x"}
        assert list(Response(200, headers=headers, stream=SyncPieces(b"a")).iter_raw()) == [b"a"]
        assert list(Response(200, headers=headers, stream=SyncPieces(b"a")).iter_bytes()) == [b"A", b"!"]
        assert list(Response(200, headers=headers, stream=SyncPieces()).iter_bytes()) == []

    def test_text_is_decoded_across_pieces(self) -> None:
        snowman = "☃".encode()
        response = Response(200, stream=SyncPieces(snowman[:1], snowman[1:], snowman[:2]))
        assert list(response.iter_text()) == ["☃", "\N{REPLACEMENT CHARACTER}"]

    def test_an_asynchronous_stream_cannot_be_read_synchronously(self) -> None:
        response = Response(200, content=ahello())
        with pytest.raises(RuntimeError, match="asynchronous stream"):
            response.read()
        with pytest.raises(RuntimeError, match="asynchronous stream"):
            response.close()


class TestLines:
    TEXT = "a\r\nb\rc\nd\x0be\x0cf\x1cg\x85h\u2028i\n\n\r\rj"

    @pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
    def test_lines_are_those_of_splitlines_however_the_pieces_fall(self, size: int) -> None:
        for text in (self.TEXT, self.TEXT + "\r", self.TEXT + "\n", "", "\r", "\r\n", "a"):
            body = text.encode()
            pieces = [body[start : start + size] for start in range(0, len(body), size)]
            assert list(Response(200, stream=SyncPieces(*pieces)).iter_lines()) == text.splitlines()

    @pytest.mark.anyio
    async def test_asynchronous_lines_are_the_same(self) -> None:
        pieces = [self.TEXT[:7].encode(), self.TEXT[7:].encode()]
        response = Response(200, stream=AsyncPieces(*pieces))
        assert [line async for line in response.aiter_lines()] == self.TEXT.splitlines()


@pytest.mark.anyio
class TestAsyncStream:
    async def test_it_is_read_once_and_then_there(self) -> None:
        stream = AsyncPieces(b"hello, ", b"world")
        response = Response(200, stream=stream)
        assert await response.aread() == response.content == b"hello, world"
        assert response.num_bytes_downloaded == 12
        assert response.is_closed
        assert stream.closed == 1

    async def test_chunks_have_the_size_that_was_asked_for(self) -> None:
        raw = Response(200, content=ahello()).aiter_raw(5)
        assert [chunk async for chunk in raw] == [b"hello", b", wor", b"ld"]
        text = Response(200, content=ahello()).aiter_text(7)
        assert [chunk async for chunk in text] == ["hello, ", "world"]
        there = Response(200, content=b"hello").aiter_bytes(3)
        assert [chunk async for chunk in there] == [b"hel", b"lo"]

    async def test_a_raw_stream_is_consumed_once(self) -> None:
        response = Response(200, content=ahello())
        assert b"".join([chunk async for chunk in response.aiter_raw()]) == b"hello, world"
        with pytest.raises(httparallel.StreamConsumed):
            await response.aread()

    async def test_a_closed_stream_cannot_be_read(self) -> None:
        response = Response(200, stream=AsyncPieces(b"a"))
        await response.aclose()
        with pytest.raises(httparallel.StreamClosed):
            await response.aread()

    async def test_leaving_early_lets_go_of_the_connection(self) -> None:
        stream = AsyncPieces(b"a", b"b")
        pieces = Response(200, stream=stream).aiter_text()
        assert await anext(pieces) == "a"
        await pieces.aclose()
        assert stream.closed == 1

    async def test_a_failing_stream_is_closed_and_its_error_knows_the_request(self) -> None:
        stream = AsyncPieces(b"a", failure=httparallel.ReadError("broken"))
        with pytest.raises(httparallel.ReadError) as caught:
            await Response(200, stream=stream, request=REQUEST).aread()
        assert caught.value.request is REQUEST
        assert stream.closed == 1

    @pytest.mark.usefixtures("decoder")
    async def test_bytes_are_decoded(self) -> None:
        response = Response(200, headers={"Content-Encoding": "x"}, stream=AsyncPieces(b"a", b"b"))
        assert [chunk async for chunk in response.aiter_bytes()] == [b"A", b"B", b"!"]

    async def test_a_synchronous_stream_cannot_be_read_asynchronously(self) -> None:
        response = Response(200, content=hello())
        with pytest.raises(RuntimeError, match="synchronous stream"):
            await response.aread()
        with pytest.raises(RuntimeError, match="synchronous stream"):
            await response.aclose()
