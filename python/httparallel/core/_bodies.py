"""The content of a response, on its way from a connection to whoever asked for it.

A connection writes a `Body` for each response: how its next piece is got, and what happens when it is over.
`stream_of` makes the iterable of it that a program sees.
"""

from __future__ import annotations

from ._io import Body as Content
from ._io import Face, Flow, Invoke, Shielded, arun, run
from ._trace import Step, traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from logging import Logger
    from typing import Any

    from ._models import Request

__all__ = [
    "AsyncResponseStream",
    "Body",
    "ForeignBody",
    "ResponseStream",
    "TracedBody",
    "body_of",
    "stream_of",
    "whole",
]


class Body:
    """The content of one response."""

    # What else is to be done once it is closed: a pool's flow.
    afterwards: Callable[[], Flow[None]] | None = None
    _is_closed = False

    def next(self) -> Flow[bytes | None]:
        """The next piece; None at the end."""
        raise NotImplementedError

    def _finish(self) -> Flow[None]:
        """Lets go of what the response has used, whether it was read to its end or not."""
        raise NotImplementedError

    def close(self) -> Flow[None]:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            yield from self._finish()
        finally:
            if self.afterwards is not None:
                yield from self.afterwards()


class TracedBody(Body):
    """The content of a response of a connection, with the events of reading and closing it."""

    def __init__(self, logger: Logger, request: Request, arguments: dict[str, Any]) -> None:
        self._logger = logger
        self._request = request
        self._arguments = arguments
        self._reading = Step("receive_response_body", logger, request)
        self._has_begun = False

    def _receive(self) -> Flow[bytes | None]:
        """The next piece from the connection; None at the end."""
        raise NotImplementedError

    def _release(self) -> Flow[None]:
        """Lets go of the connection."""
        raise NotImplementedError

    def next(self) -> Flow[bytes | None]:
        if self._reading.is_silent:
            return (yield from self._receive_or_close())
        if not self._has_begun:
            self._has_begun = True
            yield from self._reading.started({"request": self._request, **self._arguments})
        piece = yield from self._receive_or_close()
        if piece is None:
            yield from self._reading.complete(None)
        return piece

    def _receive_or_close(self) -> Flow[bytes | None]:
        try:
            return (yield from self._receive())
        except GeneratorExit:
            raise
        except BaseException as error:
            yield Shielded(self._reading.failed(error))
            yield Shielded(self.close())
            raise

    def _finish(self) -> Flow[None]:
        if self._reading.is_silent:
            yield from self._release()
            return
        # A callback that waits is where a cancellation would hit.
        steps = traced("response_closed", self._logger, self._request, self._arguments, self._release())
        yield Shielded(steps)


class ForeignBody(Body):
    """The content of a response that something else than this package has made."""

    def __init__(self, stream: Any, face: Face) -> None:  # noqa: ANN401 - an iterable, in one of two ways
        self._stream = stream
        self._close_method = getattr(stream, "aclose" if face.is_async else "close", None)
        self._content = Content(stream)

    def next(self) -> Flow[bytes | None]:
        piece: bytes | None = yield self._content.next()
        return piece

    def _finish(self) -> Flow[None]:
        yield Shielded(self._content.close())
        if self._close_method is not None:
            yield Shielded(Invoke(self._close_method))


class ResponseStream:
    """A body as synchronous code iterates over it."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        body = self.body
        while (piece := run(body.next())) is not None:
            yield piece

    def close(self) -> None:
        run(self.body.close())


class AsyncResponseStream:
    """A body as async code iterates over it."""

    def __init__(self, body: Body) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = self.body
        while (piece := await arun(body.next())) is not None:
            yield piece

    async def aclose(self) -> None:
        await arun(self.body.close())


def whole(body: Body) -> Flow[bytes]:
    """All of the content; the body is closed after that."""
    pieces = []
    try:
        while (piece := (yield from body.next())) is not None:
            pieces.append(piece)
    except GeneratorExit:
        raise
    except BaseException:
        yield Shielded(body.close())
        raise
    yield from body.close()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def stream_of(body: Body, face: Face) -> ResponseStream | AsyncResponseStream:
    """What a response gives as its `stream`."""
    return AsyncResponseStream(body) if face.is_async else ResponseStream(body)


def body_of(stream: object, face: Face) -> Body:
    """The body behind a response's `stream`."""
    if isinstance(stream, (ResponseStream, AsyncResponseStream)):
        return stream.body
    return ForeignBody(stream, face)
