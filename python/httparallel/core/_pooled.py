"""A request as a pool knows it, and how a pool deals with connections, its own and foreign ones."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from ._interfaces import AsyncFace, Flows, SyncFace
from ._io import Event, Flow, Invoke, Shielded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._http2 import BaseHTTP2Connection
    from ._io import Face
    from ._models import Origin, Request, Response

__all__ = ["PooledRequest", "abandon_all", "attempt", "close_all", "is_reusable", "key_of", "opened"]

LOGGER = logging.getLogger("httparallel.connection")

FOREVER = float("inf")
SYNC_HANDLER = ("handle_request", SyncFace.handle_request)
ASYNC_HANDLER = ("handle_async_request", AsyncFace.handle_async_request)


def key_of(origin: Origin) -> bytes:
    """What connections to an origin have in common."""
    return b"%b://%b:%d" % (origin.scheme, origin.host, origin.port)


class PooledRequest:
    """A request that has a connection, waits for one, or opens one."""

    def __init__(self, request: Request, may_share: bool) -> None:
        self.request = request
        self.origin: Origin = request.url.origin
        self.key = key_of(self.origin)
        # Whether a connection that is opened for it may turn out to be HTTP/2.
        self.may_share = may_share
        # Whether only HTTP/1.1 will do, although the pool speaks HTTP/2, too.
        self.is_http1 = False
        # Whether it must not be sent on a connection that has served before.
        self.wants_fresh = False
        timeouts = request.extensions.get("timeout", {})
        connect = timeouts.get("connect")
        self.connect_limit: float = FOREVER if connect is None else connect
        self._limit: float | None = timeouts.get("pool")
        self._deadline: float | None = None
        # Whether its time is up, and it only waits for an attempt to connect that is under way.
        self.is_overdue = False
        # The engine's number for it, while it is in the queue or on a connection.
        self.number: int | None = None
        self.connection: int | None = None
        # Whether that had served a request before.
        self.is_reused = False
        # The connection that it is to open, and that connection once it is being opened.
        self.opens: int | None = None
        self.opening: Any = None
        self.error: Exception | None = None
        self._event = Event()

    def use_http1(self) -> None:
        """From now on connections that speak HTTP/2 are none of its own. It must be in no queue."""
        self.key += b" over HTTP/1.1"
        self.is_http1, self.may_share = True, False

    def tell(
        self, connection: int | None = None, opens: int | None = None, error: Exception | None = None
    ) -> None:
        """Something has changed for it."""
        self.connection = connection if connection is not None else self.connection
        self.opens = opens if opens is not None else self.opens
        self.error = error if error is not None else self.error
        self._event.set()

    def start_clock(self) -> None:
        """From now on it waits for a connection."""
        self._deadline = None if self._limit is None else time.monotonic() + self._limit

    def renew_event(self) -> Event | None:
        """The event that tells of the next change; None if there was one that nobody has looked at."""
        if self._event.is_set:
            self._event = Event()
            self.is_overdue = False
            return None
        return self._event

    def time_left(self) -> float | None:
        """How long it may wait for a connection."""
        if self._deadline is None or self.is_overdue:
            return None
        return max(0.0, self._deadline - time.monotonic())


def opened(connection: Any, request: Request) -> Flow[BaseHTTP2Connection | None]:  # noqa: ANN401
    """Opens a connection. What of it speaks HTTP/2, if that does."""
    if not isinstance(connection, Flows) or not hasattr(connection, "_open"):
        return None
    inner = yield from connection._open(request)
    return inner if inner.can_multiplex() else None


def attempt(connection: Any, request: Request, face: Face) -> Flow[Response]:  # noqa: ANN401 - it may be foreign
    """Sends a request on a connection."""
    name, own = ASYNC_HANDLER if face.is_async else SYNC_HANDLER
    # A subclass may do something of its own there, and so may whoever has patched a class of ours.
    if getattr(type(connection), name, None) is own:
        response: Response = yield from connection._attempt(request)
    else:
        response = yield Invoke(getattr(connection, name), request)
    return response


def is_reusable(connection: Any) -> bool:  # noqa: ANN401 - it may be foreign
    """Whether another request may be sent on a connection, now that one is over."""
    if isinstance(connection, Flows):
        return connection._is_reusable()
    return bool(connection.is_idle() and not connection.is_closed())


def abandon_all(connections: Iterable[Any]) -> None:
    """Lets go of the sockets of connections, outside of any event loop."""
    for connection in connections:
        if isinstance(connection, Flows):
            with suppress(Exception):
                connection._abandon()


def close_all(connections: Iterable[Any]) -> Flow[None]:
    """Closes connections, whatever happens meanwhile."""
    for connection in connections:
        is_async = hasattr(connection, "aclose")
        try:
            if isinstance(connection, Flows):
                yield Shielded(connection._close())
            else:
                yield Shielded(Invoke(connection.aclose if is_async else connection.close))
        except GeneratorExit:
            raise
        except Exception:
            # Nobody's request has failed.
            LOGGER.debug("a connection could not be closed properly", exc_info=True)
