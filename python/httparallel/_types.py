"""Names for the types that arguments may have. Loads `typing` and more: import it for type checking only.

Reply and Decoder describe what this layer needs of the native module.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, TypeVar, Union

from ._streams import AsyncByteStream, SyncByteStream

if TYPE_CHECKING:
    import os
    import ssl

    from ._auth import Auth
    from ._config import Proxy, Timeout
    from ._cookies import Cookies
    from ._native import URL, Headers, QueryParams
    from ._request import Request
    from ._response import Response
    from ._retry import Retry

__all__ = ["AsyncByteStream", "SyncByteStream"]

PrimitiveData: TypeAlias = str | int | float | bool | None

URLTypes: TypeAlias = Union["URL", str]

QueryParamTypes: TypeAlias = Union[
    "QueryParams",
    Mapping[str, PrimitiveData | Sequence[PrimitiveData]],
    list[tuple[str, PrimitiveData]],
    tuple[tuple[str, PrimitiveData], ...],
    str,
    bytes,
]

HeaderTypes: TypeAlias = Union[
    "Headers",
    Mapping[str, str],
    Mapping[bytes, bytes],
    Sequence[tuple[str, str]],
    Sequence[tuple[bytes, bytes]],
]

CookieTypes: TypeAlias = Union["Cookies", CookieJar, dict[str, str], list[tuple[str, str]]]

TimeoutTuple: TypeAlias = tuple[float | None, float | None, float | None, float | None]
TimeoutTypes: TypeAlias = Union[float, TimeoutTuple, "Timeout", None]
RetryTypes: TypeAlias = Union["Retry", int, None]
ProxyTypes: TypeAlias = Union["URL", str, "Proxy"]
SocketOption: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray]
CertTypes: TypeAlias = str | tuple[str, str] | tuple[str, str, str]
AuthTypes: TypeAlias = Union[tuple[str | bytes, str | bytes], Callable[["Request"], "Request"], "Auth"]


class AsyncFile(Protocol):
    """A file of anyio, trio or aiofiles, opened in binary mode, or another one with `async def read`."""

    async def read(self, size: int, /) -> bytes: ...


RequestContent: TypeAlias = str | bytes | Iterable[bytes] | AsyncIterable[bytes] | AsyncFile
RequestData: TypeAlias = Mapping[str, Any]
RequestExtensions: TypeAlias = Mapping[str, Any]


class RequestOptions(TypedDict, total=False):
    """What a single request may be told beside the arguments of httpx. They become its `extensions`.

    - `proxy`: the proxy that this request goes through, or None for no proxy, whatever the client has.
    - `verify`: how servers are verified for this request: True, False, a path, or an `ssl.SSLContext`.
        - `retries`: when the request is sent again: a `Retry`, how often, or None for not at all.
    - `max_body`: the most bytes that the body may have, as sent and decoded; None for no limit.

    Requests that differ in `proxy` or `verify` share no connections. Redirects keep all of them.
    """

    proxy: ProxyTypes | None
    verify: ssl.SSLContext | str | os.PathLike[str] | bool
    retries: RetryTypes
    max_body: int | None


ResponseContent: TypeAlias = str | bytes | Iterable[bytes] | AsyncIterable[bytes]
ResponseExtensions: TypeAlias = Mapping[str, Any]

FileContent: TypeAlias = IO[bytes] | bytes | str | AsyncFile
FileTypes: TypeAlias = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles: TypeAlias = Mapping[str, FileTypes] | Sequence[tuple[str, FileTypes]]


class JSONCodecTypes(Protocol):
    """What reads and writes JSON: `json`, `orjson`, a `JSONCodec`."""

    @property
    def dumps(self) -> Callable[[Any], str | bytes]: ...
    @property
    def loads(self) -> Callable[..., Any]: ...


DefaultEncoding: TypeAlias = str | Callable[[bytes], str | None]


_Made = TypeVar("_Made")
# Queue, dns, connect, tls, send, wait, receive, total; connection, reused, attempts.
Seconds: TypeAlias = float | None
TimingFields: TypeAlias = tuple[
    Seconds,
    Seconds,
    Seconds,
    Seconds,
    Seconds,
    Seconds,
    Seconds,
    Seconds,
    int | None,
    bool,
    int,
]


class Reply(Protocol):
    """What the engine delivers for one request. Every attribute is computed when it is asked for."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> bytes: ...
    @property
    def version(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def url(self) -> URL: ...
    @property
    def method(self) -> str: ...
    @property
    def request_headers(self) -> Headers: ...
    @property
    def request_content(self) -> bytes | None: ...
    @property
    def elapsed(self) -> float: ...
    @property
    def timings(self) -> TimingFields: ...
    @property
    def history(self) -> Sequence[Reply]: ...
    @property
    def num_bytes_downloaded(self) -> int: ...
    @property
    def stream_id(self) -> int | None: ...
    def extra_info(self, info: str, /) -> Any: ...  # noqa: ANN401 - each name has its own type
    def content(self) -> bytes: ...
    def response(self, kind: type[_Made], client: object, /) -> _Made: ...


class ClientDefaults(Protocol):
    """What a response asks of the client that made it."""

    @property
    def default_encoding(self) -> DefaultEncoding: ...
    @property
    def json_codec(self) -> JSONCodecTypes | None: ...
    def next_request(self, response: Response, /) -> Request | None: ...


class Decoder(Protocol):
    """Undoes the content codings of a body. Raises DecodingError."""

    def decode(self, data: bytes, /) -> bytes: ...
    @property
    def has_more(self) -> bool: ...
    def flush(self) -> bytes: ...
