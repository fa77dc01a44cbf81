"""TLS over any stream, another TLS stream included, by any `ssl.SSLContext` there is.

OpenSSL runs in memory: what it has to say and what it wants to hear are moved between it and the stream
below. The steps are one flow for synchronous and async code::

    write ──▶ SSLObject ──▶ outgoing ──▶ stream
    read  ◀── SSLObject ◀── incoming ◀── stream

A read may have to write, and a write to read (TLS 1.2 renegotiation, TLS 1.3 key updates). So every step
sends what there is to send, and reads where OpenSSL asks for it, whatever it is for.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress

from .._exceptions import (
    ConnectError,
    ConnectTimeout,
    NetworkError,
    ReadError,
    ReadTimeout,
    TimeoutException,
    WriteError,
    WriteTimeout,
    map_exceptions,
)
from .._io import CloseStream, Deadline, Flow, Lock, ReadStream, Shielded, WriteStream, arun, run
from .base import AsyncNetworkStream, NetworkStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .._io import Stream

    T = TypeVar("T")

__all__ = ["AsyncTLSStream", "TLSStream", "astart_tls", "start_tls"]

CONNECT_ERRORS: dict[type[Exception], type[Exception]] = {
    TimeoutException: ConnectTimeout,
    TimeoutError: ConnectTimeout,
    NetworkError: ConnectError,
    ssl.SSLError: ConnectError,
}
READ_ERRORS: dict[type[Exception], type[Exception]] = {
    TimeoutException: ReadTimeout,
    TimeoutError: ReadTimeout,
    NetworkError: ReadError,
    ssl.SSLError: ReadError,
}
WRITE_ERRORS: dict[type[Exception], type[Exception]] = {
    TimeoutException: WriteTimeout,
    TimeoutError: WriteTimeout,
    NetworkError: WriteError,
    ssl.SSLError: WriteError,
}

# Holds a record of the largest size, 2^14 bytes (RFC 8446, section 5.1), and what encryption adds to it.
READ_SIZE = 32 * 1024
# How much is encrypted before it is written. Records are smaller, and one write for each would be slow.
WRITE_SIZE = 256 * 1024
# In seconds. A socket takes the few bytes at once, or the peer has not read for long.
FAREWELL_LIMIT = 0.05


class Session:
    """The client's side of TLS over one stream."""

    def __init__(self, stream: Stream, context: ssl.SSLContext, server_hostname: str | None) -> None:
        self.stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        # OpenSSL's objects must not be used by two threads at once. Never held over a wait.
        self._mutex = threading.RLock()
        # One at a time reads from the stream, and one writes: records would otherwise change places.
        self._reading = Lock()
        self._writing = Lock()
        self._times_read = 0
        self._is_broken = False
        self._is_closed = False
        # Whether the peer has ended the connection without close_notify, or somebody else has.
        self.is_truncated = False

    def handshake(self, timeout: float | None) -> Flow[None]:
        yield from self._perform(self.ssl_object.do_handshake, Deadline(timeout))

    def read(self, max_bytes: int, timeout: float | None) -> Flow[bytes]:
        with map_exceptions(READ_ERRORS, "timed out while reading"):
            try:
                return (yield from self._perform(lambda: self.ssl_object.read(max_bytes), Deadline(timeout)))
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLEOFError:
                # Many servers end connections like this. Where the end of the connection is all that tells
                # the end of a response, whoever reads it has to ask.
                self.is_truncated = True
                return b""

    def write(self, buffer: bytes, timeout: float | None) -> Flow[None]:
        deadline = Deadline(timeout)
        sent = 0

        def encrypt() -> None:
            nonlocal sent
            end = min(sent + WRITE_SIZE, len(view))
            while sent < end:
                sent += self.ssl_object.write(view[sent:end])

        with map_exceptions(WRITE_ERRORS, "timed out while writing"), memoryview(buffer) as view:
            while sent < len(view):
                yield from self._perform(encrypt, deadline)

    def close(self) -> Flow[None]:
        """Says farewell if that takes no waiting, and closes the stream."""
        try:
            if not self._is_closed:
                self._is_closed = True
                yield from self._say_farewell()
        except GeneratorExit:
            raise
        except BaseException:
            yield CloseStream(self.stream)
            raise
        yield CloseStream(self.stream)

    def _say_farewell(self) -> Flow[None]:
        # RFC 8446, section 6.1: "Each party MUST send a "close_notify" alert before closing its write side of
        # the connection, unless it has already sent some error alert."
        with self._mutex, suppress(ssl.SSLError, ValueError):
            self.ssl_object.unwrap()
        with suppress(NetworkError, TimeoutException, TimeoutError):
            yield from self._send(Deadline(FAREWELL_LIMIT))

    @property
    def has_received(self) -> bool:
        """Whether something was received that is yet to be read."""
        return bool(self.ssl_object.pending() or self._incoming.pending)

    def _perform(self, call: Callable[[], T], deadline: Deadline) -> Flow[T]:
        """Calls until OpenSSL does not ask for anything more."""
        while True:
            times_read = self._times_read
            try:
                with self._mutex:
                    result = call()
            except ssl.SSLWantReadError:
                yield from self._send(deadline)
                yield from self._receive(times_read, deadline)
            except ssl.SSLError:
                # The peer is told what is wrong, by an alert, if it can be told at all.
                with suppress(NetworkError, TimeoutException, TimeoutError):
                    yield from self._send(deadline)
                raise
            else:
                yield from self._send(deadline)
                return result

    def _send(self, deadline: Deadline) -> Flow[None]:
        if not self._outgoing.pending:
            return
        if not (yield from self._writing.acquire(deadline.left())):
            raise TimeoutError
        try:
            with self._mutex:
                records = self._outgoing.read()
            if self._is_broken:
                raise WriteError(
                    "an earlier write was interrupted, and the connection cannot be written to any more"
                )
            if records:
                self._is_broken = True
                yield WriteStream(self.stream, records, deadline.left())
                self._is_broken = False
        finally:
            self._writing.release()

    def _receive(self, times_read: int, deadline: Deadline) -> Flow[None]:
        """Reads from the stream, unless somebody else has done so since it was `times_read`."""
        if not (yield from self._reading.acquire(deadline.left())):
            raise TimeoutError
        try:
            if times_read != self._times_read:
                return
            records = yield ReadStream(self.stream, READ_SIZE, deadline.left())
            with self._mutex:
                if records:
                    self._incoming.write(records)
                else:
                    self._incoming.write_eof()
            self._times_read += 1
        finally:
            self._reading.release()


class _TLSInfo:
    """What streams of both kinds have in common."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - each name has its own type
        if info == "ssl_object":
            return self._session.ssl_object
        if info == "is_readable" and self._session.has_received:
            return True
        if info == "is_truncated":
            return self._session.is_truncated
        return self._session.stream.get_extra_info(info)


class TLSStream(_TLSInfo, NetworkStream):
    """What is inside of TLS."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return run(self._session.read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        run(self._session.write(buffer, timeout))

    def close(self) -> None:
        run(self._session.close())

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        return start_tls(self, ssl_context, server_hostname, timeout)


class AsyncTLSStream(_TLSInfo, AsyncNetworkStream):
    """What is inside of TLS."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await arun(self._session.read(max_bytes, timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await arun(self._session.write(buffer, timeout))

    async def aclose(self) -> None:
        await arun(self._session.close())

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        return await astart_tls(self, ssl_context, server_hostname, timeout)


def _started(
    stream: Stream, context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
) -> Flow[Session]:
    """A session whose handshake is done. The stream is closed if it fails."""
    try:
        with map_exceptions(CONNECT_ERRORS, "timed out during the TLS handshake"):
            session = Session(stream, context, server_hostname)
            yield from session.handshake(timeout)
    except GeneratorExit:
        raise
    except BaseException:
        yield Shielded(CloseStream(stream))
        raise
    return session


def start_tls(
    stream: NetworkStream, context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
) -> TLSStream:
    """Performs a TLS handshake over a stream. ConnectError or ConnectTimeout if it fails."""
    return TLSStream(run(_started(stream, context, server_hostname, timeout)))


async def astart_tls(
    stream: AsyncNetworkStream, context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
) -> AsyncTLSStream:
    """Performs a TLS handshake over a stream. ConnectError or ConnectTimeout if it fails."""
    return AsyncTLSStream(await arun(_started(stream, context, server_hostname, timeout)))
