"""Waiting on trio. trio must be installed to import this.

One system task per run watches one file descriptor and reschedules the tasks whose requests have ended.
"""

from __future__ import annotations

import trio
from trio.lowlevel import Abort, RunVar, Task, current_task, reschedule

from .._lanes import register_all
from .._native import Completions
from . import AsyncBackend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._native import Block, Operation, Upload

__all__ = ["TrioBackend"]

_completions: RunVar[Completions] = RunVar("httparallel.completions")


class _Waiter:
    """A task that waits. It may be woken once."""

    __slots__ = ("_task",)

    def __init__(self, task: Task) -> None:
        self._task: Task | None = task

    def wake(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            reschedule(task)


def _completions_of_run() -> Completions:
    try:
        return _completions.get()
    except LookupError:
        completions = Completions()
        _completions.set(completions)
        trio.lowlevel.spawn_system_task(_watch, completions, name="httparallel")
        return completions


async def _watch(completions: Completions) -> None:
    while True:
        await trio.lowlevel.wait_readable(completions.fileno())
        waiter: _Waiter
        for waiter in completions.take():
            waiter.wake()


class TrioBackend(AsyncBackend):
    """Asks for trio: `AsyncClient(backend=TrioBackend())`."""

    name = "trio"
    has_checkpoints = True

    def is_running(self) -> bool:
        return trio.lowlevel.in_trio_run()

    async def checkpoint(self) -> None:
        await trio.lowlevel.checkpoint()

    async def wait(
        self,
        source: Operation | Block | Upload,
        body: bool = False,
        wakers: set[Callable[[], object]] | None = None,
    ) -> None:
        completions = _completions_of_run()
        waiter = _Waiter(current_task())
        token = completions.register(source, waiter, body)
        if token is None:
            # trio's functions are checkpoints, always.
            await trio.lowlevel.checkpoint()
            return

        def abort(_: object) -> Abort:
            completions.forget(token)
            return Abort.SUCCEEDED

        if wakers is None:
            await trio.lowlevel.wait_task_rescheduled(abort)
            return
        wakers.add(waiter.wake)
        try:
            await trio.lowlevel.wait_task_rescheduled(abort)
        finally:
            wakers.discard(waiter.wake)
            completions.forget(token)

    async def wait_for_any(self, blocks: list[Block], wakers: set[Callable[[], object]]) -> None:
        completions = _completions_of_run()
        waiter = _Waiter(current_task())
        tokens = register_all(completions, blocks, waiter)
        if tokens is None:
            await trio.lowlevel.checkpoint()
            return
        wakers.add(waiter.wake)
        try:
            await trio.lowlevel.wait_task_rescheduled(lambda _: Abort.SUCCEEDED)
        finally:
            wakers.discard(waiter.wake)
            for token in tokens:
                completions.forget(token)


BACKEND = TrioBackend()
