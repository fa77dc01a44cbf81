"""The event loops that async clients run on, and how a coroutine waits there for the engine.

A backend is a stateless object; the loop itself is found at each wait. So one client works on whichever
loop runs it, and in several `asyncio.run` one after another.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol, TypeVar

    from .._native import Block, Operation, Turn, Upload

    T = TypeVar("T")

    class Waits(Protocol):
        """What waits for operations where the caller runs."""

        def until_ready(self, operation: Operation) -> Awaitable[None] | None: ...


__all__ = ["AsyncBackend", "current_backend"]


class AsyncBackend:
    """An async library that clients can run on."""

    name: str
    # Whether functions that need not wait are expected to let others run all the same.
    has_checkpoints = False

    def is_running(self) -> bool:
        """Whether the caller runs on this library."""
        raise NotImplementedError

    async def checkpoint(self) -> None:
        """Lets other tasks run, and cancellation happen. Called only if `has_checkpoints` is true."""

    async def sleep(self, seconds: float) -> None:
        """Lets some time pass."""
        raise NotImplementedError

    async def wait(
        self,
        source: Operation | Block | Upload | Turn,
        body: bool = False,
        wakers: set[Callable[[], object]] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Waits until the operation is ready, with `body` until more of its body is there; until the block
        has something ready; until the upload has room; until the turn has come. Meanwhile `wakers` has a
        function that ends the wait; with `wakers`, so do `timeout` seconds.

        Cancelling the wait does nothing to what is waited for.
        """
        raise NotImplementedError

    def until_ready(self, operation: Operation) -> Awaitable[None] | None:
        """What to await until the operation is ready. None if it is.

        Whoever gives up awaiting it has to cancel the operation.
        """
        return self.wait(operation)

    async def wait_for_any(
        self, blocks: list[Block], wakers: set[Callable[[], object]], timeout: float | None = None
    ) -> None:
        """Waits until one of several blocks has something ready, or `timeout` seconds have passed."""
        raise NotImplementedError

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        """The result of a function that may block, and therefore runs in a worker thread."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# By the name of their library, once they were needed: an import statement at each request costs more.
_loaded: dict[str, AsyncBackend] = {}

# What has the loop that runs, and the backend for it, once asyncio was needed: each request asks it first.
_asyncio: tuple[Callable[[], object | None], AsyncBackend] | None = None

# What waits for operations on the loop of asyncio's that runs, if one does, once asyncio was needed.
_on_asyncio: Callable[[], Waits | None] | None = None


def _backend(name: str) -> AsyncBackend:
    backend = _loaded.get(name)
    if backend is None:
        from importlib import import_module

        backend = _loaded[name] = import_module(f"{__name__}.{name}").BACKEND
    return backend


def current_backend() -> AsyncBackend:
    """The backend of the library that the caller runs on. RuntimeError outside of any."""
    global _asyncio, _on_asyncio
    if _asyncio is not None and _asyncio[0]() is not None:
        return _asyncio[1]
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        _asyncio = asyncio._get_running_loop, _backend("asyncio")
        from .asyncio import on_running_loop

        _on_asyncio = on_running_loop
        return _asyncio[1]
    if "trio" in sys.modules and (trio := _backend("trio")).is_running():
        return trio
    raise RuntimeError("An async client must be used from within asyncio or trio; no event loop is running.")


def current_waits() -> Waits:
    """What waits for operations where the caller runs: its backend, or something that is quicker.

    RuntimeError outside of asyncio and trio.
    """
    # To ask for the loop that runs is a system call before Python 3.12: once for each request is enough.
    if _on_asyncio is not None and (waits := _on_asyncio()) is not None:
        return waits
    return current_backend()


def chosen_backend(chosen: AsyncBackend | None) -> AsyncBackend:
    """The backend to use: the one that runs. RuntimeError if another one was asked for."""
    if chosen is not None and chosen.is_running():
        return chosen
    current = current_backend()
    if chosen is None or type(chosen) is type(current):
        return current
    raise RuntimeError(
        f"This client was made for {chosen.name}, and is used from within {current.name}. "
        "Leave the argument 'backend' out to use whichever is running."
    )
