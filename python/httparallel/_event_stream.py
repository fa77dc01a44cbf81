"""Parses event streams (WHATWG HTML, section 9.2.6). Knows no response and does no I/O."""

from __future__ import annotations

import re

from ._exceptions import SSEError
from ._sse import ServerSentEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._text import Stage

_LINE_END = re.compile("\r\n|\r|\n")


def event_stage(max_event_size: int | None = None) -> Stage[str, ServerSentEvent]:
    """A stage that makes events of text. An event that the end of the stream cuts off is dropped."""
    lines, events = _Lines(), _Events(max_event_size)

    def stage(text: str | None) -> list[ServerSentEvent]:
        if text is None:
            return []
        found = [event for line in lines.feed(text) if (event := events.feed(line)) is not None]
        events.check(lines.unfinished)
        return found

    return stage


class _Lines:
    """Cuts text into lines, wherever its pieces are cut."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._is_first = True
        self._ended_with_cr = False
        # How many bytes the line has so far that is not ended yet.
        self.unfinished = 0

    def feed(self, text: str) -> list[str]:
        if not text:
            return []
        if self._is_first:
            self._is_first = False
            text = text.removeprefix("\ufeff")
        # The line ended with the carriage return already: nobody shall wait for the line feed.
        if self._ended_with_cr:
            text = text.removeprefix("\n")
        self._ended_with_cr = text.endswith("\r")
        ended = _LINE_END.split(text)
        rest = ended.pop()
        if ended:
            ended[0] = "".join((*self._parts, ended[0]))
            self._parts, self.unfinished = [], 0
        if rest:
            self._parts.append(rest)
            self.unfinished += len(rest.encode())
        return ended


class _Events:
    """Gathers the fields of an event until a blank line ends it."""

    def __init__(self, max_size: int | None) -> None:
        self._max_size = max_size
        self._last_id = ""
        self._clear()

    def _clear(self) -> None:
        self._size = 0
        self._type = ""
        self._data: list[str] = []
        self._retry: int | None = None
        self._has_fields = False

    def feed(self, line: str) -> ServerSentEvent | None:
        """Takes the next line; the event, if it ends one."""
        if not line:
            return self._end()
        if not line.startswith(":"):
            self._size += len(line.encode())
            self.check(0)
            name, _, value = line.partition(":")
            self._take(name, value.removeprefix(" "))
        return None

    def check(self, unfinished: int) -> None:
        """Raises SSEError if the event, with the line that is not ended yet, is too large."""
        if self._max_size is not None and self._size + unfinished > self._max_size:
            raise SSEError(f"A server-sent event is larger than {self._max_size} bytes.")

    def _take(self, name: str, value: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value)
        else:
            return
        self._has_fields = True

    def _end(self) -> ServerSentEvent | None:
        event = None
        if self._has_fields:
            event = ServerSentEvent(
                self._type or "message", "\n".join(self._data), self._last_id, self._retry
            )
        self._clear()
        return event
