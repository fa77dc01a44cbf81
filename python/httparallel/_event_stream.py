"""Event streams as a stage: text in, events out. How a stream is parsed is decided in the engine."""

from __future__ import annotations

from functools import partial

from ._native import EventStream
from ._sse import ServerSentEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._text import Stage
    from ._types import JSONCodecTypes


def event_stage(
    max_event_size: int | None = None, codec: JSONCodecTypes | None = None
) -> Stage[str, ServerSentEvent]:
    """A stage that makes events of text, which read JSON with the codec. An event that the end of the stream
    cuts off is dropped."""
    feed = EventStream(max_event_size).feed
    made = ServerSentEvent if codec is None else partial(ServerSentEvent._coded, codec)

    def stage(text: str | None) -> list[ServerSentEvent]:
        # At the end, one that was too large may be left to be told.
        return [made(*event) for event in feed(text or "")]

    return stage
