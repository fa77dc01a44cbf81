"""When to ping, and when to give up because nothing comes back. No I/O, and no clock: `now` is an argument.

::

    waits until a ping is due ──► waits for the pong ──► overdue
             └──────── pong ─────────────┘
"""

from __future__ import annotations

__all__ = ["Keepalive"]


class Keepalive:
    """Pings every `interval` seconds, and allows `timeout` seconds of silence after each; None for neither.

    Whatever comes is a sign of life, not only the pong: that may have to wait behind a long message.
    """

    def __init__(self, interval: float | None, timeout: float | None) -> None:
        self._interval = interval
        self.timeout = None if interval is None else timeout
        self._next_ping: float | None = None
        self._deadline: float | None = None

    def start(self, now: float) -> None:
        self._next_ping = None if self._interval is None else now + self._interval

    def is_due(self, now: float) -> bool:
        """Whether it is time for a ping."""
        return self._next_ping is not None and now >= self._next_ping

    def is_overdue(self, now: float) -> bool:
        """Whether nothing has come for too long after a ping."""
        return self._deadline is not None and now >= self._deadline

    def left(self, now: float) -> float | None:
        """The seconds until one of the two, at least 0; None for never."""
        moments = [at for at in (self._next_ping, self._deadline) if at is not None]
        return max(0.0, min(moments) - now) if moments else None

    def pinged(self, now: float) -> None:
        """A ping was sent. The next one waits for this one's pong, if that is waited for at all."""
        if self.timeout is None:
            self.start(now)
        else:
            self._next_ping, self._deadline = None, now + self.timeout

    def heard(self, now: float) -> None:
        """Something came, or nothing could come because nobody listened."""
        if self._deadline is not None and self.timeout is not None:
            self._deadline = now + self.timeout

    def answered(self, now: float) -> None:
        """A pong came."""
        if self._deadline is not None:
            self._deadline = None
            self.start(now)
