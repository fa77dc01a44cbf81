"""The stream of a connection that has ceased to speak HTTP: after `101 Switching Protocols`, or CONNECT."""

from __future__ import annotations

from ._backends.base import AsyncNetworkStream, NetworkStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from ._io import Face, Stream

__all__ = ["upgraded"]


def upgraded(stream: Stream, received: bytes, face: Face) -> Stream:
    """The stream, with what has been received of it already in front."""
    return AsyncUpgradeStream(stream, received) if face.is_async else UpgradeStream(stream, received)


class _Received:
    """What both kinds share."""

    def __init__(self, stream: Any, received: bytes) -> None:  # noqa: ANN401 - either kind of stream
        self._stream = stream
        self._received = received

    def _take(self, max_bytes: int) -> bytes:
        taken, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return taken

    def _check_empty(self) -> None:
        # What came before the handshake may be from whoever sits on the way, not from the peer that TLS is
        # about to make sure of.
        if self._received:
            raise RuntimeError("Data has arrived ahead of the TLS handshake.")

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        if info == "is_readable" and self._received:
            return True
        return self._stream.get_extra_info(info)


class UpgradeStream(_Received, NetworkStream):
    """For synchronous code."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._take(max_bytes) or self._stream.read(max_bytes, timeout)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        self._check_empty()
        stream: NetworkStream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return stream


class AsyncUpgradeStream(_Received, AsyncNetworkStream):
    """For async code."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._take(max_bytes) or await self._stream.read(max_bytes, timeout)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        self._check_empty()
        stream: AsyncNetworkStream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return stream
