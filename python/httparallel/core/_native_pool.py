"""The engine's own pool behind a pool's interface: its connections, its threads, its TLS.

It carries what needs nothing of Python on the way. Requests with a `trace`, CONNECT, and those that ask for
an upgrade are for connections over streams that Python carries.
"""

from __future__ import annotations

from functools import lru_cache

from .._connection_options import roots_of, socket_options_of
from .._native import URL, Engine, Headers, Settings, Upload
from ..concurrency import current_backend
from ._bodies import Body, stream_of
from ._checked import ByteStream, CheckedHeaders
from ._exceptions import ReadError, engine_errors
from ._interfaces import request_of
from ._io import Body as Content
from ._io import Effect, Face, Flow, Shielded
from ._models import Response
from ._native_connection import AsyncEngineConnection, AsyncEngineStream, EngineConnection, EngineStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from .._native import Operation
    from ._checked import Content as RequestContent
    from ._checked import Extensions, HeaderTypes
    from ._models import URL as Address
    from ._models import Request

    # Method, URL, headers, content (None: a stream) and settings, as the engine takes them.
    EngineCall: TypeAlias = tuple[str, URL, Headers, bytes | None, Settings]

__all__ = ["NativePool", "suits"]

ERRORS = engine_errors()


def suits(request: Request) -> bool:
    """Whether the engine's pool can carry out a request."""
    if request.method == b"CONNECT" or request.extensions.get("trace") is not None:
        return False
    if request.url.scheme not in (b"http", b"https"):
        return False
    return not any(len(name) == 7 and name.lower() == b"upgrade" for name, _ in request.headers)


class NativePool:
    """An engine, and what of it is in use."""

    def __init__(self, face: Face, *, socket_options: Iterable[Any] | None, **options: Any) -> None:  # noqa: ANN401
        self._face = face
        self._stream_kind = AsyncEngineStream if face.is_async else EngineStream
        self._engine = Engine(
            verify=roots_of(True, trust_env=True),
            socket_options=socket_options_of(socket_options),
            trust_env=True,
            **options,
        )
        self.is_closed = False
        # Those whose response was not closed yet.
        self._running: set[Operation] = set()

    def fetching(
        self,
        method: bytes | str,
        url: Address | bytes | str,
        headers: HeaderTypes,
        content: RequestContent,
        extensions: Extensions | None,
    ) -> Flow[Response] | None:
        """A flow that carries out a request, up to the end of its response. None if the engine cannot."""
        is_plain = headers is None and content is None and extensions is None
        if is_plain and type(method) is str and type(url) is str:
            call = _plain_call(method, url)
            return None if call is None else self._fetch(call)
        request = request_of(method, url, headers, content, extensions)
        return self._fetch(_call(request, False), request) if suits(request) else None

    def _fetch(self, call: EngineCall, request: Request | None = None) -> Flow[Response]:
        """`request` is needed for its content, if that is a stream."""
        running = self._running
        try:
            upload = _upload_of(call)
            operation = self._engine.start(*call, upload, not self._face.is_async)
            running.add(operation)
            try:
                if upload is not None and request is not None:
                    yield from _send(Content(request.stream), upload)
                if not operation.is_ready:
                    yield Await(operation)
                status, reason, version, stream_id, headers, content = operation.exchange()
            except BaseException:
                operation.cancel()
                raise
            finally:
                running.discard(operation)
        except Exception:
            with ERRORS:
                raise
        extensions = self._extensions(operation, version, reason, stream_id)
        return Response._complete(status, headers, content, extensions)

    def handle(self, request: Request) -> Flow[Response]:
        """Carries out a request, up to the head of its response."""
        with ERRORS:
            call = _call(request, True)
            upload = _upload_of(call)
            operation = self._engine.start(*call, upload, not self._face.is_async)
            self._running.add(operation)
            try:
                if upload is not None:
                    yield from _send(Content(request.stream), upload)
                if not operation.is_ready:
                    yield Await(operation)
                reply = operation.reply()
            except BaseException:
                self._running.discard(operation)
                operation.cancel()
                raise
        extensions = self._extensions(operation, reply.version, reply.reason, reply.stream_id)
        body = stream_of(EngineBody(operation, self), self._face)
        headers = CheckedHeaders(reply.headers.raw)
        return Response(reply.status, headers=headers, content=body, extensions=extensions)

    def _extensions(
        self, operation: Operation, version: bytes, reason: bytes, stream_id: int | None
    ) -> dict[str, Any]:
        stream = self._stream_kind(operation)
        extensions: dict[str, Any] = {"http_version": version, "network_stream": stream}
        if stream_id is None:
            extensions["reason_phrase"] = reason
        else:
            extensions["stream_id"] = stream_id
        return extensions

    def connections(self) -> list[EngineConnection | AsyncEngineConnection]:
        kind = AsyncEngineConnection if self._face.is_async else EngineConnection
        return [kind(*facts) for facts in self._engine.connections()]

    def counts(self) -> tuple[int, int]:
        """Requests that have a connection, and requests that wait for one."""
        running = len(self._running)
        busy = [facts for facts in self._engine.connections() if facts[2] != "IDLE"]
        if any(protocol == "HTTP/2" for _, protocol, _, _ in busy):
            return running, 0
        return min(running, len(busy)), max(0, running - len(busy))

    def close(self) -> None:
        self.is_closed = True
        self._engine.close()


class EngineBody(Body):
    """The content of a response of the engine."""

    def __init__(self, operation: Operation, pool: NativePool) -> None:
        self._operation = operation
        self._pool = pool

    def next(self) -> Flow[bytes | None]:
        operation = self._operation
        while True:
            try:
                with ERRORS:
                    piece = operation.take()
                    if piece != b"":
                        return piece
                    yield Await(operation, body=True)
            except BaseException as error:
                self._let_go()
                if isinstance(error, RuntimeError) and self._pool.is_closed:
                    raise ReadError("The connection pool was closed.") from error
                raise

    def _finish(self) -> Flow[None]:
        self._let_go()
        return
        yield

    def _let_go(self) -> None:
        self._pool._running.discard(self._operation)
        self._operation.cancel()

    def __del__(self) -> None:
        # A response that was forgotten, neither read to its end nor closed, frees its connection.
        self._let_go()


class Await(Effect):
    """Wait for the engine: for a response, with `body` for more of its content; for room in an upload."""

    __slots__ = ("_body", "_source")

    def __init__(self, source: Operation | Upload, body: bool = False) -> None:
        self._source: Any = source
        self._body = body

    def run(self) -> None:
        if self._body:
            self._source.wait_body()
        else:
            self._source.wait()

    async def arun(self) -> None:
        await current_backend().wait(self._source, body=self._body)


def _send(content: Content, upload: Upload) -> Flow[None]:
    """Produces a request's content as fast as the connection takes it."""
    try:
        while (piece := (yield content.next())) is not None:
            if not upload.push(piece if type(piece) is bytes else bytes(piece)):
                break
            yield Await(upload)
        else:
            upload.end()
    except GeneratorExit:
        raise
    except BaseException:
        yield Shielded(content.close())
        raise
    yield content.close()


@lru_cache(maxsize=1024)
def _plain_call(method: str, url: str) -> EngineCall | None:
    """What most requests are: a method and a URL, no more. None if the engine cannot carry it out."""
    request = request_of(method, url, None, None, None)
    return _call(request, False) if suits(request) else None


def _call(request: Request, is_streamed: bool) -> EngineCall:
    url, extensions = request.url, request.extensions
    address, target = _address(url.scheme, url.host, url.port, url.target)
    timeouts = extensions.get("timeout", {})
    settings = _settings(
        timeouts.get("connect"),
        timeouts.get("read"),
        timeouts.get("write"),
        timeouts.get("pool"),
        extensions.get("sni_hostname"),
        target,
        is_streamed,
    )
    stream = request.stream
    content = stream._content if type(stream) is ByteStream else None
    return request.method.decode("latin-1"), address, Headers(request.headers), content, settings


def _upload_of(call: EngineCall) -> Upload | None:
    """A pipe for content that is a stream."""
    return Upload() if call[3] is None else None


@lru_cache(maxsize=1024)
def _address(scheme: bytes, host: bytes, port: int | None, target: bytes) -> tuple[URL, str | None]:
    """The URL in the engine's terms; and the target, where a URL would have it written in another way."""
    name = b"[%b]" % host if b":" in host else host
    place = b"" if port is None else b":%d" % port
    authority = b"%b://%b%b" % (scheme, name, place)
    with ERRORS:
        if target.startswith(b"/"):
            url = URL((authority + target).decode("latin-1"))
            if url.raw_path == target:
                return url, None
        return URL((authority + b"/").decode("latin-1")), target.decode("latin-1")


@lru_cache(maxsize=1024)
def _settings(
    connect: float | None,
    read: float | None,
    write: float | None,
    pool: float | None,
    sni_hostname: str | bytes | None,
    target: str | None,
    is_streamed: bool,
) -> Settings:
    name = sni_hostname.decode("latin-1") if isinstance(sni_hostname, bytes) else sni_hostname
    with ERRORS:
        return Settings(
            connect=connect,
            read=read,
            write=write,
            pool=pool,
            stream=is_streamed,
            sni_hostname=name,
            target=target,
        )
