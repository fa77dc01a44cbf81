"""Files in async code: those whose methods are coroutines, and ordinary ones, which worker threads read.

Files of anyio, trio and aiofiles, and others with `async def read(size)`, are read as they are. An ordinary
file would hold up the event loop while its disk is slow, so only what is in memory or small is read in place.
"""

from __future__ import annotations

from ._exceptions import StreamConsumed
from ._streams import AsyncByteStream, IteratorByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any, Self

# What a thread reads at once: going there and back costs as much as copying this.
THREAD_CHUNK_SIZE = 262_144
# Files that are no larger are read in place.
SMALL = 65_536

# Where the files of anyio and trio, aiofiles, and Starlette keep the ordinary file that they stand for.
_INNER = ("wrapped", "_file", "file")
# Of code objects: `async def` functions, and generators that are awaited like them.
_COROUTINE_FLAGS = 0x80 | 0x100


def is_async_file(file: object) -> bool:
    """Whether a file's `read` is a coroutine function."""
    read = getattr(file, "read", None)
    code = getattr(getattr(read, "__func__", read), "__code__", None)
    return code is not None and bool(code.co_flags & _COROUTINE_FLAGS)


def ordinary_file(file: Any) -> Any:  # noqa: ANN401 - whatever it stands for
    """The ordinary file that an async one stands for, or itself if it is one. None if it does not tell."""
    if not is_async_file(file):
        return file
    for name in _INNER:
        inner = getattr(file, name, None)
        if hasattr(inner, "seek") and not is_async_file(inner):
            return inner
    return None


class AsyncFileStream(AsyncByteStream):
    """A body that a file yields, from where it stood when it was given, each time."""

    def __init__(self, file: object) -> None:
        from ._content import file_extent

        self._file = file
        extent = file_extent(ordinary_file(file))
        self._start = None if extent is None else extent[0]
        self._is_stream_consumed = False

    @classmethod
    def of(cls, stream: IteratorByteStream) -> AsyncFileStream:
        """The same body as that of synchronous code."""
        self = cls.__new__(cls)
        self._file, self._start = stream._stream, stream._start
        self._is_stream_consumed = stream._is_stream_consumed
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._is_stream_consumed:
            if self._start is None:
                raise StreamConsumed
            await _seek(self._file, self._start)
        self._is_stream_consumed = True
        async for chunk in Chunks(self._file):
            yield chunk

    def _is_replayable(self) -> bool:
        return self._start is not None


def for_async(stream: Any) -> Any:  # noqa: ANN401 - any kind of stream
    """The stream of a request as async code can read it: a file becomes one; the others stay as they are."""
    if type(stream) is IteratorByteStream and hasattr(stream._stream, "read"):
        return AsyncFileStream.of(stream)
    return stream


class Chunks:
    """What is left of a file, piece by piece.

    No generator: one that is left inside another one would end in no task at all.
    """

    def __init__(self, file: object) -> None:
        self._file: Any = file
        self._is_async = is_async_file(file)
        self._in_thread = None if self._is_async or not _is_slow(file) else _thread_runner()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        read = self._file.read
        if self._is_async:
            chunk = await read(THREAD_CHUNK_SIZE)
        elif self._in_thread is not None:
            chunk = await self._in_thread(read, THREAD_CHUNK_SIZE)
        else:
            chunk = read(SMALL)
        if not chunk:
            raise StopAsyncIteration
        return chunk.encode() if isinstance(chunk, str) else chunk


async def rewind(file: Any) -> None:  # noqa: ANN401 - asked for what it can do
    """Goes to the beginning of a file. What cannot be rewound stays where it stands."""
    from ._content import file_extent

    if file_extent(ordinary_file(file)) is not None:
        await _seek(file, 0)


async def _seek(file: Any, position: int) -> None:  # noqa: ANN401 - asked for what it can do
    if is_async_file(file):
        await file.seek(position)
    else:
        file.seek(position)


def _is_slow(file: object) -> bool:
    """Whether reading a file may take a while: it is not in memory, and not small."""
    import io

    from ._content import file_extent

    if isinstance(file, io.BytesIO):
        return False
    extent = file_extent(file)  # type: ignore[arg-type] # asked for what it can do
    return extent is None or extent[1] - extent[0] > SMALL


def _thread_runner() -> Any:  # noqa: ANN401 - a method of the backend
    """What runs a function in a worker thread; None where no event loop is known that has some."""
    from .concurrency import current_backend

    try:
        return current_backend().in_thread
    except RuntimeError:
        return None
