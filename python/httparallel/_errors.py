"""Which exception an error of the engine becomes: the one table from `(kind, phase)` to a class.

Kinds and phases are the names of the enums `Kind` and `Phase` of the engine, in snake_case. No exception
is ever chosen by the text of a message.
"""

from __future__ import annotations

from . import _exceptions as exceptions

PHASES = ("build", "pool", "connect", "write", "read", "total")

_Classes = type[Exception] | tuple[type[Exception], ...]

# One class, or one for each phase in the order of PHASES.
TABLE: dict[str, _Classes] = {
    "invalid_url": (
        exceptions.InvalidURL,
        exceptions.InvalidURL,
        exceptions.InvalidPort,
        exceptions.InvalidURL,
        exceptions.InvalidURL,
        exceptions.InvalidURL,
    ),
    "unsupported_scheme": exceptions.UnsupportedProtocol,
    "invalid_request": exceptions.LocalProtocolError,
    "timeout": (
        exceptions.TimeoutException,
        exceptions.PoolTimeout,
        exceptions.ConnectTimeout,
        exceptions.WriteTimeout,
        exceptions.ReadTimeout,
        exceptions.TotalTimeout,
    ),
    "network": (
        exceptions.ConnectError,
        exceptions.ConnectError,
        exceptions.ConnectError,
        exceptions.WriteError,
        exceptions.ReadError,
        exceptions.ReadError,
    ),
    "tls": (
        exceptions.ConnectError,
        exceptions.ConnectError,
        exceptions.ConnectError,
        exceptions.ReadError,
        exceptions.ReadError,
        exceptions.ReadError,
    ),
    "protocol": exceptions.RemoteProtocolError,
    "incomplete": exceptions.RemoteProtocolError,
    "decode": exceptions.DecodingError,
    "body_too_large": exceptions.BodyTooLarge,
    "event_stream": exceptions.SSEError,
    "too_many_redirects": exceptions.TooManyRedirects,
    "proxy": exceptions.ProxyError,
    # Not an outcome of the exchange but a mistake in the program, as httpx has it.
    "closed": RuntimeError,
    "cancelled": exceptions.RequestCancelled,
    "internal": RuntimeError,
}


# What exceptions that were raised in Python say about the exchange, where another one may end better.
_NAMES: dict[type[BaseException], tuple[str, str]] = {
    exceptions.PoolTimeout: ("timeout", "pool"),
    exceptions.ConnectTimeout: ("timeout", "connect"),
    exceptions.WriteTimeout: ("timeout", "write"),
    exceptions.ReadTimeout: ("timeout", "read"),
    exceptions.TotalTimeout: ("timeout", "total"),
    exceptions.ConnectError: ("network", "connect"),
    exceptions.WriteError: ("network", "write"),
    exceptions.ReadError: ("network", "read"),
    exceptions.CloseError: ("network", "read"),
    exceptions.RemoteProtocolError: ("protocol", "read"),
}


def names_of(error: BaseException) -> tuple[str, str]:
    """The kind and phase of an exception; internal ones for what another attempt would not mend."""
    known = (each for each in type(error).__mro__ if each in _NAMES)
    found = next(known, None)
    return ("internal", "build") if found is None else _NAMES[found]


def exception_for(kind: str, phase: str, message: str) -> Exception:
    """The exception, not yet raised, for an error of the engine. KeyError or ValueError for unknown names."""
    classes = TABLE[kind]
    index = PHASES.index(phase)
    return (classes[index] if isinstance(classes, tuple) else classes)(message)
