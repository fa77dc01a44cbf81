"""Every exception of this package.

::

    HTTPError
    ├── RequestError                    no usable response; `.request` says for which request
    │   ├── TransportError
    │   │   ├── TimeoutException
    │   │   │   ├── ConnectTimeout
    │   │   │   ├── ReadTimeout
    │   │   │   ├── WriteTimeout
    │   │   │   ├── PoolTimeout
    │   │   │   └── TotalTimeout        the deadline of the whole request
    │   │   ├── NetworkError
    │   │   │   ├── ConnectError
    │   │   │   ├── ReadError
    │   │   │   ├── WriteError
    │   │   │   └── CloseError
    │   │   ├── ProtocolError
    │   │   │   ├── LocalProtocolError
    │   │   │   └── RemoteProtocolError
    │   │   ├── ProxyError
    │   │   ├── UnsupportedProtocol
    │   │   └── SSEError
    │   ├── DecodingError
    │   │   └── BodyTooLarge
    │   ├── TooManyRedirects
    │   └── RequestCancelled
    └── HTTPStatusError                 a 4xx or 5xx response, from `raise_for_status()`
    InvalidURL
    CookieConflict
    StreamError (RuntimeError)          a body was used in a way it does not allow
    ├── StreamConsumed
    ├── StreamClosed
    ├── ResponseNotRead
    └── RequestNotRead

All of them can be pickled, `.request` and `.response` included.
"""

from __future__ import annotations

from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ._request import Request
    from ._response import Response

__all__ = [
    "BodyTooLarge",
    "CloseError",
    "ConnectError",
    "ConnectTimeout",
    "CookieConflict",
    "DecodingError",
    "HTTPError",
    "HTTPStatusError",
    "HTTPXDeprecationWarning",
    "InvalidPort",
    "InvalidURL",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "RequestCancelled",
    "RequestError",
    "RequestNotRead",
    "ResponseNotRead",
    "SSEError",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "TimeoutException",
    "TooManyRedirects",
    "TotalTimeout",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
]


def _reduce(self: BaseException) -> tuple[Any, ...]:
    # BaseException pickles as `cls(*args)`, which fails for every class whose `__init__` wants keywords,
    # or no argument at all. `args` is part of the state because OSError, which users mix in, sets it in
    # `__init__` only.
    from copyreg import __newobj__  # type: ignore[attr-defined]

    return __newobj__, (type(self), *self.args), {**self.__dict__, "args": self.args}


@public
class HTTPXDeprecationWarning(UserWarning):
    """A name or an argument that will go away. Shown by default, unlike `DeprecationWarning`."""


@public
class HTTPError(Exception):
    """Whatever can go wrong with a request, from an unreachable host to a 404 that was checked for."""

    _request: Request | None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self._request = None

    @property
    def request(self) -> Request:
        """The request that failed. RuntimeError if nobody has said which one it was."""
        if self._request is None:
            raise RuntimeError("The .request property has not been set.")
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request

    __reduce__ = _reduce


@public
class RequestError(HTTPError):
    """The request got no usable response."""

    def __init__(self, message: str, *, request: Request | None = None) -> None:
        super().__init__(message)
        self._request = request


@public
class TransportError(RequestError):
    """The exchange with the server failed."""


@public
class TimeoutException(TransportError):
    """A time limit was reached; the subclass says which."""


@public
class ConnectTimeout(TimeoutException):
    """No connection was established in time: name resolution, connect and TLS handshake."""


@public
class ReadTimeout(TimeoutException):
    """The server sent nothing for too long."""


@public
class WriteTimeout(TimeoutException):
    """The server took nothing for too long."""


@public
class PoolTimeout(TimeoutException):
    """No connection of the pool became free in time."""


@public
class TotalTimeout(TimeoutException):
    """The deadline for the whole request passed, redirects and body included."""


@public
class NetworkError(TransportError):
    """The network failed."""


@public
class ReadError(NetworkError):
    """The connection broke while the response was awaited or read."""


@public
class WriteError(NetworkError):
    """The connection broke while the request was sent."""


@public
class ConnectError(NetworkError):
    """No connection could be established: unknown host, refused, unreachable, TLS failure."""


@public
class CloseError(NetworkError):
    """The connection could not be closed properly."""


@public
class ProxyError(TransportError):
    """The proxy refused or failed."""


@public
class UnsupportedProtocol(TransportError):
    """The URL's scheme is missing, or is none that this client speaks."""


@public
class ProtocolError(TransportError):
    """One of the two sides broke HTTP's rules."""


@public
class LocalProtocolError(ProtocolError):
    """This request breaks HTTP's rules; nothing of it was sent."""


@public
class RemoteProtocolError(ProtocolError):
    """What the server sent breaks HTTP's rules, or ends before its announced end."""


@public
class SSEError(TransportError):
    """The response is not an event stream, or holds a malformed event."""


@public
class DecodingError(RequestError):
    """The body is not what its `Content-Encoding` says."""


@public
class BodyTooLarge(DecodingError):
    """The body, as sent or decoded, is larger than the limit set for it.

    A DecodingError, because it is what a decompression bomb ends in.
    """


@public
class TooManyRedirects(RequestError):
    """More redirects than the client's `max_redirects`."""


@public
class RequestCancelled(RequestError):
    """The request was cancelled by its owner before its response was complete.

    This is the outcome of a pending request of a parallel block that was cancelled, or that was still
    running when its block was left. A cancelled task sees its event loop's own cancellation instead.
    """


@public
class HTTPStatusError(HTTPError):
    """`raise_for_status()` met a response that is not a success. `.response` is that response."""

    response: Response

    def __init__(self, message: str, *, request: Request, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response


@public
class InvalidURL(Exception):
    """The text is not a URL."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


@public
class InvalidPort(InvalidURL, ConnectError):
    """The URL's port is a number, and above 65535. In httpx it is the connection to it that fails."""


@public
class CookieConflict(Exception):
    """A cookie was looked up by a name that several cookies have."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


@public
class StreamError(RuntimeError):
    """A body was used in a way it does not allow. A mistake in the program, not in the exchange."""

    def __init__(self, message: str) -> None:
        super().__init__(message)

    __reduce__ = _reduce


@public
class StreamConsumed(StreamError):
    """A body that can be streamed once was streamed again."""

    def __init__(self) -> None:
        super().__init__(
            "The body has been streamed before, and cannot be streamed again. A request body given as a "
            "generator cannot be sent twice, as a redirect or an authentication flow would need; a response "
            "that is wanted more than once has to be read with `.read()`."
        )


@public
class StreamClosed(StreamError):
    """A body was streamed after its response was closed."""

    def __init__(self) -> None:
        super().__init__("The body cannot be streamed: its stream has been closed.")


@public
class ResponseNotRead(StreamError):
    """The content of a streaming response was asked for before it was read."""

    def __init__(self) -> None:
        super().__init__("The content of a streaming response is not there before `.read()` was called.")


@public
class RequestNotRead(StreamError):
    """The content of a streaming request was asked for before it was read."""

    def __init__(self) -> None:
        super().__init__("The content of a streaming request is not there before `.read()` was called.")


class request_context:
    """`with request_context(request):` says, in every RequestError that passes, which request it is about."""

    __slots__ = ("_request",)

    def __init__(self, request: Request | None = None) -> None:
        self._request = request

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._request is not None and isinstance(error, RequestError):
            error.request = self._request
