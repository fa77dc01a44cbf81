"""The engine as a transport: what carries one request and brings its response."""

from __future__ import annotations

from ._base_transports import AsyncBaseTransport, BaseTransport
from ._config import DEFAULT_LIMITS
from ._connection_options import (
    certificate_of,
    connection_of,
    has_own_connection,
    ingredients,
    is_beyond_engine,
    proxy_of,
    roots_of,
    socket_options_of,
    wants_more_than_engine,
)
from ._exceptions import RequestError
from ._native import Engine, ProxyRules, Settings
from ._own_pools import OwnPools
from ._patches import WATCHED, is_low_level_patched
from ._public import public
from ._received import AsyncReceivedStream, ReceivedStream
from ._response import Response
from ._streams import AsyncByteStream, ByteStream, SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from typing import Any

    from ._config import Limits
    from ._native import Operation, Pace, Reply, Retries, Upload
    from ._own_pools import Arguments
    from ._request import Request
    from ._types import CertTypes, ProxyTypes, SocketOption
    from .concurrency import AsyncBackend
    from .core import AsyncConnectionPool, ConnectionPool

# Extensions that make the engine do otherwise than a request's URL says.
OVERRIDES = ("sni_hostname", "target")


class _EngineTransport:
    """What both kinds of engine transport share: the engine, and requests in its terms.

    - `verify`: True for the system's certificate authorities, a path to a file or directory of others, or
      False for no verification.
    - `cert`: a client certificate: a file with certificate and key, or `(certificate, key)`.
    - `proxy`: a proxy that all requests go through: a URL, or a `Proxy`.
    - `retries`: how often a failed attempt to connect is repeated.
    - `socket_options`: options for each TCP socket, as `socket.setsockopt` takes them.
    """

    # Whether a subclass of the user's, or this very transport, has its own way to carry a request, which then
    # has to be called.
    _is_overridden = False
    # A pool of the low level, which carries the requests where the engine cannot.
    _core: Any = None
    # Another one, for requests that need it, and for all of them while somebody has patched the low level.
    _stand_in: Any = None

    def __init__(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        proxy: ProxyTypes | ProxyRules | None = None,
        uds: str | None = None,
        local_address: str | None = None,
        retries: int = 0,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> None:
        self._max_connections = limits.max_connections
        verify, cert, trust_env = ingredients(verify, cert, trust_env)
        self._trust_env = trust_env
        # Not an argument of the low level, whose pools have one proxy or none.
        rules = proxy if isinstance(proxy, ProxyRules) else None
        self._arguments = (
            verify,
            cert,
            trust_env,
            http1,
            http2,
            limits,
            None if rules is not None else proxy,
            uds,
            local_address,
            retries,
            None if socket_options is None else list(socket_options),
        )
        self._own_pools = OwnPools(self._arguments, rules)
        if is_beyond_engine(verify, cert, proxy):
            self._core = self._low_level(self._arguments)
            return
        self._engine = Engine(
            verify=roots_of(verify, trust_env),
            cert=certificate_of(cert),
            http1=http1,
            http2=http2,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            max_connection_age=limits.max_connection_age,
            uds=uds,
            local_address=local_address,
            retries=retries,
            proxy=proxy_of(proxy),
            socket_options=socket_options_of(socket_options),
            max_concurrency_per_host=limits.max_concurrency_per_host,
            trust_env=trust_env,
        )

    def _low_level(self, arguments: Arguments) -> Any:  # noqa: ANN401 - each subclass has one of the two kinds
        """A pool of the low level that does as a transport with these arguments would."""
        raise NotImplementedError

    def _carrier(self, request: Request | None = None) -> Any:  # noqa: ANN401 - each subclass has one of two
        """What carries the requests now, or this one, if it is not the engine."""
        if self._core is None:
            is_patched = bool(WATCHED) and is_low_level_patched()
            if not is_patched and (request is None or not is_for_low_level(request)):
                return None
        own = None if request is None else self._own_pools.of(request, self._low_level)
        if own is not None:
            return own
        if self._core is not None:
            return self._core
        if self._stand_in is None:
            self._stand_in = self._low_level(self._arguments)
        return self._stand_in

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        # Tests replace these.
        if name in ("handle_request", "handle_async_request"):
            object.__setattr__(self, "_is_overridden", True)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if name in ("handle_request", "handle_async_request"):
            object.__delattr__(self, "_is_overridden")

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

    def _low_level(self, arguments: Arguments) -> ConnectionPool:
        from ._core_transport import low_level_pool
        from .core import ConnectionPool

        return low_level_pool(ConnectionPool, *arguments)

    def handle_request(self, request: Request) -> Response:
        carrier = self._carrier(request)
        if carrier is not None:
            from ._core_transport import exchange

            for unused in self._own_pools.surplus(carrier):
                unused.close()
            return exchange(carrier, request)
        return self._exchange(request, settings_of(request, stream=True, trust_env=self._trust_env), True)

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
        for each in (self._core or self._engine, self._stand_in, *self._own_pools):
            if each is not None:
                each.close()


@public
class AsyncHTTPTransport(_EngineTransport, AsyncBaseTransport):
    """The engine, for async clients on asyncio and trio."""

    _backend: AsyncBackend | None = None

    def __init_subclass__(cls) -> None:
        cls._is_overridden = cls.handle_async_request is not AsyncHTTPTransport.handle_async_request

    def _low_level(self, arguments: Arguments) -> AsyncConnectionPool:
        from ._core_transport import low_level_pool
        from .core import AsyncConnectionPool

        return low_level_pool(AsyncConnectionPool, *arguments)

    async def handle_async_request(self, request: Request) -> Response:
        carrier = self._carrier(request)
        if carrier is not None:
            from ._core_transport import aexchange

            for unused in self._own_pools.surplus(carrier):
                await unused.aclose()
            return await aexchange(carrier, request)
        settings = settings_of(request, stream=True, trust_env=self._trust_env)
        return await self._exchange(request, settings, True)

    async def _exchange(self, request: Request, settings: Settings, streamed: bool) -> Response:
        from .concurrency import chosen_backend

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
                if (waiting := backend.until_ready(operation)) is not None:
                    await waiting
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
        if self._core is None:
            self._engine.close()
        for pool in (self._core, self._stand_in, *self._own_pools):
            if pool is not None:
                await pool.aclose()


def is_for_low_level(request: Request) -> bool:
    """Whether a request wants of its connection what the engine does not give: to see it, or to have it."""
    return (
        "trace" in request.extensions
        or "upgrade" in request.headers
        or request.method == "CONNECT"
        or (has_own_connection(request) and wants_more_than_engine(request))
    )


def settings_of(
    request: Request,
    *,
    stream: bool,
    follow_redirects: bool = False,
    max_redirects: int = 20,
    cookies: bool = False,
    trust_env: bool = True,
    retries: Retries | None = None,
    pace: Pace | None = None,
) -> Settings:
    """How the engine is to carry out a request.

    The extension `timeout` has its time limits, `max_body` the most bytes of a body; `proxy` and `verify` say
    how its connections are made. `target` (bytes) is sent in place of the URL's path and query, and
    `sni_hostname` is the name for the TLS handshake, in place of the URL's host.
    """
    limits: dict[str, Any] = request.extensions.get("timeout", {})
    total = limits.get("total")
    if "deadline" in limits:
        from time import monotonic

        total = max(limits["deadline"] - monotonic(), 0.0)
    overrides = {name: _text(request.extensions[name]) for name in OVERRIDES if name in request.extensions}
    connection = connection_of(request, trust_env) if has_own_connection(request) else None
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
        connection=connection,
        retries=retries,
        max_body=request.extensions.get("max_body"),
        pace=pace,
        **overrides,
    )


def _text(value: str | bytes) -> str:
    """Bytes as Latin-1: what is not ASCII the engine refuses."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


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
    if not isinstance(stream, kind) or (kind is SyncByteStream and getattr(stream, "is_async_only", False)):
        other = "an async" if kind is SyncByteStream else "a sync"
        raise RuntimeError(f"Attempted to send {other} request with the other kind of client instance.")
    from ._native import Upload

    return Upload()


def send_body(request: Request, upload: Upload) -> None:
    """Produces the content, in the caller's thread, as fast as the connection takes it."""
    for piece in request.stream:  # type: ignore[union-attr] # upload_of has looked
        if not upload.push(piece):
            return
        if upload.is_full:
            upload.wait()
    upload.end()


async def asend_body(request: Request, upload: Upload, backend: AsyncBackend) -> None:
    """Produces the content, in the caller's task, as fast as the connection takes it."""
    pieces = request.stream.__aiter__()  # type: ignore[union-attr] # upload_of has looked
    try:
        async for piece in pieces:
            if not upload.push(piece):
                return
            if upload.is_full or backend.has_checkpoints:
                await backend.wait(upload)
        upload.end()
    finally:
        # Left to the garbage collector, a generator's `finally` would run in no task at all.
        if hasattr(pieces, "aclose"):
            await pieces.aclose()


class _NoDefaults:
    """A transport knows no client."""

    default_encoding = "utf-8"
    json_codec = None

    def next_request(self, _: Response) -> None:
        return None


NO_DEFAULTS = _NoDefaults()
