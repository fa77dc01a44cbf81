"""Bodies: what each kind of content becomes, and which headers it brings."""

from __future__ import annotations

import io
import math
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from httparallel import AsyncByteStream, ByteStream, StreamConsumed, SyncByteStream
from httparallel._content import AsyncIteratorByteStream, IteratorByteStream, encode_request, encode_response

Headers = dict[str, str]


def encoded(**body: object) -> tuple[Headers, bytes]:
    headers, stream = encode_request(**body)  # type: ignore[arg-type]
    assert isinstance(stream, SyncByteStream)
    return headers, b"".join(stream)


def hello() -> Iterator[bytes]:
    yield b"hello, "
    yield b"world"


async def ahello() -> AsyncIterator[bytes]:
    yield b"hello, "
    yield b"world"


class Again:
    """An iterable that can be iterated any number of times."""

    def __iter__(self) -> Iterator[bytes]:
        return hello()


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "headers", "content"),
    [
        ({}, {}, b""),
        ({"content": b""}, {}, b""),
        ({"content": b"abc"}, {"Content-Length": "3"}, b"abc"),
        ({"content": "é"}, {"Content-Length": "2"}, "é".encode()),
        ({"content": bytearray(b"abc")}, {"Content-Length": "3"}, b"abc"),
        ({"content": memoryview(b"abc")}, {"Content-Length": "3"}, b"abc"),
        ({"content": io.BytesIO(b"abc")}, {"Content-Length": "3"}, b"abc"),
        ({"content": hello()}, {"Transfer-Encoding": "chunked"}, b"hello, world"),
        ({"content": [b"a", b"b"]}, {"Transfer-Encoding": "chunked"}, b"ab"),
        ({"data": {}}, {}, b""),
        ({"data": {"a": "1 2"}}, {"Content-Length": "5", "Content-Type": FORM}, b"a=1+2"),
        ({"data": {"a": ["x", 1, True]}}, {"Content-Length": "14", "Content-Type": FORM}, b"a=x&a=1&a=true"),
        ({"data": {"a": None, "b": 1.5}}, {"Content-Length": "8", "Content-Type": FORM}, b"a=&b=1.5"),
        ({"json": [1, "é"]}, {"Content-Length": "8", "Content-Type": "application/json"}, '[1,"é"]'.encode()),
        ({"json": {}}, {"Content-Length": "2", "Content-Type": "application/json"}, b"{}"),
        ({"data": {"a": "1"}, "json": 1}, {"Content-Length": "3", "Content-Type": FORM}, b"a=1"),
    ],
)
def test_a_body_is_encoded_with_the_headers_that_describe_it(
    body: dict[str, object], headers: Headers, content: bytes
) -> None:
    assert encoded(**body) == (headers, content)


@pytest.mark.parametrize("content", [1, {"a": "b"}, object(), 1.5])
def test_what_is_no_content_is_refused(content: object) -> None:
    with pytest.raises(TypeError, match="Unexpected type for 'content'"):
        encoded(content=content)


def test_a_file_in_text_mode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("abc")
    with path.open() as file, pytest.raises(TypeError, match="binary mode"):
        encoded(content=file)
    with pytest.raises(TypeError, match="binary mode"):
        encoded(content=io.StringIO("abc"))


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encoded(json=math.nan)


def test_data_that_is_no_form_is_sent_as_content_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="Use 'content'"):
        assert encoded(data=b"abc") == ({"Content-Length": "3"}, b"abc")


def test_a_file_is_sent_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        assert encoded(content=file) == ({"Content-Length": "6"}, b"456789")


def test_a_file_is_sent_again_from_where_it_stood() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    stream = IteratorByteStream(file)
    assert b"".join(stream) == b"".join(stream) == b"456789"


def test_what_has_been_written_and_not_flushed_counts(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file:
        file.write(b"abc")
        file.seek(0)
        assert encoded(content=file) == ({"Content-Length": "3"}, b"abc")


def test_a_pipe_has_no_known_length() -> None:
    reader, writer = os.pipe()
    with open(writer, "wb") as end:
        end.write(b"abc")
    with open(reader, "rb") as file:
        assert encoded(content=file) == ({"Transfer-Encoding": "chunked"}, b"abc")


def test_large_files_are_read_piece_by_piece() -> None:
    pieces = list(IteratorByteStream(io.BytesIO(bytes(150_000))))
    assert [len(piece) for piece in pieces] == [65_536, 65_536, 18_928]


def test_a_generator_is_streamed_once_and_an_iterable_again() -> None:
    once = IteratorByteStream(hello())
    assert b"".join(once) == b"hello, world"
    with pytest.raises(StreamConsumed):
        b"".join(once)
    again = IteratorByteStream(Again())
    assert b"".join(again) == b"".join(again)


@pytest.mark.anyio
async def test_an_asynchronous_generator_is_streamed_once() -> None:
    headers, stream = encode_request(content=ahello())
    assert headers == {"Transfer-Encoding": "chunked"}
    assert isinstance(stream, AsyncByteStream)
    assert not isinstance(stream, SyncByteStream)
    assert b"".join([part async for part in stream]) == b"hello, world"
    with pytest.raises(StreamConsumed):
        [part async for part in stream]


@pytest.mark.anyio
async def test_an_asynchronous_generator_is_closed_when_its_reader_leaves() -> None:
    closed = []

    async def source() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    parts = aiter(AsyncIteratorByteStream(source()))
    assert await anext(parts) == b"a"
    await parts.aclose()  # type: ignore[attr-defined]
    assert closed == [True]


@pytest.mark.anyio
async def test_a_file_with_aread_is_read_and_not_iterated() -> None:
    class File:
        def __init__(self) -> None:
            self.left = [b"a", b"b"]

        async def aread(self, size: int) -> bytes:
            assert size == 65_536
            return self.left.pop(0) if self.left else b""

        def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("must be read")

    parts = AsyncIteratorByteStream(File())
    assert [part async for part in parts] == [b"a", b"b"]


@pytest.mark.anyio
async def test_content_in_memory_serves_both_kinds_of_client_again_and_again() -> None:
    stream = ByteStream(b"abc")
    assert b"".join(stream) == b"".join(stream) == b"abc"
    assert [part async for part in stream] == [b"abc"]


def test_a_stream_class_must_say_how_it_is_iterated() -> None:
    class Sync(SyncByteStream):
        pass

    class Async(AsyncByteStream):
        pass

    with pytest.raises(NotImplementedError, match="Sync does not define '__iter__'"):
        iter(Sync())
    with pytest.raises(NotImplementedError, match="Async does not define '__aiter__'"):
        aiter(Async())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({"text": "a"}, "text/plain; charset=utf-8"),
        ({"html": "a"}, "text/html; charset=utf-8"),
        ({"json": 1}, "application/json"),
    ],
)
def test_a_response_body_is_described_like_a_requests(body: dict[str, str], content_type: str) -> None:
    headers, _ = encode_response(**body)
    assert headers == {"Content-Length": "1", "Content-Type": content_type}
    assert encode_response()[0] == {}
