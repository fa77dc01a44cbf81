"""Who reads and who writes an HTTP/2 connection that many threads or tasks use at once.

Nobody does so in the background. Whoever waits for news of its own request reads, for all; the others sleep,
until there is news of theirs, or the reader has what it wanted and hands over::

    waits ──nobody reads──► reads ──news of its own──► wakes a sleeper, goes on
      └──somebody reads──► sleeps ──woken──► looks again

Each has its own limit of time for its news, whether it reads or sleeps.
"""

from __future__ import annotations

import sys

from .._native import Http2Connection
from ._exceptions import ReadTimeout, RemoteProtocolError, WriteError, WriteTimeout, engine_errors
from ._http2_sleepers import Sleepers
from ._io import AwaitEvent, Deadline, Effect, Event, Flow, Lock, ReadStream, WriteStream
from ._waiting import Guard, current_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._io import Stream

__all__ = ["Wire"]

READ_SIZE = 64 * 1024
NOTHING_IN_TIME = "The server has sent nothing for this request in time."


class LastChance(Effect):
    """Be cancelled now, if that is to be, rather than in the middle of what comes next."""

    __slots__ = ()

    def run(self) -> None:
        """Threads are not cancelled."""

    async def arun(self) -> None:
        if current_library() == "trio":
            import trio

            await trio.lowlevel.checkpoint_if_cancelled()
        elif "anyio" in sys.modules:
            from anyio.lowlevel import checkpoint_if_cancelled

            await checkpoint_if_cancelled()


class Wire:
    """The stream, the engine's state machine, and the two roles."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.engine = Http2Connection()
        # Guards the engine and the sleepers; never held over a wait.
        self.mutex = Guard()
        # What has made the connection useless.
        self.failure: Exception | None = None
        # Whether that was a cancellation in the middle of a write: how much was written nobody knows.
        self.is_torn = False
        # Whether it can still be read: what the server said before it closed may answer a request, or say
        # that it was not processed.
        self._reads_on = False
        # How often something was received.
        self.receipts = 0
        self._writing = Lock()
        self._is_reading = False
        self._sleepers = Sleepers()

    def flush(self, timeout: float | None) -> Flow[None]:
        """Writes what the engine wants written."""
        if not (yield from self._writing.acquire(timeout)):
            raise WriteTimeout("The server takes no more data.")
        try:
            # Until there is no more: whoever could not wait for its turn has left its frames to this one.
            while True:
                yield LastChance()
                if not (data := self._outgoing()):
                    break
                yield from self._write(data, timeout)
        finally:
            self._writing.release()

    def acknowledge(self, write_timeout: float | None, deadline: Deadline) -> Flow[None]:
        """Writes what there is to say about what was received, for somebody who waits until `deadline`."""
        limits = [limit for limit in (write_timeout, deadline.left()) if limit is not None]
        try:
            yield from self.flush(min(limits, default=None))
        except WriteError:
            # What was received counts even if the server does not hear that it was.
            pass
        except WriteTimeout as error:
            # A server that says much and listens to nothing has nothing for this request, either.
            if deadline.is_over():
                raise ReadTimeout(NOTHING_IN_TIME) from error
            raise

    def _outgoing(self) -> bytes:
        with self.mutex:
            return self.engine.outgoing()

    def _write(self, data: bytes, timeout: float | None) -> Flow[None]:
        try:
            yield WriteStream(self.stream, data, timeout)
        except GeneratorExit:
            raise
        # Some of it may have been written: what the server has got is a frame without its end.
        except Exception as error:
            self.fail(error, reads_on=isinstance(error, WriteError))
            raise
        except BaseException:
            self.is_torn = True
            self.fail(WriteError("A request was cancelled in the middle of a frame."))
            raise

    def wait(self, stream: int, has_news: Callable[[], bool], deadline: Deadline) -> Flow[bool]:
        """Waits until a stream `has_news`, which is asked with the mutex held. The result is False; or True
        as soon as the caller has read something, for which it is to do what has to be done after that.

        ReadTimeout at the deadline, however much there is to read that is for others, or for nobody.
        """
        while True:
            with self.mutex:
                if has_news():
                    self._hand_over()
                    return False
                if self.failure is not None and not self._reads_on:
                    raise type(self.failure)(*self.failure.args) from self.failure
                if deadline.is_over():
                    self._hand_over()
                    raise ReadTimeout(NOTHING_IN_TIME)
                sleeper = Event() if self._is_reading else None
                if sleeper is not None:
                    self._sleepers.add(sleeper, stream, has_news)
                self._is_reading = True
            if sleeper is None:
                yield from self._read(deadline)
                return True
            yield from self._sleep(sleeper, deadline)

    def _sleep(self, sleeper: Event, deadline: Deadline) -> Flow[None]:
        try:
            if not (yield AwaitEvent(sleeper, deadline.left())):
                raise ReadTimeout(NOTHING_IN_TIME)
        except BaseException:
            with self.mutex:
                # Woken in this very moment, it may have been the one to read.
                if not self._sleepers.remove(sleeper):
                    self._hand_over()
            raise

    def _read(self, deadline: Deadline) -> Flow[None]:
        """Reads once, for all."""
        failure: Exception | None = None
        try:
            data = yield ReadStream(self.stream, READ_SIZE, deadline.left())
            failure = self._receive(data)
        except ReadTimeout:
            # It is only this request that nothing has come for.
            raise
        except Exception as error:
            failure = error
        finally:
            with self.mutex:
                self._is_reading = False
                self.failure = self.failure or failure
                self._reads_on = self._reads_on and failure is None
                self._wake()
                self._hand_over()

    def _receive(self, data: bytes) -> Exception | None:
        self.receipts += bool(data)
        try:
            with self.mutex, engine_errors():
                self.engine.receive(data)
        except RemoteProtocolError as error:
            return error
        return None if data else RemoteProtocolError("Server disconnected")

    def fail(self, error: Exception, reads_on: bool = False) -> None:
        """Ends the connection for all who use it."""
        with self.mutex:
            if self.failure is None:
                self.failure = error
                self._reads_on = reads_on
            self._wake()

    def wake(self) -> None:
        """Wakes those who sleep no longer for good reason."""
        with self.mutex:
            self._wake()

    def _wake(self) -> None:
        if self.failure is None:
            self._sleepers.wake(self.engine.news())
        else:
            self._sleepers.wake_all()

    def _hand_over(self) -> None:
        """Has one of the sleepers read, if nobody does."""
        if not self._is_reading:
            self._sleepers.wake_first()
