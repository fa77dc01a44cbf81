"""When requests are sent again. What a policy means is decided by the engine's own rules."""

from __future__ import annotations

from math import isfinite

from ._config import _Settings
from ._native import Retries, RetryBudget
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._types import RetryTypes

__all__ = ["Retry", "bound", "retry_of"]


@public
class Retry(_Settings):
    """When a request is sent again: `Client(retries=Retry(attempts=5))`. Times are in seconds.

    - `attempts`: how often a request is sent at most, the first time included. Each redirect is a request of
      its own.
    - `statuses`: the statuses that are worth another attempt.
    - `methods`: the methods that are safe to send again. By default those that the standard calls idempotent:
      GET, HEAD, OPTIONS, TRACE, PUT, DELETE and QUERY.
    - `backoff`: the longest wait before the second attempt; twice that before the third, and so on up to
      `max_backoff`. The wait is a random part of it, so that clients that failed together do not come back
      together.
    - `max_retry_after`: how much of a server's `Retry-After` is waited for at most; `backoff` is added.
    - `budget`: how many attempts all requests of the client may add to its load, as a part of their number.
      0.2 is one for every five requests, besides a reserve of ten that is filled up by one a second. A server
      that is down is so not kept down. None for no bound.

    A request is sent again only if that is safe: no connection could be made for it; its status is 408 or
    429, which say that it was not carried out; its method is one of `methods`; or it has an
    `Idempotency-Key` header. Content from a generator can be sent only once, and is not sent again.

    When no attempt is left, or none would be in time for `Timeout(total=…)`, the response at hand is
    returned, or the exception raised. Hooks, cookies and `history` see only that one. What goes wrong while
    the body of a response is read is not retried. For one request, and for one that is sent once::

        client.get(url, retries=Retry(attempts=5, statuses=[500]))
        client.get(url, retries=None)
    """

    __slots__ = ("attempts", "backoff", "budget", "max_backoff", "max_retry_after", "methods", "statuses")

    def __init__(
        self,
        attempts: int = 3,
        *,
        statuses: Iterable[int] = (408, 429, 502, 503, 504),
        methods: Iterable[str] | None = None,
        backoff: float = 0.5,
        max_backoff: float = 30.0,
        max_retry_after: float = 6 * 60 * 60,
        budget: float | None = 0.2,
    ) -> None:
        if isinstance(attempts, bool) or not isinstance(attempts, int):
            raise TypeError(f"'attempts' must be an int, not {type(attempts).__name__}.")
        if not 1 <= attempts < 1 << 32:
            raise ValueError("'attempts' counts the first one too, so it is at least 1.")
        if isinstance(methods, str):
            raise TypeError("'methods' must be several, such as ['GET', 'POST'].")
        self.attempts = attempts
        self.statuses = frozenset(_status(status) for status in statuses)
        self.methods = None if methods is None else frozenset(method.upper() for method in methods)
        self.backoff = _seconds("backoff", backoff)
        self.max_backoff = _seconds("max_backoff", max_backoff)
        self.max_retry_after = _seconds("max_retry_after", max_retry_after)
        self.budget = None if budget is None else _number("budget", budget)

    def __repr__(self) -> str:
        shown = [f"attempts={self.attempts}", f"statuses={sorted(self.statuses)}"]
        if self.methods is not None:
            shown.append(f"methods={sorted(self.methods)}")
        names = ("backoff", "max_backoff", "max_retry_after", "budget")
        shown += [f"{name}={getattr(self, name)}" for name in names]
        return f"Retry({', '.join(shown)})"


def retry_of(retries: RetryTypes) -> Retry | None:
    """The policy that an argument means: a number is how often a request is sent again."""
    if retries is None or isinstance(retries, Retry):
        return retries
    if isinstance(retries, bool) or not isinstance(retries, int):
        raise TypeError(f"'retries' must be a Retry, an int or None, not {type(retries).__name__}.")
    if retries < 0:
        raise ValueError("'retries' cannot be negative.")
    return Retry(retries + 1) if retries else None


def bound(policy: Retry | None, budget: RetryBudget) -> Retries | None:
    """A policy in the engine's terms, drawing on that budget."""
    if policy is None:
        return None
    return Retries(
        attempts=policy.attempts,
        statuses=list(policy.statuses),
        methods=None if policy.methods is None else list(policy.methods),
        backoff=policy.backoff,
        max_backoff=policy.max_backoff,
        max_retry_after=policy.max_retry_after,
        budget=policy.budget,
        shared=budget,
    )


def _status(status: int) -> int:
    if not 100 <= status <= 999:
        raise ValueError(f"'statuses' has {status!r}, which is no status code.")
    return int(status)


def _number(name: str, value: float) -> float:
    if not isfinite(value) or value < 0:
        raise ValueError(f"'{name}' must be a number that is not negative, not {value!r}.")
    return value


def _seconds(name: str, value: float) -> float:
    # Longer than anybody waits, and short enough for every clock.
    return min(_number(name, value), 1e9)
