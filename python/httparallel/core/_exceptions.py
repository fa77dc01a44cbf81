"""Every exception of the low level, and how errors from below become them.

::

    ConnectionNotAvailable          this connection cannot take the request now; another one can
    ProxyError
    UnsupportedProtocol
    ProtocolError
    ├── LocalProtocolError
    └── RemoteProtocolError
    TimeoutException
    ├── ConnectTimeout
    ├── ReadTimeout
    ├── WriteTimeout
    └── PoolTimeout
    NetworkError
    ├── ConnectError
    ├── ReadError
    └── WriteError

They have no base class in common but `Exception`, as users of httpcore expect, and none in common with the
exceptions of `httparallel` itself, which know the request they belong to.
"""

from __future__ import annotations

from .. import _exceptions as engine
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = [
    "ConnectError",
    "ConnectTimeout",
    "ConnectionNotAvailable",
    "LocalProtocolError",
    "NetworkError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "TimeoutException",
    "UnsupportedProtocol",
    "WriteError",
    "WriteTimeout",
]


@public
class ConnectionNotAvailable(Exception):
    """The connection is closed, or busy with as many requests as it can serve at once."""


@public
class ProxyError(Exception):
    """The proxy refused or failed."""


@public
class UnsupportedProtocol(Exception):
    """The URL's scheme is missing, or is none that a pool speaks."""


@public
class ProtocolError(Exception):
    """One of the two sides broke HTTP's rules."""


@public
class RemoteProtocolError(ProtocolError):
    """What the server sent breaks HTTP's rules, or ends before its announced end."""


@public
class LocalProtocolError(ProtocolError):
    """The request breaks HTTP's rules."""


@public
class TimeoutException(Exception):
    """A time limit was reached; the subclass says which."""


@public
class PoolTimeout(TimeoutException):
    """No connection of the pool became free in time."""


@public
class ConnectTimeout(TimeoutException):
    """No connection was established in time, its TLS handshake included."""


@public
class ReadTimeout(TimeoutException):
    """The server sent nothing for too long."""


@public
class WriteTimeout(TimeoutException):
    """The server took nothing for too long."""


@public
class NetworkError(Exception):
    """The network failed."""


@public
class ConnectError(NetworkError):
    """No connection could be established: unknown host, refused, unreachable, TLS failure."""


@public
class ReadError(NetworkError):
    """The connection broke while data was awaited or read."""


@public
class WriteError(NetworkError):
    """The connection broke while data was sent."""


# The order matters only where one class is a base of another: the first that matches counts.
ENGINE_ERRORS: Mapping[type[Exception], type[Exception]] = {
    engine.LocalProtocolError: LocalProtocolError,
    engine.RemoteProtocolError: RemoteProtocolError,
    engine.ProtocolError: ProtocolError,
    engine.ProxyError: ProxyError,
    engine.UnsupportedProtocol: UnsupportedProtocol,
    engine.InvalidURL: UnsupportedProtocol,
    engine.ConnectTimeout: ConnectTimeout,
    engine.ReadTimeout: ReadTimeout,
    engine.WriteTimeout: WriteTimeout,
    engine.PoolTimeout: PoolTimeout,
    engine.TimeoutException: TimeoutException,
    engine.ConnectError: ConnectError,
    engine.WriteError: WriteError,
    engine.NetworkError: ReadError,
    engine.RequestCancelled: ReadError,
}


class map_exceptions:
    """`with map_exceptions({OSError: ReadError}):` raises the classes on the right for those on the left.

    The new exception has the old one's text, and the old one as its cause. One that has no text, as a
    TimeoutError of a timer, gets `otherwise`.
    """

    __slots__ = ("_otherwise", "_table")

    def __init__(self, table: Mapping[type[Exception], type[Exception]], otherwise: str = "") -> None:
        self._table = table
        self._otherwise = otherwise

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        for known, wanted in self._table.items():
            if isinstance(error, wanted):
                return
            if isinstance(error, known):
                raise wanted(str(error) or self._otherwise) from error


def engine_errors() -> map_exceptions:
    """`with engine_errors():` around calls of the engine, whose exceptions are those of `httparallel`."""
    return map_exceptions(ENGINE_ERRORS)
