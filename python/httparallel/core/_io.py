"""What flows of the low level ask for: reads and writes, waiting, tracing, pieces of a body.

The flows are generators as in `httparallel._flow`, driven by its `run` or `arun`::

    data = yield ReadStream(stream, 65536, timeout)

Each effect performs the same step in synchronous code (in any thread), on asyncio and on trio. A `yield` may
raise anything, a cancellation included; what has to happen even then goes through `Shielded`. When a flow
is abandoned (GeneratorExit), nobody performs effects any more.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from inspect import isasyncgen, iscoroutine, isgenerator
from typing import Any, TypeVar

from .._flow import Effect, arun, run
from ._waiting import AwaitEvent, Event, Lock, shield

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable

    from ._backends.base import AsyncNetworkBackend, AsyncNetworkStream, NetworkBackend, NetworkStream

    Stream = NetworkStream | AsyncNetworkStream
    Backend = NetworkBackend | AsyncNetworkBackend
__all__ = [
    "AwaitEvent",
    "Body",
    "CloseStream",
    "ConnectTCP",
    "ConnectUnix",
    "Deadline",
    "Effect",
    "Event",
    "Face",
    "Flow",
    "Lock",
    "ReadStream",
    "Shielded",
    "Sleep",
    "StartTLS",
    "WriteStream",
    "arun",
    "run",
]


T = TypeVar("T")
# A generator that yields effects and returns a T.
Flow = Generator[Effect, Any, T]


class Invoke(Effect):
    """Call a method whose async counterpart has the same name and arguments."""

    __slots__ = ("_arguments", "_keywords", "_method")

    def __init__(self, method: Callable[..., Any], *arguments: object, **keywords: object) -> None:
        self._method = method
        self._arguments = arguments
        self._keywords = keywords

    def run(self) -> Any:  # noqa: ANN401 - as the method has it
        return self._method(*self._arguments, **self._keywords)

    async def arun(self) -> Any:  # noqa: ANN401 - as the method has it
        return await self._method(*self._arguments, **self._keywords)


class ConnectTCP(Invoke):
    """Open a TCP connection. The result is its stream."""

    __slots__ = ()

    def __init__(self, backend: Backend, **arguments: object) -> None:
        super().__init__(backend.connect_tcp, **arguments)


class ConnectUnix(Invoke):
    """Open a connection to a Unix domain socket. The result is its stream."""

    __slots__ = ()

    def __init__(self, backend: Backend, **arguments: object) -> None:
        super().__init__(backend.connect_unix_socket, **arguments)


class Sleep(Invoke):
    """Do nothing for some seconds."""

    __slots__ = ()

    def __init__(self, backend: Backend, seconds: float) -> None:
        super().__init__(backend.sleep, seconds)


class ReadStream(Invoke):
    """Read what is there, or wait for the first of it. The result is b"" at the end."""

    __slots__ = ()

    def __init__(self, stream: Stream, max_bytes: int, timeout: float | None = None) -> None:
        super().__init__(stream.read, max_bytes, timeout=timeout)


class WriteStream(Invoke):
    """Write all of `data`."""

    __slots__ = ()

    def __init__(self, stream: Stream, data: bytes, timeout: float | None = None) -> None:
        super().__init__(stream.write, data, timeout=timeout)


class StartTLS(Invoke):
    """Turn a stream into one inside TLS. The result is that stream."""

    __slots__ = ()

    def __init__(self, stream: Stream, **arguments: object) -> None:
        super().__init__(stream.start_tls, **arguments)


class CloseStream(Effect):
    """Close a stream."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        self._stream: Any = stream

    def run(self) -> None:
        self._stream.close()

    async def arun(self) -> None:
        await self._stream.aclose()


class Shielded(Effect):
    """Perform a flow, or one effect, that cancellation from outside does not interrupt: cleaning up."""

    __slots__ = ("_flow",)

    def __init__(self, steps: Flow[T] | Effect) -> None:
        self._flow = single(steps) if isinstance(steps, Effect) else steps

    def run(self) -> Any:  # noqa: ANN401 - the flow's result
        return run(self._flow)

    async def arun(self) -> Any:  # noqa: ANN401 - the flow's result
        with shield():
            return await arun(self._flow)


def single(effect: Effect) -> Flow[Any]:
    """A flow that is one effect."""
    return (yield effect)


class Deadline:
    """A limit of time for several steps together. None is no limit."""

    __slots__ = ("_at",)

    def __init__(self, timeout: float | None) -> None:
        self._at = None if timeout is None else time.monotonic() + timeout

    def left(self) -> float | None:
        """The seconds that are left, at least 0."""
        return None if self._at is None else max(0.0, self._at - time.monotonic())

    def is_over(self) -> bool:
        return self._at is not None and time.monotonic() >= self._at


class Body:
    """A request's content, piece by piece::

        body = Body(request.stream)
        try:
            while (piece := (yield body.next())) is not None:
                ...
        finally:
            yield body.close()      # not on GeneratorExit

    A generator is closed even if it was not used up, in the task that has used it. Anything else, such as a
    file, stays its owner's to close.
    """

    __slots__ = ("_content", "_pieces")

    def __init__(self, content: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        self._content: Any = content
        self._pieces: Any = None

    def next(self) -> Effect:
        """The next piece; None at the end."""
        return _NextPiece(self)

    def close(self) -> Effect:
        """Lets go of the content."""
        return _ClosePieces(self)


class _NextPiece(Effect):
    __slots__ = ("_body",)

    def __init__(self, body: Body) -> None:
        self._body = body

    def run(self) -> bytes | None:
        body = self._body
        if body._pieces is None:
            if not hasattr(body._content, "__iter__"):
                raise RuntimeError("Synchronous code can only send content that is bytes or an iterable.")
            body._pieces = iter(body._content)
        return next(body._pieces, None)

    async def arun(self) -> bytes | None:
        body = self._body
        if body._pieces is None:
            if not hasattr(body._content, "__aiter__"):
                raise RuntimeError("Async code can only send content that is bytes or an async iterable.")
            body._pieces = body._content.__aiter__()
        try:
            piece: bytes = await body._pieces.__anext__()
        except StopAsyncIteration:
            return None
        return piece


class _ClosePieces(Effect):
    __slots__ = ("_body",)

    def __init__(self, body: Body) -> None:
        self._body = body

    def run(self) -> None:
        pieces, self._body._pieces = self._body._pieces, None
        if isgenerator(pieces):
            pieces.close()

    async def arun(self) -> None:
        pieces, self._body._pieces = self._body._pieces, None
        if isasyncgen(pieces):
            await pieces.aclose()


class CallTrace(Effect):
    """Call a request's `trace` extension: a function, in async code a coroutine function."""

    __slots__ = ("_callback", "_info", "_name")

    def __init__(
        self, callback: Callable[[str, dict[str, Any]], Any], name: str, info: dict[str, Any]
    ) -> None:
        self._callback = callback
        self._name = name
        self._info = info

    def run(self) -> None:
        result = self._callback(self._name, self._info)
        if iscoroutine(result):
            result.close()
            raise TypeError("The 'trace' extension of a synchronous request must be a plain function.")

    async def arun(self) -> None:
        result: Awaitable[object] | object = self._callback(self._name, self._info)
        if not iscoroutine(result):
            raise TypeError("The 'trace' extension of an async request must be an async function.")
        await result


class Face:
    """Which of the two kinds of program something serves."""

    __slots__ = ("is_async",)

    def __init__(self, is_async: bool) -> None:
        self.is_async = is_async

    def backend(self, chosen: Backend | None) -> Backend:
        """The backend to use: the chosen one, or the one for this kind of program."""
        if chosen is not None:
            return chosen
        if self.is_async:
            from ._backends.auto import AutoBackend

            return AutoBackend()
        from ._backends.sync import SyncBackend

        return SyncBackend()

    def __repr__(self) -> str:
        return "ASYNC" if self.is_async else "SYNC"


SYNC = Face(is_async=False)
ASYNC = Face(is_async=True)
