"""What has been received and is yet to be taken: a queue between a background flow and the program."""

from __future__ import annotations

import threading
from collections import deque
from copy import copy

from ..core._io import AwaitEvent, Deadline, Effect, Event, Flow
from ..core._waiting import current_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, TypeVar

    T = TypeVar("T")

    class _Base(Generic[T]): ...
else:

    class _Base:
        def __class_getitem__(cls, _: object) -> type:
            return cls


__all__ = ["Checkpoint", "Inbox", "again"]


class Checkpoint(Effect):
    """Let other tasks run, and cancellation happen, where every function is expected to do so: on trio."""

    __slots__ = ()

    def run(self) -> None:
        pass

    async def arun(self) -> None:
        if current_library() == "trio":
            import trio

            await trio.lowlevel.checkpoint()


class Inbox(_Base["T"]):
    """A queue of at most `size` items, 0 for any number, which ends at some point with an exception.

    Any number of threads and tasks may take items. Who is cancelled while it waits has taken none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._mutex = threading.RLock()
        # Set, and replaced by another one, whenever something has changed.
        self._change = Event()
        self.failure: Exception | None = None

    def put(self, item: T) -> Flow[None]:
        """Adds an item; waits for room if there is none. What comes after the end is dropped."""
        while True:
            with self._mutex:
                if self.failure is not None:
                    return
                if not self._is_full():
                    self._items.append(item)
                    self._changed()
                    return
                change = self._change
            yield AwaitEvent(change)

    def put_at_once(self, item: T) -> None:
        """Adds an item, whether there is room or not."""
        with self._mutex:
            if self.failure is None:
                self._items.append(item)
                self._changed()

    def take(self, timeout: float | None = None) -> Flow[T]:
        """The next item. After the last one, the exception that the queue has ended with."""
        deadline = Deadline(timeout)
        yield Checkpoint()
        while True:
            with self._mutex:
                if self._items:
                    was_full = self._is_full()
                    item = self._items.popleft()
                    if was_full:
                        self._changed()
                    return item
                if self.failure is not None:
                    raise again(self.failure)
                change = self._change
            if not (yield AwaitEvent(change, deadline.left())):
                raise TimeoutError(f"Nothing was received within {timeout} seconds.")

    def end(self, failure: Exception) -> Exception:
        """Ends the queue. Only the first end counts; it is the result."""
        with self._mutex:
            if self.failure is None:
                self.failure = failure
                self._changed()
            return self.failure

    def _is_full(self) -> bool:
        return 0 < self._size <= len(self._items)

    def _changed(self) -> None:
        change, self._change = self._change, Event()
        change.set()


def again(failure: Exception) -> Exception:
    """An exception to be raised once more, without the traceback that it has got by now."""
    copied = copy(failure)
    copied.__cause__ = failure.__cause__
    return copied
