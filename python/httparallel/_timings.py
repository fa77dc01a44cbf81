"""How long the parts of a request took."""

from __future__ import annotations

from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

# In the order in which the engine gives them.
_FIELDS = (
    "queue",
    "dns",
    "connect",
    "tls",
    "send",
    "wait",
    "receive",
    "total",
    "connection",
    "reused",
    "attempts",
)


@public
class Timings:
    """How long the parts of a request took, in seconds, and which connection it went over.

    A part that has not come to its end, that there was none of, or that nobody measured is None. The parts
    follow one another without gaps: those that are there add up to `total`, unless the request was sent more
    than once. A redirect and the response after it each have their own::

        response = client.get(url, follow_redirects=True)
        print(response.timings)  # <Timings [queue=0.000012, send=0.000040, wait=0.021300, ...]>
        slow = [each for each in (*response.history, response) if each.timings.total > 1.0]

    - `queue`: waiting for a connection or a stream of one, in a parallel block from the request's turn,
      without the time that opening its connection took.
    - `dns`: resolving the name of the host, or of its proxy. None if the connection was reused, as are the
      next two.
    - `connect`: connecting, and from there through the proxy if there is one.
    - `tls`: the TLS handshake with the server.
    - `send`: sending the request, or what was sent of it when the response began.
    - `wait`: from there to the first byte of the response.
    - `receive`: from there to the end of the body, or to where it was closed. None before that.
    - `total`: all of it, with all attempts and the pauses between them. None before the end.
    - `connection`: a number that no other connection of this client's transport has.
    - `reused`: whether another request was sent on the connection before.
    - `attempts`: how often the engine sent the request. Where the client calls a transport of your own again,
      each call is timed by itself.

    They are measured for all requests that the engine carries. For others (those of a transport of your own,
    of an application in the same process, of `verify=ssl.SSLContext`, with the extension `trace`) all that is
    known is what is seen from outside: `wait`, until the transport had the head of the response, `receive`
    and `total`.
    """

    __slots__ = _FIELDS

    queue: float | None
    dns: float | None
    connect: float | None
    tls: float | None
    send: float | None
    wait: float | None
    receive: float | None
    total: float | None
    connection: int | None
    reused: bool | None
    attempts: int | None

    def __init__(
        self,
        *,
        queue: float | None = None,
        dns: float | None = None,
        connect: float | None = None,
        tls: float | None = None,
        send: float | None = None,
        wait: float | None = None,
        receive: float | None = None,
        total: float | None = None,
        connection: int | None = None,
        reused: bool | None = None,
        attempts: int | None = None,
    ) -> None:
        fields = (queue, dns, connect, tls, send, wait, receive, total, connection, reused, attempts)
        self._set(fields)

    @classmethod
    def _from_fields(cls, fields: tuple[object, ...]) -> Self:
        self = cls.__new__(cls)
        self._set(fields)
        return self

    def _set(self, fields: tuple[object, ...]) -> None:
        for name, value in zip(_FIELDS, fields, strict=True):
            object.__setattr__(self, name, value)

    def _fields(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in _FIELDS)

    def __setattr__(self, name: str, _: object) -> None:
        raise AttributeError(f"Timings cannot be changed: {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Timings cannot be changed: {name!r}")

    def __eq__(self, other: object) -> bool:
        return self._fields() == other._fields() if isinstance(other, Timings) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields())

    def __reduce__(self) -> tuple[object, ...]:
        return Timings._from_fields, (self._fields(),)

    def __repr__(self) -> str:
        known = [
            f"{name}={f'{value:.6f}' if isinstance(value, float) else value}"
            for name, value in zip(_FIELDS, self._fields(), strict=True)
            if value is not None
        ]
        return f"<Timings [{', '.join(known)}]>"


def measured_outside(waited: float | None, total: float | None) -> Timings:
    """What a client sees of a request that a transport without a clock carries."""
    if waited is None:
        return Timings()
    receive = None if total is None else max(total - waited, 0.0)
    return Timings(wait=waited, receive=receive, total=total)
