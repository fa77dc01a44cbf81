"""How a request gets a connection of its pool, and gives it back.

::

    waits ──► opens a connection ──► waits on, if that went to another request
      └─────► has a connection ──► gives it back
"""

from __future__ import annotations

from functools import partial

from ._books import Books
from ._exceptions import PoolTimeout
from ._io import AwaitEvent, Flow
from ._pooled import PooledRequest, close_all, opened
from ._waiting import Guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ._http2 import BaseHTTP2Connection
    from ._models import Origin

    # Whatever `create_connection` returns; it may be foreign.
    Connection: TypeAlias = Any

__all__ = ["Assigner"]


class Assigner:
    """The connections of a pool on one event loop, or in all threads."""

    def __init__(
        self,
        create: Callable[[Origin], Connection],
        max_connections: int | None,
        max_keepalive_connections: int | None,
        keepalive_expiry: float | None,
        max_connection_age: float | None = None,
    ) -> None:
        self._create = create
        # Guards the books; never held over a wait.
        self._mutex = Guard()
        # What was given back in the middle of other work, and is to be closed by whoever does so first.
        self._surplus: list[Connection] = []
        self._books = Books(max_connections, max_keepalive_connections, keepalive_expiry, max_connection_age)
        self._is_closed = False

    @property
    def connections(self) -> list[Connection]:
        with self._mutex:
            return list(self._books.connections.values())

    def counts(self) -> tuple[int, int]:
        """Requests that have or open a connection, and requests that wait."""
        with self._mutex:
            waiting = self._books.waiting()
            return len(self._books.requests) - waiting, waiting

    def _enter(self, step: Callable[[], list[Connection]]) -> list[Connection]:
        """Enters something into the books. What is to be closed now."""
        if self._mutex.is_mine:
            self._mutex.postpone(lambda: self._surplus.extend(step()))
            return []
        with self._mutex:
            surplus = step()
        if self._surplus:
            postponed, self._surplus = self._surplus, []
            surplus += postponed
        return surplus

    def assign(self, pooled: PooledRequest) -> Flow[Connection]:
        """Waits for a connection. PoolTimeout if that takes longer than the request allows."""
        try:
            yield from close_all(self._enter(lambda: self._join(pooled)))
            while True:
                if pooled.error is not None:
                    raise pooled.error
                if pooled.opens is not None:
                    yield from self._open(pooled)
                elif pooled.connection is None:
                    yield from self._wait(pooled)
                elif (connection := self._living(pooled.connection)) is not None:
                    return connection
                else:
                    yield from self._replace(pooled)
        except GeneratorExit:
            self._leave(pooled)
            raise
        except BaseException:
            yield from close_all(self._leave(pooled))
            raise

    def _join(self, pooled: PooledRequest) -> list[Connection]:
        if self._is_closed:
            raise RuntimeError("The connection pool was closed.")
        self._books.requests.add(pooled)
        return self._books.join(pooled)

    def _living(self, number: int) -> Connection | None:
        """The connection with that number, unless it died while it was idle."""
        connection = self._books.connections.get(number)
        is_dead = connection is None or connection.is_closed() or connection.has_expired()
        return None if is_dead else connection

    def _replace(self, pooled: PooledRequest) -> Flow[None]:
        def step() -> list[Connection]:
            return self._books.give_back(pooled, is_reusable=False) + self._books.join(pooled)

        yield from close_all(self._enter(step))

    def _wait(self, pooled: PooledRequest) -> Flow[None]:
        """Waits until something has changed for the request."""
        with self._mutex:
            event = pooled.renew_event()
        if event is None or (yield AwaitEvent(event, pooled.time_left())):
            return
        with self._mutex:
            if event.is_set:
                return
            if not self._books.is_covered(pooled):
                raise PoolTimeout("No connection of the pool became free in time.")
            pooled.is_overdue = True

    def _open(self, pooled: PooledRequest) -> Flow[None]:
        """Opens a connection, for whoever gets it."""
        try:
            connection = self._create(pooled.origin)
            with self._mutex:
                self._books.opening(pooled, connection)
            http2 = yield from opened(connection, pooled.request)
        except Exception as error:
            # The name ends with this block.
            failure = error
            yield from close_all(self._enter(lambda: self._books.not_opened(pooled, failure)))
            raise
        yield from close_all(self._enter(lambda: self._opened(pooled, connection, http2)))

    def _opened(
        self, pooled: PooledRequest, connection: Connection, http2: BaseHTTP2Connection | None
    ) -> list[Connection]:
        number = self._books.end_opening(pooled)
        if number is None:
            return [connection, *self._books.join(pooled)]
        if http2 is not None:
            http2.on_change = partial(self._changed, number, http2)
        return self._books.opened(pooled, number, None if http2 is None else http2.limits()[0])

    def _changed(self, number: int, connection: BaseHTTP2Connection) -> Flow[None]:
        limits = connection.limits()
        yield from close_all(self._enter(lambda: self._books.set_limits(number, *limits)))

    def _leave(self, pooled: PooledRequest) -> list[Connection]:
        return self._enter(lambda: self._books.leave(pooled))

    def retire(self, pooled: PooledRequest) -> Flow[None]:
        """The request's connection takes no more of them; those on it go on."""
        yield from close_all(self._enter(lambda: self._books.retire(pooled)))

    def release(self, pooled: PooledRequest, is_reusable: bool) -> Flow[None]:
        """The request is over, or has to be sent on another connection."""

        def step() -> list[Connection]:
            self._books.requests.discard(pooled)
            return self._books.give_back(pooled, is_reusable)

        yield from close_all(self._enter(step))

    def close(self) -> list[Connection]:
        """Ends it. Who waits gets an error; the connections are the caller's to close."""

        def step() -> list[Connection]:
            self._is_closed = True
            return self._books.close()

        return self._enter(step)
