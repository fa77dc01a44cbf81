"""Which request of a pool has, opens or waits for which connection, and what the engine wants done about it.

The engine's `ConnectionQueue` decides. Python has no thread of its own that could open connections, so each
is opened by a request that waits for one. That binds neither to the other; when a connection is open it goes
to whoever has waited longest. While it is busy opening one, a request takes no other: that goes to the next.

All methods return the connections that are to be closed now.
"""

from __future__ import annotations

from collections import deque

from .._native import ConnectionQueue
from ._exceptions import ConnectError, ConnectTimeout, ProxyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from ._pooled import PooledRequest

    # Whatever `create_connection` returns; it may be foreign.
    Connection: TypeAlias = Any
    Action: TypeAlias = tuple[Any, ...]

__all__ = ["Books"]


class Books:
    """Not for several threads at once, and nothing here waits."""

    def __init__(
        self,
        max_connections: int | None,
        max_keepalive_connections: int | None,
        keepalive_expiry: float | None,
        max_connection_age: float | None,
    ) -> None:
        self._queue = ConnectionQueue(
            max_connections=max_connections,
            max_keepalive_connections=max_keepalive_connections,
            keepalive_expiry=keepalive_expiry,
            max_connection_age=max_connection_age,
        )
        self.connections: dict[int, Connection] = {}
        # How many requests are on each that has had any.
        self._use: dict[int, int] = {}
        self.requests: set[PooledRequest] = set()
        # Those in the queue or on a connection, by the engine's numbers.
        self._numbered: dict[int, PooledRequest] = {}
        # Who opens which connection.
        self._openers: dict[int, PooledRequest] = {}
        # By origin, oldest first: those who wait and open nothing meanwhile.
        self._idlers: dict[bytes, dict[PooledRequest, None]] = {}
        # Those who open a connection that the engine has given up.
        self._strays: dict[bytes, dict[PooledRequest, None]] = {}

    def waiting(self) -> int:
        """Requests that neither have nor open a connection."""
        return sum(len(idlers) for idlers in self._idlers.values())

    # Events.

    def join(self, pooled: PooledRequest) -> list[Connection]:
        """The request wants a connection."""
        if pooled.number is not None or pooled.error is not None:
            return []
        number, actions = self._queue.request(pooled.key, pooled.may_share, pooled.wants_fresh)
        pooled.number = number
        pooled.start_clock()
        self._numbered[number] = pooled
        if pooled.opens is None:
            self._idlers.setdefault(pooled.key, {})[pooled] = None
        return self._perform(actions)

    def opening(self, pooled: PooledRequest, connection: Connection) -> None:
        """The request has begun to open a connection."""
        pooled.opening = connection
        if pooled.opens is not None and self._openers.get(pooled.opens) is pooled:
            self.connections[pooled.opens] = connection

    def end_opening(self, pooled: PooledRequest) -> int | None:
        """The request opens its connection no more. The engine's number for that, unless it was given up."""
        number, pooled.opens, pooled.opening = pooled.opens, None, None
        _remove(self._strays, pooled)
        if number is None or self._openers.get(number) is not pooled:
            return None
        del self._openers[number]
        return number

    def opened(self, pooled: PooledRequest, number: int, max_streams: int | None) -> list[Connection]:
        """The connection is open. `max_streams` is None for HTTP/1.1."""
        # In the queue before it is given away, the request may be the one to get it.
        surplus = self.join(pooled)
        surplus += self._perform(self._queue.connected(number, max_streams is not None, max_streams or 1))
        self._wake_overdue(pooled.key)
        return surplus

    def not_opened(self, pooled: PooledRequest, error: Exception) -> list[Connection]:
        """The connection could not be opened; the request fails with it, and perhaps others."""
        number = self.end_opening(pooled)
        if number is None:
            return []
        self.connections.pop(number, None)
        failed, actions = self._queue.connect_failed(number)
        surplus: list[Connection] = []
        for request in failed:
            other = self._numbered.pop(request)
            other.number = None
            if other is not pooled and _shares_fate(pooled, other, error):
                _remove(self._idlers, other)
                other.tell(error=type(error)(*error.args))
            elif other is not pooled:
                surplus += self.join(other)
        surplus += self._perform(actions)
        self._wake_overdue(pooled.key)
        return surplus

    def give_back(self, pooled: PooledRequest, is_reusable: bool) -> list[Connection]:
        """The request's use of its connection has ended."""
        connection, request = pooled.connection, pooled.number
        pooled.connection = pooled.number = None
        if connection is None or request is None or self._numbered.pop(request, None) is None:
            return []
        self._use[connection] -= 1
        surplus = self._perform(self._queue.released(connection, request, is_reusable))
        if not is_reusable and self._use.get(connection) == 0:
            del self._use[connection]
            surplus.append(self.connections.pop(connection))
        return surplus

    def leave(self, pooled: PooledRequest) -> list[Connection]:
        """The request is given up, and has sent nothing."""
        self.requests.discard(pooled)
        if pooled.connection is not None:
            return self.give_back(pooled, is_reusable=True)
        _remove(self._idlers, pooled)
        actions = self._cancel(pooled)
        number = self.end_opening(pooled)
        if number is not None:
            self.connections.pop(number, None)
            actions = self._pass_on(number, actions)
        surplus = self._perform(actions)
        self._wake_overdue(pooled.key)
        return surplus

    def retire(self, pooled: PooledRequest) -> list[Connection]:
        """The request's connection takes no more of them."""
        return [] if pooled.connection is None else self._perform(self._queue.retire(pooled.connection))

    def set_limits(self, number: int, max_streams: int, is_going_away: bool) -> list[Connection]:
        """The server of an HTTP/2 connection has changed how many requests it takes."""
        if is_going_away:
            return self._perform(self._queue.retire(number))
        return self._perform(self._queue.set_max_streams(number, max_streams))

    def is_covered(self, pooled: PooledRequest) -> bool:
        """Whether a connection is being opened that the request may get, whoever else does."""
        # An attempt to connect is limited by `connect`, not by `pool`.
        return pooled.may_share and any(opener.key == pooled.key for opener in self._openers.values())

    def close(self) -> list[Connection]:
        """Everything ends. Who waits gets an error."""
        self._queue.close()
        for pooled in self.requests:
            if pooled.connection is None:
                pooled.tell(error=RuntimeError("The connection pool was closed."))
        surplus = list(self.connections.values())
        for books in (self.connections, self._use, self._numbered, self._openers):
            books.clear()
        self._idlers.clear()
        self._strays.clear()
        return surplus

    # What the engine wants.

    def _perform(self, actions: Iterable[Action]) -> list[Connection]:
        surplus = []
        remaining = deque(actions)
        while remaining:
            kind, number, *details = remaining.popleft()
            if kind == "start":
                remaining.extend(self._start(number, details[0]))
            elif kind == "connect":
                self._have_opened(number, details[0])
            elif kind == "close":
                self._use.pop(number, None)
                surplus.append(self.connections.pop(number))
            elif (opener := self._openers.pop(number, None)) is not None:
                self.connections.pop(number, None)
                self._strays.setdefault(opener.key, {})[opener] = None
        return surplus

    def _start(self, connection: int, request: int) -> list[Action]:
        pooled = self._numbered[request]
        if pooled.opens is not None:
            del self._numbered[request]
            pooled.number = None
            return list(self._queue.released(connection, request, True))
        _remove(self._idlers, pooled)
        pooled.is_reused = connection in self._use
        self._use[connection] = self._use.get(connection, 0) + 1
        pooled.tell(connection=connection)
        return []

    def _have_opened(self, number: int, key: bytes) -> None:
        """Finds somebody to open a connection: who is about to open one anyway, or who has waited longest."""
        opener = next(iter(self._strays.get(key) or self._idlers[key]))
        _remove(self._strays, opener)
        _remove(self._idlers, opener)
        self._openers[number] = opener
        if opener.opening is not None:
            self.connections[number] = opener.opening
        opener.tell(opens=number)

    def _cancel(self, pooled: PooledRequest) -> list[Action]:
        number, pooled.number = pooled.number, None
        if number is None or self._numbered.pop(number, None) is None:
            return []
        return list(self._queue.cancel(number))

    def _pass_on(self, number: int, actions: list[Action]) -> list[Action]:
        """A connection is not opened after all. If the engine has given up another one instead, whoever opens
        that goes on under this one's number; if it has given up none, it may want another one opened.
        """
        abandoned = next((action[1] for action in actions if action[0] == "abandon"), None)
        if abandoned is None:
            return actions + list(self._queue.closed(number))
        other = self._openers.pop(abandoned, None)
        if other is not None:
            other.opens = number
            self._openers[number] = other
            if abandoned in self.connections:
                self.connections[number] = self.connections.pop(abandoned)
        return [action for action in actions if action[0] != "abandon"]

    def _wake_overdue(self, key: bytes) -> None:
        """Has those look again whose time is up, but who were let wait for an attempt to connect."""
        for pooled in self._idlers.get(key, {}):
            if pooled.is_overdue:
                pooled.tell()


def _shares_fate(pooled: PooledRequest, other: PooledRequest, error: Exception) -> bool:
    """Whether another request need not try what has failed for this one."""
    if other.opens is not None:
        return False
    if isinstance(error, ConnectTimeout):
        return other.connect_limit <= pooled.connect_limit
    return isinstance(error, (ConnectError, ProxyError))


def _remove(waiting: dict[bytes, dict[PooledRequest, None]], pooled: PooledRequest) -> None:
    of_origin = waiting.get(pooled.key, {})
    if pooled in of_origin:
        del of_origin[pooled]
        if not of_origin:
            del waiting[pooled.key]
