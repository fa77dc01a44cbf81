"""The pings that a program has sent, and its waiting for their pongs."""

from __future__ import annotations

from ..core._io import AwaitEvent, Event, Flow, arun, run
from ._inbox import again

__all__ = ["AsyncPong", "Pings", "Pong"]


class _Pong:
    """What both kinds share."""

    def __init__(self) -> None:
        self._event = Event()
        self._failure: Exception | None = None

    def is_set(self) -> bool:
        """Whether the pong is there."""
        return self._event.is_set and self._failure is None

    def _settle(self, failure: Exception | None = None) -> None:
        self._failure = failure
        self._event.set()

    def _wait(self, timeout: float | None = None) -> Flow[bool]:
        is_settled: bool = yield AwaitEvent(self._event, timeout)
        if self._failure is not None:
            raise again(self._failure)
        return is_settled


class Pong(_Pong):
    """The pong that a ping is answered with, once it comes; a ping of a `WebSocketSession` gives one."""

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for it. The result is whether it is there: False when `timeout` seconds are over.

        If the WebSocket ends before that: WebSocketDisconnect or WebSocketNetworkError.
        """
        return run(self._wait(timeout))


class AsyncPong(_Pong):
    """The same for an `AsyncWebSocketSession`."""

    async def wait(self) -> bool:
        """Waits for it. If the WebSocket ends before: WebSocketDisconnect or WebSocketNetworkError."""
        return await arun(self._wait())


class Pings:
    """The pings that are not answered yet, in the order in which they were sent."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[_Pong]] = {}

    def expect(self, payload: bytes, pong: _Pong) -> None:
        self._waiting.setdefault(payload, []).append(pong)

    def forget(self, payload: bytes, pong: _Pong) -> None:
        """The ping was not sent."""
        pongs = self._waiting.get(payload, [])
        if pong in pongs:
            pongs.remove(pong)

    def answered(self, payload: bytes) -> None:
        """A pong came. One that answers no ping is nobody's."""
        if payload not in self._waiting:
            return
        # RFC 6455, section 5.5.3: whoever got several pings may "send a Pong frame for only the most recently
        # processed Ping frame".
        for sent in list(self._waiting):
            for pong in self._waiting.pop(sent, ()):
                pong._settle()
            if sent == payload:
                return

    def fail(self, failure: Exception) -> None:
        """No pong will come any more."""
        waiting, self._waiting = self._waiting, {}
        for pongs in waiting.values():
            for pong in pongs:
                pong._settle(failure)
