"""The body of a response that is streamed from the engine, piece by piece."""

from __future__ import annotations

from ._streams import AsyncByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from collections.abc import AsyncIterator, Iterator

    from ._native import Operation
    from ._types import TimingFields
    from .concurrency import AsyncBackend


class _Received:
    """Reading is as fast as the caller takes the pieces: the engine holds 256 KiB at most."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def __del__(self) -> None:
        # A response that was forgotten, neither read to its end nor closed, frees its connection.
        self._operation.cancel()

    @property
    def elapsed(self) -> datetime.timedelta | None:
        """The time from the start of the request to its end. None before that."""
        from datetime import timedelta

        if not self._operation.is_over:
            return None
        return timedelta(seconds=self._operation.elapsed)

    @property
    def timings(self) -> TimingFields:
        """How long the parts of the request took so far."""
        return self._operation.timings


class ReceivedStream(_Received, SyncByteStream):
    """For synchronous code."""

    def __iter__(self) -> Iterator[bytes]:
        operation = self._operation
        while (piece := operation.take()) is not None:
            if piece:
                yield piece
            else:
                operation.wait_body()

    def close(self) -> None:
        self._operation.cancel()


class AsyncReceivedStream(_Received, AsyncByteStream):
    """For async code."""

    def __init__(self, operation: Operation, backend: AsyncBackend) -> None:
        super().__init__(operation)
        self._backend = backend

    async def __aiter__(self) -> AsyncIterator[bytes]:
        operation = self._operation
        while (piece := operation.take()) is not None:
            if piece:
                yield piece
            else:
                await self._backend.wait(operation, body=True)

    async def aclose(self) -> None:
        self._operation.cancel()
