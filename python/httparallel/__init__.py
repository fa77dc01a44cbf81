"""The HTTP client that sends many requests at once, from synchronous code, asyncio, trio and anyio.

    import httparallel

    with httparallel.parallel() as parallel:
        for number in range(10):
            parallel.get(f"https://example.org/{number}")
        for response in parallel:
            print(response.status_code, response.url)

Everything else is as in httpx: `httparallel.get`, `Client`, `AsyncClient` and so on.
"""

from ._api import delete, get, head, options, parallel, patch, post, put, request, stream
from ._auth import Auth, BasicAuth, DigestAuth, FunctionAuth, NetRCAuth
from ._client import AsyncClient, Client
from ._config import USE_CLIENT_DEFAULT, Limits, Timeout, create_ssl_context
from ._cookies import Cookies
from ._exceptions import (
    BodyTooLarge,
    CloseError,
    ConnectError,
    ConnectTimeout,
    CookieConflict,
    DecodingError,
    HTTPError,
    HTTPStatusError,
    HTTPXDeprecationWarning,
    InvalidURL,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    RequestCancelled,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    SSEError,
    StreamClosed,
    StreamConsumed,
    StreamError,
    TimeoutException,
    TooManyRedirects,
    TotalTimeout,
    TransportError,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._native import URL, Headers, Origin, QueryParams
from ._native import VERSION as __version__
from ._parallel import AsyncParallel, AsyncPendingResponse, Parallel, PendingResponse
from ._request import Request
from ._response import Response
from ._status_codes import codes
from ._streams import AsyncByteStream, ByteStream, SyncByteStream
from ._transports import AsyncBaseTransport, AsyncHTTPTransport, BaseTransport, HTTPTransport, MockTransport

__all__ = [
    "URL",
    "USE_CLIENT_DEFAULT",
    "AsyncBaseTransport",
    "AsyncByteStream",
    "AsyncClient",
    "AsyncHTTPTransport",
    "AsyncParallel",
    "AsyncPendingResponse",
    "Auth",
    "BaseTransport",
    "BasicAuth",
    "BodyTooLarge",
    "ByteStream",
    "Client",
    "CloseError",
    "ConnectError",
    "ConnectTimeout",
    "CookieConflict",
    "Cookies",
    "DecodingError",
    "DigestAuth",
    "FunctionAuth",
    "HTTPError",
    "HTTPStatusError",
    "HTTPTransport",
    "HTTPXDeprecationWarning",
    "Headers",
    "InvalidURL",
    "Limits",
    "LocalProtocolError",
    "MockTransport",
    "NetRCAuth",
    "NetworkError",
    "Origin",
    "Parallel",
    "PendingResponse",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "QueryParams",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "RequestCancelled",
    "RequestError",
    "RequestNotRead",
    "Response",
    "ResponseNotRead",
    "SSEError",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "SyncByteStream",
    "Timeout",
    "TimeoutException",
    "TooManyRedirects",
    "TotalTimeout",
    "TransportError",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "__version__",
    "codes",
    "create_ssl_context",
    "delete",
    "get",
    "head",
    "options",
    "parallel",
    "patch",
    "post",
    "put",
    "request",
    "stream",
]


def _stop_at_exit() -> None:
    """Stops the I/O thread when the interpreter exits, before the process's threads are torn down."""
    import atexit

    from ._native import freeze

    atexit.register(freeze)


_stop_at_exit()
