"""What a body is made of: byte streams, which yield a body's bytes as they are on the wire.

A transport returns a response with a stream; a request carries one. ByteStream is both kinds, so content
that is in memory can be sent by either kind of client.
"""

from __future__ import annotations

from ._exceptions import StreamClosed, StreamConsumed
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
    from typing import Any

CHUNK_SIZE = 65_536


@public
class SyncByteStream:
    """The bytes of a body, for synchronous code. Subclasses define `__iter__`, and `close` if need be."""

    def __iter__(self) -> Iterator[bytes]:
        raise NotImplementedError(f"{type(self).__name__} does not define '__iter__'.")

    def close(self) -> None:
        """Releases what the stream holds. Called once, whether or not the stream was read to its end."""


@public
class AsyncByteStream:
    """The bytes of a body, for asynchronous code. Subclasses define `__aiter__`, and `aclose` if need be."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise NotImplementedError(f"{type(self).__name__} does not define '__aiter__'.")

    async def aclose(self) -> None:
        """Releases what the stream holds. Called once, whether or not the stream was read to its end."""


@public
class ByteStream(AsyncByteStream, SyncByteStream):
    """A body that is in memory. May be streamed any number of times."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._stream

    def _is_replayable(self) -> bool:
        return True


class IteratorByteStream(SyncByteStream):
    """A body that an iterable or a file yields.

    A file is streamed from where it stood when it was given, each time; a generator only once.
    """

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream: Any = stream
        self._is_stream_consumed = False
        # A generator cannot start again. Other iterables may, and say so by themselves if not.
        self._is_generator = _is_generator(stream)
        self._start = _position(stream)

    def __iter__(self) -> Iterator[bytes]:
        if self._is_stream_consumed and self._is_generator:
            raise StreamConsumed
        again, self._is_stream_consumed = self._is_stream_consumed, True
        if not hasattr(self._stream, "read"):
            yield from self._stream
            return
        if again and self._start is not None:
            self._stream.seek(self._start)
        while chunk := self._stream.read(CHUNK_SIZE):
            yield chunk

    def _is_replayable(self) -> bool:
        if hasattr(self._stream, "read"):
            return self._start is not None
        # An iterator goes on where it was left; what makes a new one each time can start again.
        return not hasattr(self._stream, "__next__")


class AsyncIteratorByteStream(AsyncByteStream):
    """A body that an asynchronous iterable, or a file with `aread`, yields."""

    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream: Any = stream
        self._is_stream_consumed = False
        self._is_generator = _is_generator(stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._is_stream_consumed and self._is_generator:
            raise StreamConsumed
        self._is_stream_consumed = True
        if hasattr(self._stream, "aread"):
            while chunk := await self._stream.aread(CHUNK_SIZE):
                yield chunk
            return
        parts = self._stream.__aiter__()
        try:
            async for part in parts:
                yield part
        finally:
            # Left to the garbage collector, a generator's `finally` would run in no task at all.
            if hasattr(parts, "aclose"):
                await parts.aclose()

    def _is_replayable(self) -> bool:
        return not hasattr(self._stream, "__anext__") and not hasattr(self._stream, "aread")


class UnattachedStream(AsyncByteStream, SyncByteStream):
    """The stream of a request or response that was pickled before its body was read."""

    def __iter__(self) -> Iterator[bytes]:
        raise StreamClosed

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise StreamClosed


def is_replayable(stream: object) -> bool:
    """Whether a body can be streamed again from its beginning. A stream of the user's own is not asked to."""
    asked = getattr(stream, "_is_replayable", None)
    return asked is not None and bool(asked())


def _is_generator(stream: object) -> bool:
    return hasattr(stream, "gi_frame") or hasattr(stream, "ag_frame")


def _position(file: Any) -> int | None:  # noqa: ANN401 - asked for what it can do
    """Where a seekable file stands."""
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
