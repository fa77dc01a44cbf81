"""Which transport carries which request: the client's own, those of `mounts=`, and proxies.

Nearly every client has one transport, and it is the engine: `_engine_transport` says so, and a request then
is one operation of it. Everything else goes the long way, where each request is routed when its turn comes,
those of redirects and authentication included.
"""

from __future__ import annotations

# The function of `warnings`, without the module: that is loaded when there is something to show.
from _warnings import warn

from ._transports import AsyncHTTPTransport, HTTPTransport, _EngineTransport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, TypeAlias

    from ._config import Proxy
    from ._native import URL, ProxyRules, URLPattern
    from ._types import ProxyTypes

    EngineTransport: TypeAlias = HTTPTransport | AsyncHTTPTransport

# What decides how a request is carried. Tests and instrumentation replace these, on a client or on its class.
_METHODS = frozenset(("_transport_for_url", "build_request", "request", "send"))
_DECISIVE = _METHODS | {"_transport", "_mounts"}

_HANDLE_REQUEST = HTTPTransport.handle_request
_HANDLE_ASYNC_REQUEST = AsyncHTTPTransport.handle_async_request


class Routed:
    """The part of a client that knows its transports."""

    _is_closed = False
    # Whether a subclass, or this very client, has other methods than clients have.
    _is_overridden = False
    _transport: Any
    _mounts: Mapping[URLPattern, Any] | None = None
    # The one engine that carries every request of this client; None if there is no such engine.
    _engine_transport: Any = None

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in _DECISIVE:
            self._is_overridden = self._is_overridden or name in _METHODS
            self._choose_way()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if name in _METHODS and not any(name in self.__dict__ for name in _METHODS):
            object.__delattr__(self, "_is_overridden")
            self._choose_way()

    def _choose_way(self) -> None:
        """Finds out whether one engine carries every request."""
        self._engine_transport = None
        if self._mounts is not None and not self._is_overridden:
            self._engine_transport = engine_of(_only_transport(self._transport, self._mounts))

    def _is_patched(self) -> bool:
        """Whether the classes of client and transport have been given other methods since they came."""
        raise NotImplementedError

    def _transport_for_url(self, url: URL) -> Any:  # noqa: ANN401 - the subclass's kind of transport
        """The transport that carries requests for this URL: that of the first pattern that matches."""
        for pattern, transport in (self._mounts or {}).items():
            if pattern.matches(url):
                return self._transport if transport is None else transport
        return self._transport

    def _engine_for(self, url: URL) -> EngineTransport | None:
        """The engine that carries requests for this URL; None if something else does."""
        return engine_of(self._transport_for_url(url))

    def _has_engines_only(self) -> bool:
        """Whether all requests are carried by engines, on threads of their own."""
        return all(engine_of(transport) is not None for transport in self._transports())

    def _transports(self) -> Iterator[Any]:
        """All transports, each as often as it was named."""
        yield self._transport
        for transport in (self._mounts or {}).values():
            if transport is not None:
                yield transport

    # At the interpreter's exit nothing can be imported any more, and globals may be gone.
    def __del__(
        self,
        _warn: Callable[..., None] = warn,
        _engine_kind: type[_EngineTransport] = _EngineTransport,
    ) -> None:
        if self._is_closed or self._mounts is None:
            return
        engines = [
            each._engine
            for each in self._transports()
            if isinstance(each, _engine_kind) and each._core is None
        ]
        if any(engine.connections() for engine in engines):
            _warn(f"unclosed client {self!r}", ResourceWarning, source=self, stacklevel=2)
            for engine in engines:
                engine.close()


def engine_of(transport: object) -> EngineTransport | None:
    """The transport, if it is the engine's and carries requests as the engine does, not as a user does."""
    if not isinstance(transport, _EngineTransport) or transport._is_overridden or transport._carrier():
        return None
    if isinstance(transport, HTTPTransport):
        return transport if type(transport).handle_request is _HANDLE_REQUEST else None
    if isinstance(transport, AsyncHTTPTransport):
        return transport if type(transport).handle_async_request is _HANDLE_ASYNC_REQUEST else None
    return None


def _only_transport(default: object, mounts: Mapping[URLPattern, Any]) -> object | None:
    """The one transport that every URL leads to; None if there are several."""
    used: list[object] = []
    # An engine is not asked for more than these.
    uncovered = {"http", "https"} if engine_of(default) else {"http", "https", "any other"}
    for pattern, transport in mounts.items():
        used.append(default if transport is None else transport)
        # Of the schemes that are not named here no pattern covers all.
        uncovered -= {scheme for scheme in uncovered if pattern.covers_scheme(scheme)}
    if uncovered:
        used.append(default)
    return used[0] if all(transport is used[0] for transport in used) else None


def routes(
    transport: object,
    proxy: ProxyTypes | None,
    mounts: Mapping[str, Any] | None,
    trust_env: bool,
    carrying: Callable[[Proxy | ProxyRules | None], Any],
) -> tuple[Any, dict[URLPattern, Any]]:
    """A client's own transport, and what it mounts: proxies, and then `mounts`, which decide.

    `carrying` makes transports. One carries whatever the environment says, with and without a proxy.
    """
    named: dict[str, Any] = {}
    if proxy is not None:
        from ._config import Proxy

        named["all://"] = carrying(proxy if isinstance(proxy, Proxy) else Proxy(proxy))
    elif trust_env and transport is None:
        from ._proxies import environment_rules

        rules = environment_rules()
        if rules is not None:
            through = carrying(rules)
            named = {key: url and through for key, url in rules.routes().items()}
            # None of `mounts=` means a transport without a proxy; None of NO_PROXY is known to the rules.
            transport = None if mounts else through
            # A WebSocket begins as a request over HTTP, and has as little of another way out.
            for scheme, own in (("http", "ws"), ("https", "wss")) if mounts else ():
                if f"{scheme}://" in named:
                    named[f"{own}://"] = named[f"{scheme}://"]
    if transport is None:
        transport = carrying(None)
    if not named and not mounts:
        return transport, {}
    from ._native import URLPattern

    found = {URLPattern(key): each for key, each in (*named.items(), *(mounts or {}).items())}
    return transport, dict(sorted(found.items(), key=lambda route: route[0]))
