"""Waiting on trio. trio must be installed to import this.

One system task per run watches one file descriptor and reschedules the tasks whose requests have ended.
"""

from __future__ import annotations

import trio
from trio.lowlevel import (
    Abort,
    RunVar,
    Task,
    checkpoint,
    current_task,
    in_trio_run,
    reschedule,
    wait_task_rescheduled,
)

from .._lanes import register_all
from .._native import Completions
from . import AsyncBackend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .._native import Block, Operation, Turn, Upload

    T = TypeVar("T")

__all__ = ["TrioBackend"]

_completions: RunVar[Completions] = RunVar("httparallel.completions")


class _Waiter:
    """A task that waits, for several things perhaps. It may be woken once."""

    __slots__ = ("_task",)

    def __init__(self, task: Task) -> None:
        self._task: Task | None = task

    def wake(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            reschedule(task)

    def give_up(self, _: object) -> Abort:
        # Whoever wakes it before it runs again would wake it twice.
        self._task = None
        return Abort.SUCCEEDED


class _Registration:
    """What a task that waits for one thing leaves again when it is cancelled."""

    __slots__ = ("_completions", "_token")

    def __init__(self, completions: Completions, token: int) -> None:
        self._completions = completions
        self._token = token

    def abort(self, _: object) -> Abort:
        self._completions.forget(self._token)
        return Abort.SUCCEEDED


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
        waiter: Task | _Waiter
        for waiter in completions.take():
            if isinstance(waiter, _Waiter):
                waiter.wake()
            else:
                reschedule(waiter)


class TrioBackend(AsyncBackend):
    """Asks for trio: `AsyncClient(backend=TrioBackend())`."""

    name = "trio"
    has_checkpoints = True

    def is_running(self) -> bool:
        return in_trio_run()

    async def checkpoint(self) -> None:
        await checkpoint()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)

    async def wait(
        self,
        source: Operation | Block | Upload | Turn,
        body: bool = False,
        wakers: set[Callable[[], object]] | None = None,
        timeout: float | None = None,
    ) -> None:
        completions = _completions_of_run()
        if wakers is None:
            # Most requests wait for one thing only: nobody but the watcher wakes their task.
            token = completions.register(source, current_task(), body)
            if token is None:
                # trio's functions are checkpoints, always.
                await checkpoint()
            else:
                await wait_task_rescheduled(_Registration(completions, token).abort)
            return
        waiter = _Waiter(current_task())
        token = completions.register(source, waiter, body)
        if token is None:
            await checkpoint()
            return
        await _wait_for_any(waiter, completions, [token], wakers, timeout)

    async def wait_for_any(
        self, blocks: list[Block], wakers: set[Callable[[], object]], timeout: float | None = None
    ) -> None:
        completions = _completions_of_run()
        waiter = _Waiter(current_task())
        tokens = register_all(completions, blocks, waiter)
        if tokens is None:
            await checkpoint()
            return
        await _wait_for_any(waiter, completions, tokens, wakers, timeout)

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        # Not given up when the task is cancelled: the function may use what the task closes then.
        return await trio.to_thread.run_sync(function, *arguments)


async def _wait_for_any(
    waiter: _Waiter,
    completions: Completions,
    tokens: list[int],
    wakers: set[Callable[[], object]],
    timeout: float | None,
) -> None:
    wakers.add(waiter.wake)
    try:
        if timeout is None:
            await wait_task_rescheduled(waiter.give_up)
        else:
            with trio.move_on_after(timeout):
                await wait_task_rescheduled(waiter.give_up)
    finally:
        wakers.discard(waiter.wake)
        for token in tokens:
            completions.forget(token)


BACKEND = TrioBackend()
