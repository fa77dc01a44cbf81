"""Who waits on an HTTP/2 connection for what others read, and whom to wake.

Most of what is read concerns one stream, so that its sleepers are found by its number: what comes for one
request costs the others nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._io import Event

__all__ = ["NO_STREAM", "Sleepers"]

# For whoever waits for anything at all: no request's stream has this number.
NO_STREAM = 0


class Sleepers:
    """Not for several threads at once."""

    def __init__(self) -> None:
        # Each with its stream and the question whether it may wake; who has slept longest first.
        self._all: dict[Event, tuple[int, Callable[[], bool]]] = {}
        self._of_stream: dict[int, dict[Event, None]] = {}

    def add(self, sleeper: Event, stream: int, may_wake: Callable[[], bool]) -> None:
        self._all[sleeper] = stream, may_wake
        self._of_stream.setdefault(stream, {})[sleeper] = None

    def remove(self, sleeper: Event) -> bool:
        """False if it was woken before."""
        if sleeper not in self._all:
            return False
        stream, _ = self._all.pop(sleeper)
        of_stream = self._of_stream[stream]
        del of_stream[sleeper]
        if not of_stream:
            del self._of_stream[stream]
        return True

    def wake(self, streams: Iterable[int]) -> None:
        """Wakes those of these streams, and those of none, that may."""
        for stream in (NO_STREAM, *streams):
            for sleeper in list(self._of_stream.get(stream, ())):
                _, may_wake = self._all[sleeper]
                if may_wake():
                    self._wake(sleeper)

    def wake_all(self) -> None:
        for sleeper in list(self._all):
            self._wake(sleeper)

    def wake_first(self) -> None:
        """Wakes who has slept longest, if anybody sleeps."""
        if self._all:
            self._wake(next(iter(self._all)))

    def _wake(self, sleeper: Event) -> None:
        if self.remove(sleeper):
            sleeper.set()
