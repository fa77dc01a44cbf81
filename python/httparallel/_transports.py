"""Transports: what carries one request and brings its response.

`HTTPTransport` and `AsyncHTTPTransport` are the engine's; the others are written in Python, by users too.
"""

from __future__ import annotations

from ._config import DEFAULT_LIMITS
from ._exceptions import RequestError
from ._native import Engine, Settings
from ._public import public
from ._received import AsyncReceivedStream, ReceivedStream
from ._response import Response
from ._streams import AsyncByteStream, ByteStream, SyncByteStream
from .concurrency import chosen_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Any, Self

    from ._config import Limits
    from ._native import Operation, Reply, Upload
    from ._request import Request
    from ._types import CertTypes
    from .concurrency import AsyncBackend


@public
class BaseTransport:
    """The base of synchronous transports. Subclasses define `handle_request`."""

    def handle_request(self, request: Request) -> Response:
        """Sends the request and returns the response, whose stream may be still to be read."""
        raise NotImplementedError(f"{type(self).__name__} does not define 'handle_request'.")

    def close(self) -> None:
        """Releases what the transport holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


@public
class AsyncBaseTransport:
    """The base of asynchronous transports. Subclasses define `handle_async_request`."""

    async def handle_async_request(self, request: Request) -> Response:
        """Sends the request and returns the response, whose stream may be still to be read."""
        raise NotImplementedError(f"{type(self).__name__} does not define 'handle_async_request'.")

    async def aclose(self) -> None:
        """Releases what the transport holds."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


class _EngineTransport:
    """What both kinds of engine transport share: the engine, and requests in its terms.

    - `verify`: True for the system's certificate authorities, a path to a file or directory of others, or
      False for no verification.
    - `cert`: a client certificate: a file with certificate and key, or `(certificate, key)`.
    - `retries`: how often a failed attempt to connect is repeated.
    """

    # Whether a subclass of the user's has its own way to carry a request, which then has to be called.
    _is_overridden = False

    def __init__(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
    ) -> None:
        self._max_connections = limits.max_connections
        self._engine = Engine(
            verify=_roots(verify, trust_env),
            cert=_certificate(cert),
            http1=http1,
            http2=http2,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            uds=uds,
            local_address=local_address,
            retries=retries,
        )

    def _start(self, request: Request, settings: Settings, upload: Upload | None) -> Operation:
        content = request.content if upload is None else None
        return self._engine.start(
            request.method, request.url, request.headers, content, settings, upload, blocking=True
        )


@public
class HTTPTransport(_EngineTransport, BaseTransport):
    """The engine, for synchronous clients."""

    def __init_subclass__(cls) -> None:
        cls._is_overridden = cls.handle_request is not HTTPTransport.handle_request

    def handle_request(self, request: Request) -> Response:
        return self._exchange(request, settings_of(request, stream=True), True)

    def _exchange(self, request: Request, settings: Settings, streamed: bool) -> Response:
        upload = upload_of(request, SyncByteStream)
        try:
            operation = self._start(request, settings, upload)
            try:
                if upload is not None:
                    send_body(request, upload)
                operation.wait()
            except BaseException:
                operation.cancel()
                raise
            reply = operation.reply()
        except RequestError as error:
            error.request = request
            raise
        stream = ReceivedStream(operation) if streamed else None
        return response_of(reply, request, stream)

    def close(self) -> None:
        self._engine.close()


@public
class AsyncHTTPTransport(_EngineTransport, AsyncBaseTransport):
    """The engine, for async clients on asyncio and trio."""

    _backend: AsyncBackend | None = None

    def __init_subclass__(cls) -> None:
        cls._is_overridden = cls.handle_async_request is not AsyncHTTPTransport.handle_async_request

    async def handle_async_request(self, request: Request) -> Response:
        return await self._exchange(request, settings_of(request, stream=True), True)

    async def _exchange(self, request: Request, settings: Settings, streamed: bool) -> Response:
        backend = chosen_backend(self._backend)
        upload = upload_of(request, AsyncByteStream)
        content = request.content if upload is None else None
        try:
            operation = self._engine.start(
                request.method, request.url, request.headers, content, settings, upload
            )
            try:
                if upload is not None:
                    await asend_body(request, upload, backend)
                await backend.wait(operation)
            except BaseException:
                operation.cancel()
                raise
            reply = operation.reply()
        except RequestError as error:
            error.request = request
            raise
        stream = AsyncReceivedStream(operation, backend) if streamed else None
        return response_of(reply, request, stream)

    async def aclose(self) -> None:
        self._engine.close()


@public
class MockTransport(AsyncBaseTransport, BaseTransport):
    """Answers requests with a function, for tests."""

    def __init__(self, handler: Callable[[Request], Response | Awaitable[Response]]) -> None:
        self.handler = handler

    def handle_request(self, request: Request) -> Response:
        request.read()
        response = self.handler(request)
        if not isinstance(response, Response):
            raise TypeError("Cannot use an async handler in a sync Client")
        return response

    async def handle_async_request(self, request: Request) -> Response:
        await request.aread()
        response = self.handler(request)
        return response if isinstance(response, Response) else await response


def settings_of(
    request: Request,
    *,
    stream: bool,
    follow_redirects: bool = False,
    max_redirects: int = 20,
    cookies: bool = False,
) -> Settings:
    """How the engine is to carry out a request; its time limits are in the extension `timeout`."""
    limits: dict[str, Any] = request.extensions.get("timeout", {})
    total = limits.get("total")
    if "deadline" in limits:
        from time import monotonic

        total = max(limits["deadline"] - monotonic(), 0.0)
    return Settings(
        connect=limits.get("connect"),
        read=limits.get("read"),
        write=limits.get("write"),
        pool=limits.get("pool"),
        total=total,
        follow_redirects=follow_redirects,
        max_redirects=max_redirects,
        cookies=cookies,
        stream=stream,
    )


def response_of(reply: Reply, request: Request, stream: SyncByteStream | AsyncByteStream | None) -> Response:
    """A response to a request that exists as an object, which the response then refers to."""
    response = Response._from_reply(reply, NO_DEFAULTS, stream)
    response.request = request
    return response


def upload_of(request: Request, kind: type) -> Upload | None:
    """A pipe for content that is a stream; None for content that is at hand."""
    stream = request.stream
    if isinstance(stream, ByteStream) or hasattr(request, "_content"):
        return None
    if not isinstance(stream, kind):
        other = "an async" if kind is SyncByteStream else "a sync"
        raise RuntimeError(f"Attempted to send {other} request with the other kind of client instance.")
    from ._native import Upload

    return Upload()


def send_body(request: Request, upload: Upload) -> None:
    """Produces the content, in the caller's thread, as fast as the connection takes it."""
    for piece in request.stream:  # type: ignore[union-attr] # upload_of has looked
        if not upload.push(piece):
            return
        upload.wait()
    upload.end()


async def asend_body(request: Request, upload: Upload, backend: AsyncBackend) -> None:
    """Produces the content, in the caller's task, as fast as the connection takes it."""
    pieces = request.stream.__aiter__()  # type: ignore[union-attr] # upload_of has looked
    try:
        async for piece in pieces:
            if not upload.push(piece):
                return
            await backend.wait(upload)
        upload.end()
    finally:
        # Left to the garbage collector, a generator's `finally` would run in no task at all.
        if hasattr(pieces, "aclose"):
            await pieces.aclose()


def _roots(verify: ssl.SSLContext | str | bool, trust_env: bool) -> bytes | bool:
    import os

    if isinstance(verify, bool):
        if not verify or not trust_env:
            return verify
        path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        if path is None or not os.path.exists(path):
            return verify
    elif isinstance(verify, str):
        path = verify
    else:
        raise TypeError(
            "verify must be True, False, or the path of a file or directory with certificate authorities; "
            f"{type(verify).__name__} is not supported yet."
        )
    if not os.path.isdir(path):
        return _read(path)
    files = sorted(os.path.join(path, name) for name in os.listdir(path))
    return b"\n".join(_read(file) for file in files if os.path.isfile(file))


def _certificate(cert: CertTypes | None) -> tuple[bytes, bytes] | None:
    if cert is None:
        return None
    if isinstance(cert, str):
        pem = _read(cert)
        return pem, pem
    if len(cert) > 2 and cert[2]:
        raise TypeError("Client keys with a password are not supported yet; store the key without one.")
    return _read(cert[0]), _read(cert[1])


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


class _NoDefaults:
    """A transport knows no client."""

    default_encoding = "utf-8"

    def next_request(self, _: Response) -> None:
        return None


NO_DEFAULTS = _NoDefaults()
