"""Whether a pool sends a request again: one that has failed on a connection, or that was the wrong one's.

What may be sent again, the engine says; here is how often.
"""

from __future__ import annotations

from .._native import Http1Origins, is_misdirected
from ._checked import ByteStream
from ._exceptions import ConnectionNotAvailable
from ._interfaces import Http1Required, Lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._pooled import PooledRequest

__all__ = ["Again", "Http1Origins"]

# A request that no connection serves is not sent around for ever.
MAX_LOST = 3
MAX_UNAVAILABLE = 20


class Again:
    """One request of a pool. `http1_origins` is None if the pool does not speak HTTP/1.1."""

    def __init__(self, pooled: PooledRequest, http1_origins: Http1Origins | None) -> None:
        self._pooled = pooled
        self._http1_origins = http1_origins
        self._lost = self._unavailable = 0
        self._was_misdirected = False

    def after_failure(self, error: BaseException) -> BaseException | None:
        """What the program is told of it; None if the request is to be sent again."""
        if isinstance(error, Http1Required):
            return None if self._speaks_http1() else error.reason
        refused = error.shown if isinstance(error, Lost) else error
        if isinstance(refused, ConnectionNotAvailable) and self._unavailable < MAX_UNAVAILABLE:
            self._unavailable += 1
            return None
        if isinstance(error, Lost) and self._lost < MAX_LOST:
            self._lost += 1
            self._pooled.wants_fresh = True
            return None
        return error.reason if isinstance(error, Lost) else error

    def _speaks_http1(self) -> bool:
        """Has this request, and those to the same origin that follow, sent over HTTP/1.1, if that can be."""
        if self._http1_origins is None or self._pooled.is_http1:
            return False
        self._http1_origins.insert(self._pooled.key)
        self._pooled.use_http1()
        return True

    def after_response(self, status: int) -> bool:
        """Whether the request is to be sent again, on another connection, and its response is for nobody."""
        is_replayable = isinstance(self._pooled.request.stream, ByteStream)
        if self._was_misdirected or not is_misdirected(status, self._pooled.is_reused, is_replayable):
            return False
        self._was_misdirected = self._pooled.wants_fresh = True
        return True
