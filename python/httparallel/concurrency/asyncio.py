"""Waiting on asyncio, and on loops that do as it does, such as uvloop.

Each loop watches one file descriptor. However many requests end between two turns of the loop, they cost
one wake-up.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, _get_running_loop, get_running_loop, sleep
from weakref import WeakKeyDictionary, ref

from .._lanes import register_all
from .._native import Completions
from . import AsyncBackend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from .._native import Block, Operation, Turn, Upload

    T = TypeVar("T")

__all__ = ["AsyncioBackend"]


class _OnLoop:
    """What waits for operations on one loop, which it does not keep alive."""

    __slots__ = ("completions", "loop")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = ref(loop)
        self.completions = Completions()
        loop.add_reader(self.completions.fileno(), self.completions.resolve)

    def until_ready(self, operation: Operation) -> Future[None] | None:
        # Not in a coroutine: with many requests in flight each one is felt.
        loop = self.loop()
        assert loop is not None, "it runs"
        future = loop.create_future()
        is_ready = self.completions.register(operation, future) is None
        return None if is_ready else future


_loops: WeakKeyDictionary[AbstractEventLoop, _OnLoop] = WeakKeyDictionary()

# What was asked for last: nearly always what is asked for next.
_latest: _OnLoop | None = None


def _on_loop(loop: AbstractEventLoop) -> _OnLoop:
    global _latest
    on_loop = _loops.get(loop)
    if on_loop is None:
        on_loop = _loops[loop] = _OnLoop(loop)
    _latest = on_loop
    return on_loop


def on_running_loop() -> _OnLoop | None:
    """What waits on the loop that runs. None if none does."""
    loop = _get_running_loop()
    if loop is None:
        return None
    latest = _latest
    return latest if latest is not None and latest.loop() is loop else _on_loop(loop)


class AsyncioBackend(AsyncBackend):
    """Asks for asyncio: `AsyncClient(backend=AsyncioBackend())`."""

    name = "asyncio"

    def is_running(self) -> bool:
        try:
            get_running_loop()
        except RuntimeError:
            return False
        return True

    async def sleep(self, seconds: float) -> None:
        await sleep(seconds)

    def until_ready(self, operation: Operation) -> Future[None] | None:
        return _on_loop(get_running_loop()).until_ready(operation)

    async def wait(
        self,
        source: Operation | Block | Upload | Turn,
        body: bool = False,
        wakers: set[Callable[[], object]] | None = None,
        timeout: float | None = None,
    ) -> None:
        loop = get_running_loop()
        completions = _on_loop(loop).completions
        future = loop.create_future()
        token = completions.register(source, future, body)
        if token is None:
            return
        if wakers is not None:
            await _wait_for_any(future, completions, [token], wakers, timeout)
            return
        try:
            await future
        except BaseException:
            completions.forget(token)
            raise

    async def wait_for_any(
        self, blocks: list[Block], wakers: set[Callable[[], object]], timeout: float | None = None
    ) -> None:
        loop = get_running_loop()
        completions = _on_loop(loop).completions
        future = loop.create_future()
        tokens = register_all(completions, blocks, future)
        if tokens is not None:
            await _wait_for_any(future, completions, tokens, wakers, timeout)

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        from asyncio import to_thread

        return await to_thread(function, *arguments)


async def _wait_for_any(
    future: Future[None],
    completions: Completions,
    tokens: list[int],
    wakers: set[Callable[[], object]],
    timeout: float | None,
) -> None:
    def wake() -> None:
        if not future.done():
            future.set_result(None)

    wakers.add(wake)
    timer = None if timeout is None else future.get_loop().call_later(timeout, wake)
    try:
        await future
    finally:
        wakers.discard(wake)
        if timer is not None:
            timer.cancel()
        for token in tokens:
            completions.forget(token)


BACKEND = AsyncioBackend()
