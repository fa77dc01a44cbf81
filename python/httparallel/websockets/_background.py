"""Runs a flow beside the program, until it ends or is stopped: in a thread, or in a task of the event loop.

On trio it is a system task and not one of a nursery. Its life is bounded by a session's block all the same;
but a nursery would wrap every exception of that block in a group, and would tie the block to one task, where
test fixtures enter and leave in different ones.
"""

from __future__ import annotations

import threading
from contextvars import copy_context

from ..core._io import AwaitEvent, Effect, Event, Flow, arun, run
from ..core._waiting import current_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine
    from typing import Any

__all__ = ["Background", "StartFlow", "start_task"]

# In seconds. What it waits for has been closed, so it only takes longer where a stream of somebody else's
# making does not notice.
STOP_LIMIT = 1.0


class Background:
    """Something that runs."""

    def __init__(self, cancel: Callable[[], object]) -> None:
        self._cancel = cancel
        self.over = Event()
        # What it has failed with, if that was not its end as planned.
        self.failure: Exception | None = None

    def stop(self) -> Flow[None]:
        """Ends it, and waits until it has ended."""
        self._cancel()
        yield AwaitEvent(self.over, STOP_LIMIT)


class StartFlow(Effect):
    """Start a flow. The result is the Background."""

    __slots__ = ("_flow",)

    def __init__(self, flow: Flow[None]) -> None:
        self._flow = flow

    def run(self) -> Background:
        # A thread ends by itself when its stream is closed.
        background = Background(lambda: None)

        def target() -> None:
            try:
                run(self._flow)
            except Exception as error:
                background.failure = error
            finally:
                background.over.set()

        # Whoever forgets a session must not keep the interpreter from ending.
        threading.Thread(target=target, name="httparallel-websocket", daemon=True).start()
        return background

    async def arun(self) -> Background:
        return start_task(arun(self._flow))


def start_task(coroutine: Coroutine[Any, Any, None]) -> Background:
    """Starts a coroutine on the caller's event loop."""
    return _on_trio(coroutine) if current_library() == "trio" else _on_asyncio(coroutine)


def _on_asyncio(coroutine: Coroutine[Any, Any, None]) -> Background:
    import asyncio

    task = asyncio.get_running_loop().create_task(coroutine)
    background = Background(task.cancel)

    def done(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            error = task.exception()
            background.failure = error if isinstance(error, Exception) else None
        background.over.set()

    task.add_done_callback(done)
    return background


def _on_trio(coroutine: Coroutine[Any, Any, None]) -> Background:
    import trio

    scope = trio.CancelScope()
    background = Background(scope.cancel)

    async def main() -> None:
        try:
            with scope:
                await coroutine
        except Exception as error:
            background.failure = error
        finally:
            # If it was cancelled before it began.
            coroutine.close()
            background.over.set()

    trio.lowlevel.spawn_system_task(main, name="httparallel.websocket", context=copy_context())
    return background
