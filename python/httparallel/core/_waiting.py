"""Waiting for something that another thread or task of the program does: events and locks.

They serve threads, asyncio and trio alike, and one object may serve several event loops at once: whoever sets
an event wakes each waiter in the way of the waiter's own library.

The garbage collector may run anywhere, and what it ends, such as a forgotten response, may set events and
release locks: in a thread that is in the middle of these very methods. So the mutexes can be taken twice by
one thread, and the steps below are in an order in which that does no harm.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from contextlib import nullcontext, suppress

from .._flow import Effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from .._flow import Flow

__all__ = ["AwaitEvent", "Event", "Guard", "Lock", "current_library", "shield"]


def current_library() -> str:
    """ "asyncio" or "trio": what the caller runs on. RuntimeError outside of both."""
    if _running_loop() is not None:
        return "asyncio"
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return "trio"
    raise RuntimeError(
        "Async connections must be used from within asyncio or trio; no event loop is running."
    )


def _running_loop() -> AbstractEventLoop | None:
    asyncio = sys.modules.get("asyncio")
    return None if asyncio is None else asyncio._get_running_loop()


def shield() -> AbstractContextManager[Any]:
    """A block in which the caller's task is not interrupted by the cancellation of a scope around it.

    Plain asyncio needs no such thing: it interrupts a task once, not at every wait that follows.
    """
    if current_library() == "trio":
        import trio

        return trio.CancelScope(shield=True)
    # Anyio's scopes interrupt every wait, on asyncio too. Whoever has not imported it has none of them.
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)


class Guard:
    """A mutex for books that the garbage collector may want to change in the middle of a change to them.

    What a forgotten response does when it is collected cannot be done there and then, and must not wait for
    the thread that it has interrupted. So it asks, and leaves the work to the end of that block::

        if guard.is_mine:
            guard.postpone(work)
        else:
            with guard:
                work()
    """

    __slots__ = ("_lock", "_owner", "_postponed")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner: int | None = None
        self._postponed: deque[Callable[[], object]] = deque()

    @property
    def is_mine(self) -> bool:
        """Whether the calling thread is inside of the block."""
        return self._owner == threading.get_ident()

    def postpone(self, work: Callable[[], object]) -> None:
        self._postponed.append(work)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        # Until the owner is gone, more may be postponed at any moment.
        while self._owner is not None or self._postponed:
            self._owner = threading.get_ident()
            while self._postponed:
                self._postponed.popleft()()
            self._owner = None
        self._lock.release()


class Event:
    """Something that happens once. Any thread and any task may set it, and any number may wait for it."""

    __slots__ = ("_is_set", "_mutex", "_wakers")

    def __init__(self) -> None:
        self._is_set = False
        self._mutex = threading.RLock()
        self._wakers: dict[object, Callable[[], object]] = {}

    @property
    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        with self._mutex:
            self._is_set = True
            wakers, self._wakers = self._wakers, {}
        for wake in wakers.values():
            wake()

    def _enrol(self, waiter: object, wake: Callable[[], object]) -> bool:
        """Has `wake` called, once, when the event is set. False if it is set already."""
        with self._mutex:
            self._wakers[waiter] = wake
            if self._is_set:
                self._wakers.pop(waiter, None)
                return False
            return True

    def _dismiss(self, waiter: object) -> None:
        with self._mutex:
            self._wakers.pop(waiter, None)


class AwaitEvent(Effect):
    """Wait until an event is set. The result is whether it is: False when the time is up."""

    __slots__ = ("_event", "_timeout")

    def __init__(self, event: Event, timeout: float | None = None) -> None:
        self._event = event
        self._timeout = None if timeout == float("inf") else timeout

    def run(self) -> bool:
        signal = threading.Lock()
        signal.acquire()
        if not self._event._enrol(signal, signal.release):
            return True
        try:
            return signal.acquire(timeout=-1 if self._timeout is None else self._timeout)
        finally:
            self._event._dismiss(signal)

    async def arun(self) -> bool:
        if current_library() == "trio":
            return await self._on_trio()
        return await self._on_asyncio()

    async def _on_asyncio(self) -> bool:
        import asyncio

        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()

        def settle(outcome: bool) -> None:
            if not future.done():
                future.set_result(outcome)

        def wake() -> None:
            if _running_loop() is loop:
                settle(True)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(settle, True)

        if not self._event._enrol(future, wake):
            return True
        timer = None if self._timeout is None else loop.call_later(self._timeout, settle, False)
        try:
            return await future
        finally:
            if timer is not None:
                timer.cancel()
            self._event._dismiss(future)

    async def _on_trio(self) -> bool:
        import trio

        token = trio.lowlevel.current_trio_token()
        signal = trio.Event()

        def wake() -> None:
            if trio.lowlevel.in_trio_run() and trio.lowlevel.current_trio_token() is token:
                signal.set()
                return
            # A run that is over has nobody left to be woken.
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(signal.set)

        if not self._event._enrol(signal, wake):
            await trio.lowlevel.checkpoint()
            return True
        try:
            with trio.move_on_after(float("inf") if self._timeout is None else self._timeout):
                await signal.wait()
            return signal.is_set()
        finally:
            self._event._dismiss(signal)


class Lock:
    """A lock that a flow may hold over its waits. Who has waited longest gets it next.

    ::

        if not (yield from lock.acquire(timeout)):
            raise WriteTimeout(...)
        try:
            ...
        finally:
            lock.release()
    """

    __slots__ = ("_is_held", "_mutex", "_thread", "_waiting")

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._is_held = False
        # That of the holder, once it has noticed that it is.
        self._thread: int | None = None
        self._waiting: deque[Event] = deque()

    def acquire(self, timeout: float | None = None) -> Flow[bool]:
        """Waits for the lock. The result is whether it was got: False when the time is up.

        It is False at once in a thread that holds the lock already: it is a forgotten response, collected in
        the middle of something, that wants the lock there.
        """
        turn = Event()
        with self._mutex:
            if not self._is_held:
                self._is_held = True
                self._thread = threading.get_ident()
                return True
            self._waiting.append(turn)
        try:
            got: bool = yield _AwaitTurn(turn, timeout, self)
        except BaseException:
            self._give_up(turn)
            raise
        if got:
            self._thread = threading.get_ident()
        else:
            self._give_up(turn)
        return got

    def release(self) -> None:
        with self._mutex:
            self._thread = None
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_held = False

    def _give_up(self, turn: Event) -> None:
        """Leaves the queue. If the lock was handed over in this very moment, it goes to the next."""
        with self._mutex:
            if turn.is_set:
                self.release()
            else:
                self._waiting.remove(turn)

    def _is_held_by_this_thread(self) -> bool:
        return self._thread == threading.get_ident()


class _AwaitTurn(AwaitEvent):
    """Wait for a lock. Tasks may wait for others of their thread; a thread waits for itself in vain."""

    __slots__ = ("_lock",)

    def __init__(self, turn: Event, timeout: float | None, lock: Lock) -> None:
        super().__init__(turn, timeout)
        self._lock = lock

    def run(self) -> bool:
        return not self._lock._is_held_by_this_thread() and super().run()
