"""Pools of the low level for requests that need other connections than the rest.

Some say themselves how theirs are made, and upgrades want HTTP/1.1. They carry what the engine cannot: an
`ssl.SSLContext`, a look at the connection. All others are the engine's.
"""

from __future__ import annotations

from ._config import Proxy
from ._connection_options import has_own_connection, proxy_of
from ._exceptions import UnsupportedProtocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from ._native import ProxyRules
    from ._request import Request

    # Those of a transport, in their order.
    Arguments: TypeAlias = tuple[Any, ...]

# How many are kept.
MAX_POOLS = 16


class OwnPools:
    """Those of one transport, by what their requests say."""

    __slots__ = ("_arguments", "_pools", "_rules")

    def __init__(self, arguments: Arguments, rules: ProxyRules | None) -> None:
        self._arguments = arguments
        self._rules = rules
        self._pools: dict[object, Any] = {}

    def of(self, request: Request, make: Callable[[Arguments], Any]) -> Any:  # noqa: ANN401 - one of two kinds
        """The pool for a request, made by `make` if there is none yet. None if it needs none of its own."""
        verify, cert, trust_env, http1, http2, limits, proxy, *others = self._arguments
        # RFC 9113, section 8.6: HTTP/2 "removes support for the 101 (Switching Protocols) informational
        # status code".
        needs_http1 = http2 and "upgrade" in request.headers
        if self._rules is None and not needs_http1 and not has_own_connection(request):
            return None
        if needs_http1 and not http1:
            raise UnsupportedProtocol("WebSockets and other upgrades need HTTP/1.1. Leave 'http1=False' out.")
        http2 = http2 and not needs_http1
        own = request.extensions
        if "verify" in own:
            verify = own["verify"]
            # A context is used as it is.
            cert = cert if isinstance(verify, (bool, str)) else None
        if "proxy" in own:
            proxy = own["proxy"]
        elif self._rules is not None and (named := self._rules.proxy_of(request.url)) is not None:
            proxy = Proxy(named[0], auth=named[1])
        key = (verify, http2, repr(proxy_of(proxy)), getattr(proxy, "ssl_context", None))
        pool = self._pools.get(key)
        if pool is None:
            # Another thread may have been faster.
            made = make((verify, cert, trust_env, http1, http2, limits, proxy, *others))
            pool = self._pools.setdefault(key, made)
        return pool

    def surplus(self, wanted: object) -> Iterator[Any]:
        """Pools that nothing uses, the oldest first, if there are more than need be kept: to be closed."""
        if len(self._pools) <= MAX_POOLS:
            return
        for key, pool in list(self._pools.items()):
            is_unused = pool is not wanted and all(each.is_idle() for each in pool.connections)
            if is_unused and len(self._pools) > MAX_POOLS and self._pools.pop(key, None) is not None:
                yield pool

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._pools.values()))

    def __len__(self) -> int:
        return len(self._pools)
