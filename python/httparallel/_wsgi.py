"""One request to a WSGI application (PEP 3333)."""

from __future__ import annotations

import io
import sys

from ._response import Response
from ._streams import SyncByteStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from typing import Any, TypeAlias

    from ._app_transports import WSGITransport
    from ._request import Request

    ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def answer(transport: WSGITransport, request: Request) -> Response:
    """Calls the application for one request. What it iterates over is the response's stream."""
    start = _Start()
    stream = _ResultStream(transport.app(_environ(transport, request), start), start)
    if start.error is not None and transport.raise_app_exceptions:
        stream.close()
        raise start.error
    if start.status is None:
        stream.close()
        raise RuntimeError("The WSGI application did not call 'start_response'.")
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in start.headers]
    return Response(int(start.status.split()[0]), headers=headers, stream=stream)


def _environ(transport: WSGITransport, request: Request) -> dict[str, Any]:
    content = request.read()
    url = request.url
    environ: dict[str, Any] = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": transport.wsgi_errors or sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": transport.script_name,
        # PEP 3333, "Unicode Issues": strings here are bytes, each as the code point of that number.
        "PATH_INFO": url.path.encode().decode("latin-1"),
        "QUERY_STRING": url.query.decode("ascii"),
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": transport.remote_addr,
    }
    if content:
        environ["CONTENT_LENGTH"] = str(len(content))
    for raw_name, raw_value in request.headers.raw:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ[name] = value
        elif f"HTTP_{name}" in environ:
            environ[f"HTTP_{name}"] += ("; " if name == "COOKIE" else ", ") + value
        else:
            environ[f"HTTP_{name}"] = value
    return environ


class _Start:
    """The function `start_response`, and what it was called with."""

    status: str | None = None
    error: BaseException | None = None

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], None]:
        self.status, self.headers = status, headers
        self.error = exc_info[1] if exc_info else None
        return self.written.append


class _ResultStream(SyncByteStream):
    """What the application returned, after what it has written."""

    def __init__(self, result: Iterable[bytes], start: _Start) -> None:
        self._close: Callable[[], object] | None = getattr(result, "close", None)
        self._start = start
        self._rest = iter(result)
        # A generator may call `start_response` as late as with its first piece of content.
        self._first = next((piece for piece in self._rest if piece), b"")

    def __iter__(self) -> Iterator[bytes]:
        yield from self._start.written
        if self._first:
            yield self._first
        yield from self._rest

    def close(self) -> None:
        if self._close is not None:
            self._close()
