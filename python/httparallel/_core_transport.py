"""Carries requests with the low level instead of the engine, where TLS is the caller's `ssl.SSLContext`.

A context cannot be translated for the engine without losing what it cannot be asked for, such as client
certificates. `httparallel.core` uses it as it is, in the caller's own thread or task.
"""

from __future__ import annotations

from time import monotonic

from . import _exceptions as exceptions
from ._response import Response
from ._streams import AsyncByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
    from types import TracebackType
    from typing import Any, TypeVar

    from . import core
    from ._config import Limits, Proxy
    from ._request import Request
    from ._types import CertTypes, ProxyTypes, SocketOption
    from .core._pool import BasePool

    Pool = TypeVar("Pool", bound=BasePool)


def low_level_pool(
    kind: type[Pool],
    verify: ssl.SSLContext | str | bool,
    cert: CertTypes | None,
    trust_env: bool,
    http1: bool,
    http2: bool,
    limits: Limits,
    proxy: ProxyTypes | None,
    uds: str | None,
    local_address: str | None,
    retries: int,
    socket_options: Iterable[SocketOption] | None,
) -> Pool:
    """A pool of the low level, with the arguments of a transport."""
    from ._config import create_ssl_context

    pool = kind(
        ssl_context=create_ssl_context(verify, cert, trust_env),
        proxy=None if proxy is None else _proxy(proxy),
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        http1=http1,
        http2=http2,
        uds=uds,
        local_address=local_address,
        retries=retries,
        socket_options=socket_options,
    )
    # Its arguments are httpcore's, which has no such limit.
    pool._max_connection_age = limits.max_connection_age
    return pool


def _proxy(proxy: ProxyTypes) -> core.Proxy:
    from . import core
    from ._config import Proxy

    given: Proxy = proxy if isinstance(proxy, Proxy) else Proxy(proxy)
    return core.Proxy(str(given.url), given.raw_auth, given.headers.raw, given.ssl_context)


def exchange(pool: core.ConnectionPool, request: Request) -> Response:
    """Carries one request in the caller's thread."""
    if not isinstance(request.stream, SyncByteStream) or getattr(request.stream, "is_async_only", False):
        raise RuntimeError("Attempted to send an async request with a sync Client instance.")
    mapping = _Mapping(request)
    with mapping:
        response = pool.handle_request(_outgoing(request))
    return _incoming(response, _Stream(response.stream, mapping))  # type: ignore[arg-type]


async def aexchange(pool: core.AsyncConnectionPool, request: Request) -> Response:
    """Carries one request in the caller's task."""
    if not isinstance(request.stream, AsyncByteStream):
        raise RuntimeError("Attempted to send a sync request with an AsyncClient instance.")
    mapping = _Mapping(request)
    with mapping:
        response = await pool.handle_async_request(_outgoing(request))
    return _incoming(response, _AsyncStream(response.stream, mapping))  # type: ignore[arg-type]


def _outgoing(request: Request) -> core.Request:
    from . import core

    url = request.url
    if not url.host:
        raise exceptions.UnsupportedProtocol("The URL has no host.")
    scheme = url.raw_scheme
    if scheme == b"http" and request.headers.get("upgrade", "").lower() == "websocket":
        # RFC 6455, section 4.1: a proxy is asked "to open a TCP connection to the host", not to forward this.
        scheme = b"ws"
    target = core.URL(scheme=scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return core.Request(
        request.method,
        target,
        headers=request.headers.raw,
        content=request.stream,
        extensions=dict(request.extensions, timeout=_time_limits(request)),
    )


def _time_limits(request: Request) -> dict[str, float | None]:
    """The limits of each wait, none of them beyond the deadline of the whole request."""
    limits = dict(request.extensions.get("timeout", {}))
    deadline = limits.pop("deadline", None)
    if limits.pop("total", None) is None or deadline is None:
        return limits
    left = max(deadline - monotonic(), 0.0)
    phases = ("connect", "read", "write", "pool")
    return {phase: left if (limit := limits.get(phase)) is None else min(limit, left) for phase in phases}


def _incoming(response: core.Response, stream: SyncByteStream | AsyncByteStream) -> Response:
    return Response(response.status, headers=response.headers, stream=stream, extensions=response.extensions)


class _Mapping:
    """Raises exceptions of the low level as those of this package, which know the request."""

    def __init__(self, request: Request) -> None:
        self._request = request
        limits = request.extensions.get("timeout", {})
        self._deadline: float | None = limits.get("deadline")

    def check_deadline(self) -> None:
        """Raises TotalTimeout once the whole request has taken too long."""
        if self._deadline is not None and monotonic() >= self._deadline:
            raise exceptions.TotalTimeout("The request took too long.", request=self._request)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or not kind.__module__.startswith(f"{__package__}.core"):
            return
        # Each class of the low level has the name of the one here that it becomes.
        found: Any = getattr(exceptions, kind.__name__, exceptions.TransportError)
        if issubclass(found, exceptions.TimeoutException):
            self.check_deadline()
        raise found(str(error), request=self._request) from error


class _Stream(SyncByteStream):
    def __init__(self, stream: Iterable[bytes], mapping: _Mapping) -> None:
        self._stream: Any = stream
        self._mapping = mapping

    def __iter__(self) -> Iterator[bytes]:
        with self._mapping:
            for piece in self._stream:
                yield piece
                self._mapping.check_deadline()

    def close(self) -> None:
        # What a patched pool gives need not have it.
        if hasattr(self._stream, "close"):
            with self._mapping:
                self._stream.close()


class _AsyncStream(AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes], mapping: _Mapping) -> None:
        self._stream: Any = stream
        self._mapping = mapping

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._stream.__aiter__()
        try:
            with self._mapping:
                async for piece in pieces:
                    yield piece
                    self._mapping.check_deadline()
        finally:
            # Left to the garbage collector, a generator's `finally` would run in no task at all.
            if hasattr(pieces, "aclose"):
                await pieces.aclose()

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            with self._mapping:
                await self._stream.aclose()
