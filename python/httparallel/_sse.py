"""Server-sent events: the events of a response, one by one. How a stream is parsed is in `_event_stream`."""

from __future__ import annotations

from ._config import DEFAULT_MAX_EVENT_SIZE
from ._exceptions import request_context
from ._json_codec import decoded
from ._native import EventStream
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from typing import Any, NoReturn, Self

    from ._response import Response
    from ._types import JSONCodecTypes


@public
class ServerSentEvent:
    """One event. Cannot be changed.

    - `event`: its type.
    - `data`: what it carries; several lines are joined by line feeds.
    - `id`: the last identifier that the stream has named, with this event or before it.
    - `retry`: after how many milliseconds to connect again, if the event says so.
    """

    __slots__ = ("_codec", "data", "event", "id", "retry")

    event: str
    data: str
    id: str
    retry: int | None
    # Missing where JSON is left to the standard library.
    _codec: JSONCodecTypes

    def __init__(
        self, event: str = "message", data: str = "", id: str = "", retry: int | None = None
    ) -> None:
        for name, value in (("event", event), ("data", data), ("id", id), ("retry", retry)):
            object.__setattr__(self, name, value)

    @classmethod
    def _coded(cls, codec: JSONCodecTypes, event: str, data: str, id: str, retry: int | None) -> Self:
        made = cls(event, data, id, retry)
        object.__setattr__(made, "_codec", codec)
        return made

    def json(self) -> Any:  # noqa: ANN401 - whatever the data is
        """The data, read as JSON: by the client's `json_codec`, if it has one."""
        return decoded(self.data, getattr(self, "_codec", None))

    def _values(self) -> tuple[str, str, str, int | None]:
        return self.event, self.data, self.id, self.retry

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ServerSentEvent):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._values()

    def __repr__(self) -> str:
        event, data, id, retry = self._values()
        return f"ServerSentEvent({event=}, {data=}, {id=}, {retry=})"


@public
class EventSource:
    """The events of a response; `client.sse(url)` gives one. Iterate over it, once.

    Iterating raises SSEError if the response is no event stream, or an event has more bytes than
    `max_event_size`. It ends with the stream: connecting again is left to the caller.
    """

    def __init__(self, response: Response, max_event_size: int | None = DEFAULT_MAX_EVENT_SIZE) -> None:
        self._response = response
        self._max_event_size = max_event_size
        self._iterations: list[AsyncGenerator[ServerSentEvent, None]] = []

    @property
    def response(self) -> Response:
        """The response that the events come from."""
        return self._response

    def __iter__(self) -> Iterator[ServerSentEvent]:
        from ._body import pipe
        from ._event_stream import event_stage

        with request_context(self._response.request):
            EventStream.check(self._response.headers)
            yield from pipe(
                self._response.iter_text(), event_stage(self._max_event_size, self._response._codec)
            )

    def __aiter__(self) -> AsyncIterator[ServerSentEvent]:
        iteration = self._aiterate()
        self._iterations.append(iteration)
        return iteration

    async def _aiterate(self) -> AsyncGenerator[ServerSentEvent, None]:
        from ._body import apipe
        from ._event_stream import event_stage

        with request_context(self._response.request):
            EventStream.check(self._response.headers)
            events = apipe(
                self._response.aiter_text(), event_stage(self._max_event_size, self._response._codec)
            )
            try:
                async for event in events:
                    yield event
            finally:
                await events.aclose()

    async def _leave(self) -> None:
        """Ends iterations that were broken off, which the garbage collector would end in no task at all."""
        for iteration in self._iterations:
            await iteration.aclose()
