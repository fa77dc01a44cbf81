"""The low level: connections, pools and what they are made of, as httpcore has them.

    import httparallel.core

    with httparallel.core.ConnectionPool() as pool:
        response = pool.request("GET", "https://www.example.com/")
        print(response.status, response.headers, response.content)

Requests and responses are bytes here. There are no redirects, no cookies and no decoding.
"""

from ._api import request, stream
from ._backends.anyio import AnyIOBackend
from ._backends.base import (
    SOCKET_OPTION,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    NetworkBackend,
    NetworkStream,
)
from ._backends.mock import AsyncMockBackend, AsyncMockStream, MockBackend, MockStream
from ._backends.sync import SyncBackend
from ._connection import AsyncHTTPConnection, HTTPConnection
from ._exceptions import (
    ConnectError,
    ConnectionNotAvailable,
    ConnectTimeout,
    LocalProtocolError,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    TimeoutException,
    UnsupportedProtocol,
    WriteError,
    WriteTimeout,
)
from ._http2 import AsyncHTTP2Connection, HTTP2Connection
from ._http11 import AsyncHTTP11Connection, HTTP11Connection
from ._interfaces import AsyncConnectionInterface, ConnectionInterface
from ._models import URL, Origin, Proxy, Request, Response
from ._pools import (
    AsyncConnectionPool,
    AsyncHTTPProxy,
    AsyncSOCKSProxy,
    ConnectionPool,
    HTTPProxy,
    SOCKSProxy,
)
from ._ssl import default_ssl_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._backends.trio import TrioBackend

__all__ = [
    "SOCKET_OPTION",
    "URL",
    "AnyIOBackend",
    "AsyncConnectionInterface",
    "AsyncConnectionPool",
    "AsyncHTTP2Connection",
    "AsyncHTTP11Connection",
    "AsyncHTTPConnection",
    "AsyncHTTPProxy",
    "AsyncMockBackend",
    "AsyncMockStream",
    "AsyncNetworkBackend",
    "AsyncNetworkStream",
    "AsyncSOCKSProxy",
    "ConnectError",
    "ConnectTimeout",
    "ConnectionInterface",
    "ConnectionNotAvailable",
    "ConnectionPool",
    "HTTP2Connection",
    "HTTP11Connection",
    "HTTPConnection",
    "HTTPProxy",
    "LocalProtocolError",
    "MockBackend",
    "MockStream",
    "NetworkBackend",
    "NetworkError",
    "NetworkStream",
    "Origin",
    "PoolTimeout",
    "ProtocolError",
    "Proxy",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "Response",
    "SOCKSProxy",
    "SyncBackend",
    "TimeoutException",
    "TrioBackend",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
    "default_ssl_context",
    "request",
    "stream",
]


def __getattr__(name: str) -> type:
    # trio takes its time to import, and need not be installed.
    if name == "TrioBackend":
        from ._backends.trio import TrioBackend

        return TrioBackend
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
