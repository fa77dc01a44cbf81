"""The HTTP client that sends many requests at once, from synchronous code, asyncio, trio and anyio.

    import httparallel

    with httparallel.parallel() as parallel:
        for number in range(10):
            parallel.get(f"https://example.org/{number}")
        for response in parallel:
            print(response.status_code, response.url)

Everything else is as in httpx: `httparallel.get`, `Client`, `AsyncClient` and so on.
"""

from ._api import delete, get, head, options, parallel, patch, post, put, query, request, stream, websocket
from ._base_transports import AsyncBaseTransport, BaseTransport, MockTransport
from ._config import USE_CLIENT_DEFAULT, Limits, Proxy, RateLimit, Timeout, create_ssl_context
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
    InvalidPort,
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
from ._json_codec import JSONCodec
from ._native import URL, Headers, Origin, QueryParams
from ._native import VERSION as __version__
from ._request import Request
from ._response import Response
from ._streams import AsyncByteStream, ByteStream, SyncByteStream
from ._sync_client import Client
from ._transports import AsyncHTTPTransport, HTTPTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import concurrency, core
    from ._alias import alias_httpx
    from ._app_transports import ASGITransport, WSGITransport
    from ._async_client import AsyncClient
    from ._auth import Auth, BasicAuth, DigestAuth, FunctionAuth, NetRCAuth
    from ._parallel import AsyncParallel, AsyncPendingResponse, Parallel, PendingResponse
    from ._retry import Retry
    from ._sse import EventSource, ServerSentEvent
    from ._status_codes import codes
    from ._timings import Timings
    from .core import AsyncConnectionPool as AsyncConnectionPool
    from .core import ConnectionPool as ConnectionPool
del TYPE_CHECKING  # `__all__` and the names here are the same

__title__ = "httparallel"
__description__ = "The HTTP client that sends many requests at once."

__all__ = [  # noqa: RUF022 - in the order that httpx has its names in, upper and lower case alike
    "__description__",
    "__title__",
    "__version__",
    "alias_httpx",
    "ASGITransport",
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
    "codes",
    "concurrency",
    "ConnectError",
    "ConnectTimeout",
    "CookieConflict",
    "Cookies",
    "core",
    "create_ssl_context",
    "DecodingError",
    "delete",
    "DigestAuth",
    "EventSource",
    "FunctionAuth",
    "get",
    "head",
    "Headers",
    "HTTPError",
    "HTTPStatusError",
    "HTTPTransport",
    "HTTPXDeprecationWarning",
    "InvalidPort",
    "InvalidURL",
    "JSONCodec",
    "Limits",
    "LocalProtocolError",
    "MockTransport",
    "NetRCAuth",
    "NetworkError",
    "options",
    "Origin",
    "parallel",
    "Parallel",
    "patch",
    "PendingResponse",
    "PoolTimeout",
    "post",
    "ProtocolError",
    "Proxy",
    "ProxyError",
    "put",
    "query",
    "QueryParams",
    "RateLimit",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "request",
    "Request",
    "RequestCancelled",
    "RequestError",
    "RequestNotRead",
    "Response",
    "ResponseNotRead",
    "Retry",
    "ServerSentEvent",
    "SSEError",
    "stream",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
    "SyncByteStream",
    "Timeout",
    "TimeoutException",
    "Timings",
    "TooManyRedirects",
    "TotalTimeout",
    "TransportError",
    "UnsupportedProtocol",
    "URL",
    "USE_CLIENT_DEFAULT",
    "websocket",
    "WriteError",
    "WriteTimeout",
    "WSGITransport",
]


# What is loaded when somebody wants it: by its name, the module that has it. None is for a module itself.
_LATER: "dict[str, str | None]" = {
    **dict.fromkeys(("_client", "concurrency", "core", "websockets")),
    **dict.fromkeys(("AsyncConnectionPool", "ConnectionPool"), "core"),
    **dict.fromkeys(("ASGITransport", "WSGITransport"), "_app_transports"),
    **dict.fromkeys(("Auth", "BasicAuth", "DigestAuth", "FunctionAuth", "NetRCAuth"), "_auth"),
    **dict.fromkeys(("AsyncParallel", "AsyncPendingResponse", "Parallel", "PendingResponse"), "_parallel"),
    **dict.fromkeys(("EventSource", "ServerSentEvent"), "_sse"),
    "alias_httpx": "_alias",
    "AsyncClient": "_async_client",
    "codes": "_status_codes",
    "main": "_cli",
    "Retry": "_retry",
    "Timings": "_timings",
}


def __getattr__(name: str) -> "Any":  # noqa: ANN401 - whatever it is
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = _LATER[name]
    found: Any = import_module(f"{__name__}.{module or name}")
    if module is not None:
        found = getattr(found, name)
        if name in __all__:
            globals()[name] = found
    return found


def _know_all_names() -> None:
    """Has `vars` of this module show what is loaded later, too: programs look there for the public names."""
    from sys import modules

    this = modules[__name__]

    class Module(type(this)):  # type: ignore[misc] # modules have one type
        @property
        def __dict__(self) -> "dict[str, Any]":  # type: ignore[override] # it is the module's own all the same
            for name in __all__:
                getattr(self, name)
            return globals()

    this.__class__ = Module


_know_all_names()


def _stop_at_exit() -> None:
    """Stops the I/O thread when the interpreter exits, before the process's threads are torn down."""
    import atexit

    from ._native import freeze

    atexit.register(freeze)


_stop_at_exit()
