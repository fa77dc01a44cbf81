"""Requests and responses as they are on the wire: bytes, with header names in the case they were given.

Whatever ends up as bytes may be given as `str` too, if that is plain ASCII. Everything else is for the caller
to encode, who knows how.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from contextlib import aclosing
from functools import lru_cache
from inspect import isasyncgen
from urllib.parse import urlsplit

from .._lazy import lazy
from .._native import basic_authorization
from ._checked import (
    DEFAULT_PORTS,
    ByteStream,
    CheckedHeaders,
    authority,
    enforce_bytes,
    enforce_headers,
    enforce_stream,
)
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from typing import Any, Self

    from .._native import Headers
    from ._checked import Content, Extensions, HeadersAsMapping, HeadersAsSequence, HeaderTypes, RawHeaders

__all__ = ["URL", "Origin", "Proxy", "Request", "Response", "enforce_url"]


def enforce_url(value: URL | bytes | str, *, name: str) -> URL:
    """`value` as a URL."""
    if isinstance(value, URL):
        return value
    if isinstance(value, (bytes, str)):
        return URL(value)
    raise TypeError(f"{name} must be a URL, bytes, or str, but got {type(value).__name__}.")


@public
class Origin:
    """Scheme, host and port: what a connection is a connection to."""

    def __init__(self, scheme: bytes, host: bytes, port: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __str__(self) -> str:
        return (b"%b://%b" % (self.scheme, authority(self.host, self.port))).decode("ascii")

    def _parts(self) -> tuple[bytes, bytes, int]:
        return self.scheme, self.host, self.port


@lru_cache(maxsize=512)
def _split(url: bytes) -> tuple[bytes, bytes, int | None, bytes]:
    """Scheme, host, port and target."""
    parts = urlsplit(url)
    target = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
    return parts.scheme, parts.hostname or b"", parts.port, target


@public
class URL:
    """Where a request goes, and what it asks for there.

    Given as one string, the target is the URL's path and query. Given in parts, the target may be what no
    URL can express: `OPTIONS *`, or the complete URL that a proxy is asked for::

        URL(scheme="http", host="localhost", port=8080, target="https://www.example.com/")

    - `url`: a complete URL; the other arguments are used only without it.
    - `port`: None for the scheme's own.
    """

    def __init__(
        self,
        url: bytes | str = "",
        *,
        scheme: bytes | str = b"",
        host: bytes | str = b"",
        port: int | None = None,
        target: bytes | str = b"",
    ) -> None:
        self.scheme: bytes
        self.host: bytes
        self.port: int | None
        self.target: bytes
        if url:
            self.scheme, self.host, self.port, self.target = _split(enforce_bytes(url, name="url"))
        else:
            self.scheme = enforce_bytes(scheme, name="scheme")
            self.host = enforce_bytes(host, name="host")
            self.port = port
            self.target = enforce_bytes(target, name="target")

    @property
    def origin(self) -> Origin:
        """KeyError for a scheme that has no port of its own."""
        default = DEFAULT_PORTS[self.scheme]
        return Origin(scheme=self.scheme, host=self.host, port=self.port or default)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __bytes__(self) -> bytes:
        return b"%b://%b%b" % (self.scheme, authority(self.host, self.port), self.target)

    def __repr__(self) -> str:
        names = ("scheme", "host", "port", "target")
        shown = ", ".join(f"{name}={part!r}" for name, part in zip(names, self._parts(), strict=True))
        return f"{type(self).__name__}({shown})"

    def _parts(self) -> tuple[bytes, bytes, int | None, bytes]:
        return self.scheme, self.host, self.port, self.target


@public
class Request:
    """An HTTP request.

    - `content`: bytes, or an iterable of bytes; in async code an async iterable.
    - `extensions`: what HTTP has no words for: "timeout", "trace", "sni_hostname", and "target", which
      replaces the URL's.
    """

    def __init__(
        self,
        method: bytes | str,
        url: URL | bytes | str,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> None:
        self.method: bytes = enforce_bytes(method, name="method")
        self.url: URL = enforce_url(url, name="url")
        self.headers: RawHeaders = enforce_headers(headers, name="headers")
        self.stream: Iterable[bytes] | AsyncIterable[bytes] = enforce_stream(content, name="content")
        self.extensions: Extensions = {} if extensions is None else extensions
        if "target" in self.extensions:
            url = self.url
            self.url = URL(scheme=url.scheme, host=url.host, port=url.port, target=self.extensions["target"])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.method!r}]>"


@public
class Response:
    """An HTTP response. Its content is streamed once, or read and kept.

    `extensions` has "http_version", "reason_phrase" and "network_stream", with HTTP/2 also "stream_id".
    """

    # What the engine has received, from which `headers` are made.
    _fields: Headers

    def __init__(
        self,
        status: int,
        *,
        headers: HeaderTypes = None,
        content: Content = None,
        extensions: Extensions | None = None,
    ) -> None:
        self.status: int = status
        self.headers = enforce_headers(headers, name="headers")
        self.stream: Iterable[bytes] | AsyncIterable[bytes] = enforce_stream(content, name="content")
        self.extensions: Extensions = {} if extensions is None else extensions
        self._stream_consumed = False
        self._content: bytes | None = None

    @classmethod
    def _complete(cls, status: int, fields: Headers, content: bytes, extensions: Extensions) -> Self:
        """A response of the engine, all of which is there. Its headers become pairs when asked for."""
        self = cls.__new__(cls)
        self.status = status
        self._fields = fields
        self.stream = ByteStream(content)
        self.extensions = extensions
        self._stream_consumed = True
        self._content = content
        return self

    @lazy
    def headers(self) -> RawHeaders:
        """Name and value of each field, in the order they came."""
        return CheckedHeaders(self._fields.raw)

    @property
    def content(self) -> bytes:
        if self._content is None:
            call = "response.read()" if isinstance(self.stream, Iterable) else "await response.aread()"
            raise RuntimeError(
                f"The content of a streaming response is not there before '{call}' was called."
            )
        return self._content

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status}]>"

    def __getstate__(self) -> dict[str, Any]:
        assert self.headers is not None, "asked for, they are among what is kept"
        return {name: value for name, value in self.__dict__.items() if name != "_fields"}

    def _keep(self, content: bytes) -> None:
        """The content was read."""
        self._content = content
        self._stream_consumed = True

    def read(self) -> bytes:
        """The whole content, which is kept."""
        self._sync_stream("read", "aread")
        if self._content is None:
            self._content = b"".join(self.iter_stream())
        return self._content

    def iter_stream(self) -> Iterator[bytes]:
        """The content as it arrives. RuntimeError the second time."""
        stream = self._sync_stream("iter_stream", "aiter_stream")
        self._consume("iter_stream")
        yield from stream

    def close(self) -> None:
        """Lets go of the connection, whatever of the content is yet to come."""
        stream: Any = self._sync_stream("close", "aclose")
        if hasattr(stream, "close"):
            stream.close()

    async def aread(self) -> bytes:
        """The whole content, which is kept."""
        self._async_stream("aread", "read")
        if self._content is None:
            async with aclosing(self.aiter_stream()) as pieces:
                self._content = b"".join([piece async for piece in pieces])
        return self._content

    async def aiter_stream(self) -> AsyncGenerator[bytes, None]:
        """The content as it arrives. RuntimeError the second time."""
        stream = self._async_stream("aiter_stream", "iter_stream")
        self._consume("aiter_stream")
        pieces: AsyncIterator[bytes] = stream.__aiter__()
        try:
            async for piece in pieces:
                yield piece
        finally:
            # Otherwise the garbage collector would close it, in no task at all.
            if isasyncgen(pieces):
                await pieces.aclose()

    async def aclose(self) -> None:
        """Lets go of the connection, whatever of the content is yet to come."""
        stream: Any = self._async_stream("aclose", "close")
        if hasattr(stream, "aclose"):
            await stream.aclose()

    def _consume(self, method: str) -> None:
        if self._stream_consumed:
            raise RuntimeError(
                f"'response.{method}()' was called a second time; the content is streamed once."
            )
        self._stream_consumed = True

    def _sync_stream(self, method: str, instead: str) -> Iterable[bytes]:
        if isinstance(self.stream, Iterable):
            return self.stream
        raise RuntimeError(
            f"This is an async response: use 'response.{instead}()', not 'response.{method}()'."
        )

    def _async_stream(self, method: str, instead: str) -> AsyncIterable[bytes]:
        if isinstance(self.stream, AsyncIterable):
            return self.stream
        raise RuntimeError(f"This is a sync response: use 'response.{instead}()', not 'response.{method}()'.")


@public
class Proxy:
    """A proxy to send requests through.

    - `auth`: user name and password.
    - `headers`: sent to the proxy itself.
    - `ssl_context`: for the connection to an `https://` proxy.
    """

    def __init__(
        self,
        url: URL | bytes | str,
        auth: tuple[bytes | str, bytes | str] | None = None,
        headers: HeadersAsMapping | HeadersAsSequence | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.url = enforce_url(url, name="url")
        self.headers = enforce_headers(headers, name="headers")
        self.ssl_context = ssl_context
        self.auth: tuple[bytes, bytes] | None = None
        if auth is not None:
            username, password = (enforce_bytes(part, name="auth") for part in auth)
            self.auth = username, password
            self.headers.insert(0, (b"Proxy-Authorization", basic_authorization(username, password).encode()))
