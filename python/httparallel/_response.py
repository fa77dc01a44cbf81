"""A response: status, headers and body.

A response is made in one of two ways. By hand, or by a transport written in Python, with `Response(...)`.
Or from a native Reply, for which `_from_reply` stores two references and no more: every other attribute is
computed when it is first asked for, and kept.
"""

from __future__ import annotations

from ._body import Body
from ._exceptions import HTTPStatusError
from ._lazy import lazy
from ._native import Headers, parse_links
from ._public import public
from ._received import _Received
from ._streams import ByteStream, UnattachedStream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from typing import Any, Self

    from ._cookies import Cookies
    from ._native import URL
    from ._request import Request
    from ._streams import AsyncByteStream, SyncByteStream
    from ._timings import Timings
    from ._types import (
        ClientDefaults,
        DefaultEncoding,
        HeaderTypes,
        Reply,
        ResponseContent,
        ResponseExtensions,
    )

# RFC 9110, section 15.4: the codes whose Location is where to go next. 300, 304 and 305 are none of them.
REDIRECTS = frozenset((301, 302, 303, 307, 308))

_ERROR_TYPES = {
    1: "Informational response",
    3: "Redirect response",
    4: "Client error",
    5: "Server error",
}


@public
class Response(Body):
    """One response.

    - `content`, `text`, `html`, `json`: the body; it fills in the headers that describe it.
    - `stream`: a body for which no header is filled in, as a transport receives it.
    - `default_encoding`: the text encoding to assume if the headers name none, or a function of the content.
    """

    status_code: int

    def __init__(
        self,
        status_code: int,
        *,
        headers: HeaderTypes | None = None,
        content: ResponseContent | None = None,
        text: str | None = None,
        html: str | None = None,
        json: object = None,
        stream: SyncByteStream | AsyncByteStream | None = None,
        request: Request | None = None,
        extensions: ResponseExtensions | None = None,
        history: list[Response] | None = None,
        default_encoding: DefaultEncoding = "utf-8",
    ) -> None:
        self.is_closed = self.is_stream_consumed = False
        self.status_code = status_code
        self.headers = Headers(headers)
        self._request = request
        self.default_encoding = default_encoding
        if extensions is not None:
            self.extensions = dict(extensions)
        if history is not None:
            self.history = list(history)
        if stream is not None:
            self.stream = stream
            return
        from ._content import encode_response

        described, self.stream = encode_response(content, text, html, json)
        for name, value in described.items():
            if name == "Transfer-Encoding" and "Content-Length" in self.headers:
                continue
            self.headers.setdefault(name, value)
        if not isinstance(self.stream, ByteStream):
            return
        if "Content-Encoding" in self.headers:
            self.read()
            self._num_bytes_downloaded = 0  # nothing was: the content was here all along
        else:
            self._content = self.stream._stream
            self.is_closed = self.is_stream_consumed = True

    @classmethod
    def _from_reply(
        cls,
        reply: Reply,
        defaults: ClientDefaults,
        stream: SyncByteStream | AsyncByteStream | None = None,
    ) -> Self:
        """A response for what the engine delivers. Without a stream, the reply holds the whole body."""
        self: Self = reply.response(cls, defaults)
        if stream is not None:
            self.is_closed = self.is_stream_consumed = False
            self._is_streamed = True
            self.stream = stream
        return self

    # The attributes that are computed when asked for.

    @lazy
    def extensions(self) -> dict[str, Any]:
        """What HTTP has no place for: `http_version`, `reason_phrase`, `network_stream`, `stream_id`."""
        reply = self._reply
        if reply is None:
            return {}
        extensions: dict[str, Any] = {"http_version": reply.version}
        reason, stream_id = reply.reason, reply.stream_id
        # RFC 9113, section 8.3.2: HTTP/2 has no reason phrase; in HTTP/1.1 an empty one was sent.
        if reason or stream_id is None:
            extensions["reason_phrase"] = reason
        if stream_id is not None:
            extensions["stream_id"] = stream_id
        from ._network_stream import EngineNetworkStream

        extensions["network_stream"] = EngineNetworkStream(reply)
        return extensions

    @lazy
    def history(self) -> list[Response]:
        """The redirect responses that led here, the oldest first."""
        reply, defaults = self._reply, self._defaults
        if reply is None or defaults is None:
            return []
        history: list[Response] = []
        for earlier in reply.history:
            response = Response._from_reply(earlier, defaults)
            response.history = list(history)
            history.append(response)
        return history

    @lazy
    def next_request(self) -> Request | None:
        """The request that would follow this redirect, if redirects are not followed automatically."""
        if self._defaults is None or not self.has_redirect_location:
            return None
        return self._defaults.next_request(self)

    @lazy
    def cookies(self) -> Cookies:
        """The cookies that this response sets, also those that would have to come by `https` to be kept."""
        from ._cookies import Cookies

        cookies = Cookies()
        cookies._extract(self, scheme="https")
        return cookies

    # What the status line and the request say.

    @property
    def request(self) -> Request:
        """The request that this answers. RuntimeError if the response was made without one."""
        request = self._request
        if request is None:
            raise RuntimeError("The request instance has not been set on this response.")
        return request

    @request.setter
    def request(self, value: Request) -> None:
        self._request = value

    @property
    def url(self) -> URL:
        """The URL that was requested; after redirects, the last one."""
        return self.request.url

    @property
    def http_version(self) -> str:
        """`HTTP/1.0`, `HTTP/1.1`, `HTTP/2` or `HTTP/3`."""
        version: bytes = self.extensions.get("http_version", b"HTTP/1.1")
        return version.decode("ascii", "ignore")

    @property
    def reason_phrase(self) -> str:
        """The reason phrase as it was sent; if none was, the registered one."""
        if "reason_phrase" in self.extensions:
            sent: bytes = self.extensions["reason_phrase"]
            return sent.decode("ascii", "ignore")
        from ._status_codes import codes

        return codes.get_reason_phrase(self.status_code)

    @property
    def is_informational(self) -> bool:
        """1xx."""
        return 100 <= self.status_code <= 199

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status_code <= 299

    @property
    def is_redirect(self) -> bool:
        """3xx. Not all of them say where to go: `has_redirect_location`."""
        return 300 <= self.status_code <= 399

    @property
    def is_client_error(self) -> bool:
        """4xx."""
        return 400 <= self.status_code <= 499

    @property
    def is_server_error(self) -> bool:
        """5xx."""
        return 500 <= self.status_code <= 599

    @property
    def is_error(self) -> bool:
        """4xx or 5xx."""
        return 400 <= self.status_code <= 599

    @property
    def has_redirect_location(self) -> bool:
        """Whether this is a redirect that says where to go."""
        return self.status_code in REDIRECTS and "Location" in self.headers

    def raise_for_status(self) -> Self:
        """Raises HTTPStatusError unless the status is a success; returns the response if it is."""
        if self._reply is None and self._request is None:
            raise RuntimeError(
                "Cannot call `raise_for_status` as the request instance has not been set on this response."
            )
        if self.is_success:
            return self
        kind = _ERROR_TYPES.get(self.status_code // 100, "Invalid status code")
        lines = [f"{kind} '{self.status_code} {self.reason_phrase}' for url '{self.url}'"]
        if self.has_redirect_location:
            lines.append(f"Redirect location: '{self.headers['location']}'")
        reference = "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status"
        lines.append(f"For more information check: {reference}/{self.status_code}")
        raise HTTPStatusError("\n".join(lines), request=self.request, response=self)

    @property
    def elapsed(self) -> datetime.timedelta:
        """The time from sending the request to the end of the response.

        RuntimeError before the response has been read or closed.
        """
        from datetime import timedelta

        elapsed: timedelta | None = self.__dict__.get("_elapsed")
        if elapsed is None:
            # A stream knows when it ended; a reply whose body is streamed was made when that began.
            elapsed = getattr(self.__dict__.get("stream"), "elapsed", None)
        if elapsed is None and self._reply is not None and self.is_closed:
            elapsed = self._elapsed = timedelta(seconds=self._reply.elapsed)
        if elapsed is None:
            raise RuntimeError("'.elapsed' may only be accessed after the response has been read or closed.")
        return elapsed

    @elapsed.setter
    def elapsed(self, elapsed: datetime.timedelta) -> None:
        self._elapsed = elapsed

    @property
    def timings(self) -> Timings:
        """How long the parts of the request took, and which connection it went over.

        Parts that are not known, or not over, are None: of a streamed response, `receive` and `total` before
        its body has been read or closed.
        """
        from ._timings import Timings, measured_outside

        kept: Timings | None = self.__dict__.get("_timings")
        if kept is not None:
            return kept
        # A stream knows what came after the reply was made.
        source = self.__dict__.get("stream")
        fields = getattr(source if isinstance(source, _Received) else self._reply, "timings", None)
        if fields is not None:
            return Timings._from_fields(fields)
        elapsed: datetime.timedelta | None = self.__dict__.get("_elapsed")
        return measured_outside(self._waited, None if elapsed is None else elapsed.total_seconds())

    # What follows a redirect, what is set, and what is stored.

    @property
    def links(self) -> dict[str | None, dict[str, str]]:
        """The links of the header `Link`, by relation, or by URL if they have none."""
        header = self.headers.get("link")
        if header is None:
            return {}
        return {link.get("rel") or link["url"]: link for link in parse_links(header)}

    @property
    def num_bytes_downloaded(self) -> int:
        """How many bytes of the body have come so far, as they were sent."""
        if self._reply is not None and not self._is_streamed:
            return self._reply.num_bytes_downloaded
        return self._num_bytes_downloaded

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"

    def __getstate__(self) -> dict[str, Any]:
        # What is still in the reply has to be taken out of it.
        for name in ("headers", "history", "next_request", "default_encoding", "_request"):
            getattr(self, name)
        if self._is_read and self._reply is not None:
            self._elapsed = self.elapsed
        self._timings = self.timings
        # Extensions hold sockets and callables, a codec may be a module; a stream that was not read cannot be
        # carried over.
        left_out = {"extensions", "stream", "is_closed", "_reply", "_is_streamed", "_defaults", "_json_codec"}
        state = {name: value for name, value in self.__dict__.items() if name not in left_out}
        return {**state, "_num_bytes_downloaded": self.num_bytes_downloaded}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.is_closed = True
        if state.get("_whole") is None:
            self.stream = UnattachedStream()
