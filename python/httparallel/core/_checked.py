"""What programs give for bytes, headers and content, checked and in one form."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, MutableMapping
    from typing import Any, TypeAlias

    from ._models import URL

    HeadersAsSequence: TypeAlias = Sequence[tuple[bytes | str, bytes | str]]
    HeadersAsMapping: TypeAlias = Mapping[bytes | str, bytes | str]
    HeaderTypes: TypeAlias = HeadersAsSequence | HeadersAsMapping | None
    Content: TypeAlias = bytes | Iterable[bytes] | AsyncIterable[bytes] | None
    Extensions: TypeAlias = MutableMapping[str, Any]
    RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

__all__ = [
    "DEFAULT_PORTS",
    "ByteStream",
    "CheckedHeaders",
    "authority",
    "enforce_bytes",
    "enforce_headers",
    "enforce_stream",
    "include_request_headers",
]

DEFAULT_PORTS = {
    b"ftp": 21,
    b"http": 80,
    b"https": 443,
    b"ws": 80,
    b"wss": 443,
    b"socks5": 1080,
    b"socks5h": 1080,
}


def enforce_bytes(value: bytes | str, *, name: str) -> bytes:
    """`value` as bytes. TypeError, which names the argument, if it is neither bytes nor ASCII text."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{name} must be bytes or str, but got {type(value).__name__}.")
    try:
        return value.encode("ascii")
    except UnicodeEncodeError:
        raise TypeError(f"{name} strings may not include unicode characters.") from None


class CheckedHeaders(list[tuple[bytes, bytes]]):
    """Headers that are known to be pairs of bytes, which need not be found out again."""


def enforce_headers(value: HeaderTypes = None, *, name: str) -> RawHeaders:
    """`value` as a list of pairs of bytes."""
    if type(value) is CheckedHeaders:
        return CheckedHeaders(value)
    if value is None:
        return CheckedHeaders()
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[bytes | str, bytes | str]] = value.items()
    elif isinstance(value, Sequence):
        pairs = value
    else:
        raise TypeError(
            f"{name} must be a mapping or sequence of two-tuples, but got {type(value).__name__}."
        )
    return CheckedHeaders(
        (enforce_bytes(key, name="header name"), enforce_bytes(item, name="header value"))
        for key, item in pairs
    )


def enforce_stream(value: Content, *, name: str) -> Iterable[bytes] | AsyncIterable[bytes]:
    """`value` as something to iterate over: bytes as one piece."""
    if value is None:
        return ByteStream(b"")
    if isinstance(value, bytes):
        return ByteStream(value)
    if not isinstance(value, str):
        if isinstance(value, AsyncIterable):
            return value
        if isinstance(value, Iterable):
            return value
    raise TypeError(f"{name} must be bytes or an iterable of bytes, but got {type(value).__name__}.")


def include_request_headers(headers: RawHeaders, *, url: URL, content: Content) -> RawHeaders:
    """`headers` with those that HTTP requires, unless they are there: Host, and how long the content is."""
    present = {name.lower() for name, _ in headers}
    result = CheckedHeaders(headers)
    if b"host" not in present:
        port = None if url.port == DEFAULT_PORTS.get(url.scheme) else url.port
        result.insert(0, (b"Host", authority(url.host, port)))
    if content is not None and not present & {b"content-length", b"transfer-encoding"}:
        if isinstance(content, bytes):
            result.append((b"Content-Length", b"%d" % len(content)))
        else:
            result.append((b"Transfer-Encoding", b"chunked"))
    return result


def authority(host: bytes, port: int | None) -> bytes:
    """Host and port as URLs, the Host header and CONNECT have them."""
    # RFC 3986, section 3.2.2: an IPv6 address is "distinguished by enclosing the IP literal within square
    # brackets".
    host = b"[%b]" % host if b":" in host and not host.startswith(b"[") else host
    return host if port is None else b"%b:%d" % (host, port)


class ByteStream:
    """Content that is one piece of bytes, for sync and async code alike."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        yield self._content

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{len(self._content)} bytes]>"
