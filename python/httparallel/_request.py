"""A request: method, URL, headers and body. It is a description; the client sends it."""

from __future__ import annotations

from ._exceptions import RequestNotRead
from ._lazy import lazy
from ._native import URL, Headers, complete_headers
from ._public import public
from ._streams import ByteStream, UnattachedStream, is_replayable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._streams import AsyncByteStream, SyncByteStream
    from ._types import (
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        Reply,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
    )

# What an auth flow adds that is nobody's secret.
_DESCRIPTIVE = frozenset((b"host", b"content-length", b"content-type", b"transfer-encoding"))


@public
class Request:
    """One request.

    - `content`, `data` (with `files`), `json`: the body; it fills in the headers that describe it.
    - `stream`: a body for which no header is filled in, not even `Host`; for code that passes requests on.
    - `extensions`: what HTTP has no place for, such as `{"timeout": {...}}` or `{"sni_hostname": "..."}`.
    """

    method: str
    # The headers as they were before an auth flow added its own, which belong to the origin.
    _unauthenticated: Headers | None = None
    # Whether a redirect on the way here led to another origin than the first request's.
    _is_abroad = False

    def __init__(
        self,
        method: str,
        url: URL | str,
        *,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        extensions: RequestExtensions | None = None,
    ) -> None:
        if not isinstance(method, str):
            raise TypeError(f"The method must be a str, not {type(method).__name__}.")
        self.method = method.upper()
        self.url = URL(url) if params is None else URL(url, params=params)
        self.headers = Headers(headers)
        if extensions is not None:
            self.extensions = dict(extensions)
        if cookies:
            self._add_cookies(cookies)
        if stream is not None:
            self.stream = stream
            return
        if content is None and data is None and files is None and json is None:
            self._content = b""
            self.headers = complete_headers(self.method, self.url, self.headers, {})
            return
        from ._content import encode_request

        described, self.stream = encode_request(content, data, files, json, self._boundary(files))
        self.headers = complete_headers(self.method, self.url, self.headers, described)
        if isinstance(self.stream, ByteStream):
            self.read()

    @classmethod
    def _from_reply(cls, reply: Reply) -> Request:
        """The request that was answered by `reply`, after all redirects."""
        self = cls.__new__(cls)
        self.method = reply.method
        self.url = reply.url
        self.headers = reply.request_headers
        content = reply.request_content
        if content is None:
            self.stream = UnattachedStream()
        else:
            self._content = content
        return self

    # Computed when asked for, because most requests are sent without anybody looking at these.

    @lazy
    def extensions(self) -> dict[str, Any]:
        """What HTTP has no place for."""
        return {}

    @lazy
    def stream(self) -> SyncByteStream | AsyncByteStream:
        """The body, as it will be sent."""
        return ByteStream(self.content)

    @lazy
    def _content(self) -> bytes:
        # Present once the body has been read, as `hasattr(request, "_content")` in others' code expects.
        raise AttributeError("_content")

    def _add_cookies(self, cookies: CookieTypes) -> None:
        from ._cookies import Cookies

        # Not a copy: a jar of the user's own class may have rules of its own.
        (cookies if isinstance(cookies, Cookies) else Cookies(cookies)).set_cookie_header(self)

    def _boundary(self, files: RequestFiles | None) -> bytes | None:
        if not files:
            return None
        from ._multipart import boundary_of

        return boundary_of(self.headers.get("content-type"))

    @property
    def content(self) -> bytes:
        """The whole body. RequestNotRead if it is a stream that has not been read."""
        try:
            return self._content
        except AttributeError:
            raise RequestNotRead from None

    def read(self) -> bytes:
        """Reads the body into memory, from where it can be sent any number of times."""
        if "_content" not in self.__dict__:
            stream = self.stream
            if not hasattr(stream, "__iter__"):
                raise RuntimeError("The body is an asynchronous stream: use 'await request.aread()'.")
            self._replace_stream(b"".join(stream))
        return self._content

    async def aread(self) -> bytes:
        """Reads the body into memory, from where it can be sent any number of times."""
        if "_content" not in self.__dict__:
            from ._async_files import for_async

            stream = for_async(self.stream)
            if not hasattr(stream, "__aiter__"):
                raise RuntimeError("The body is a synchronous stream: use 'request.read()'.")
            self._replace_stream(b"".join([part async for part in stream]))
        return self._content

    @property
    def _is_replayable(self) -> bool:
        """Whether the body can be sent again, from its beginning."""
        return "_content" in self.__dict__ or is_replayable(self.stream)

    def _put_there_by_auth(self) -> tuple[str, ...]:
        """The names of the headers that an auth flow has added or changed."""
        before = self._unauthenticated
        if before is None:
            return ()
        known = {(name.lower(), value) for name, value in before.raw}
        fields = [(name.lower(), value) for name, value in self.headers.raw]
        added = [name for name, value in fields if (name, value) not in known]
        return tuple(name.decode("ascii") for name in added if name not in _DESCRIPTIVE)

    def _replace_stream(self, content: bytes) -> None:
        self._content = content
        if not isinstance(self.stream, ByteStream):
            self.stream = ByteStream(content)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.method!r}, {str(self.url)!r})>"

    def __getstate__(self) -> dict[str, Any]:
        # Extensions hold callables and sockets; a stream that was not read cannot be carried over.
        return {name: value for name, value in self.__dict__.items() if name not in ("extensions", "stream")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_content" not in state:
            self.stream = UnattachedStream()
