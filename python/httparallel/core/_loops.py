"""The event loops that connections belong to."""

from __future__ import annotations

import socket
import sys

from ._waiting import current_library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._io import Stream

__all__ = ["abandon", "current_loop", "is_over"]


def current_loop() -> object:
    """What stands for the loop that the caller runs on. RuntimeError outside of any."""
    if current_library() == "trio":
        import trio

        return trio.lowlevel.current_trio_token()
    import asyncio

    return asyncio.get_running_loop()


def abandon(stream: Stream) -> None:
    """Closes the socket of a stream whose loop is over, or that nobody has closed."""
    # The `close` of trio's sockets wants its loop.
    detach = getattr(stream.get_extra_info("socket"), "detach", None)
    descriptor = -1 if detach is None else detach()
    if descriptor >= 0:
        socket.close(descriptor)


def is_over(loop: object) -> bool:
    """Whether nothing will run on this loop any more."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and isinstance(loop, asyncio.AbstractEventLoop):
        return bool(loop.is_closed())
    import trio

    assert isinstance(loop, trio.lowlevel.TrioToken), "there are two libraries"
    try:
        loop.run_sync_soon(int)
    except trio.RunFinishedError:
        return True
    return False
