"""Connections on whichever library the caller runs on: asyncio or trio, anyio on top of either included."""

from __future__ import annotations

from .._waiting import current_library
from .base import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AutoBackend"]


def _current() -> AsyncNetworkBackend:
    # Asked at each connection, not once: one pool may be used in several event loops, one after another.
    if current_library() == "trio":
        from .trio import TrioBackend

        return TrioBackend()
    from .asyncio import AsyncioBackend

    return AsyncioBackend()


class AutoBackend(AsyncNetworkBackend):
    """The backend of pools that were given none."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        return await _current().connect_tcp(host, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        return await _current().connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        await _current().sleep(seconds)
