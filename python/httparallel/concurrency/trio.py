"""Waiting on trio. trio must be installed to import this.

One system task per run watches one file descriptor and reschedules the tasks whose requests have ended.
"""

from __future__ import annotations

import trio
from trio.lowlevel import Abort, RunVar, Task, current_task, reschedule

from .._native import Completions
from . import AsyncBackend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import Block, Operation, Upload

__all__ = ["TrioBackend"]

_completions: RunVar[Completions] = RunVar("httparallel.completions")


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
        task: Task
        for task in completions.take():
            reschedule(task)


class TrioBackend(AsyncBackend):
    """Asks for trio: `AsyncClient(backend=TrioBackend())`."""

    name = "trio"

    def is_running(self) -> bool:
        return trio.lowlevel.in_trio_run()

    async def wait(self, source: Operation | Block | Upload, body: bool = False) -> None:
        completions = _completions_of_run()
        token = completions.register(source, current_task(), body)
        if token is None:
            # trio's functions are checkpoints, always.
            await trio.lowlevel.checkpoint()
            return

        def abort(_: object) -> Abort:
            completions.forget(token)
            return Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)


BACKEND = TrioBackend()
