"""The settings of a client: what its requests share, and what may be changed between them."""

from __future__ import annotations

from ._config import RateLimit, Timeout
from ._native import URL, VERSION, Headers, QueryParams, RetryBudget, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from ._auth import Auth
    from ._cookies import Cookies
    from ._native import Pace, Retries
    from ._retry import Retry
    from ._types import (
        AuthTypes,
        CookieTypes,
        HeaderTypes,
        QueryParamTypes,
        RetryTypes,
        TimeoutTypes,
        URLTypes,
    )

    EventHook: TypeAlias = Callable[..., Any]

USER_AGENT = f"python-httparallel/{VERSION}"


class ClientSettings:
    """The part of a client that is no more than its attributes."""

    _is_closed: bool
    _trust_env: bool
    _follow_redirects: bool
    _max_redirects: int
    # The policy for requests that bring none, as it was given and as the engine takes it.
    _policy: Retry | None = None
    _retries: Retries | None = None
    # What all requests of the client share, once one of them may be sent again.
    _budget: RetryBudget | None = None
    _sensitive_headers: tuple[str, ...]
    _max_body: int | None
    # The rate limit, as it was given and at work.
    _rate_limit: RateLimit | None = None
    _pace: Pace | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the client has been closed."""
        return self._is_closed

    @property
    def trust_env(self) -> bool:
        """Whether environment variables may configure the client."""
        return self._trust_env

    @property
    def follow_redirects(self) -> bool:
        """Whether redirects are followed, unless a request says otherwise."""
        return self._follow_redirects

    @follow_redirects.setter
    def follow_redirects(self, follow: bool) -> None:
        self._follow_redirects = follow
        self._settings = self._settings_for(self._timeout, follow)

    @property
    def max_redirects(self) -> int:
        """How many redirects in a row are followed."""
        return self._max_redirects

    @max_redirects.setter
    def max_redirects(self, limit: int) -> None:
        self._max_redirects = limit
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    @property
    def sensitive_headers(self) -> tuple[str, ...]:
        """Headers that do not follow a redirect to another origin, besides those that never do."""
        return self._sensitive_headers

    @sensitive_headers.setter
    def sensitive_headers(self, names: Iterable[str]) -> None:
        self._sensitive_headers = names_of(names)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    @property
    def max_body(self) -> int | None:
        """The most bytes that a body may have, as sent and decoded."""
        return self._max_body

    @max_body.setter
    def max_body(self, limit: int | None) -> None:
        self._max_body = limit_of(limit)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    @property
    def rate_limit(self) -> RateLimit | None:
        """How many requests may start in a stretch of time. A new limit is for later requests."""
        return self._rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: RateLimit | float | None) -> None:
        self._set_rate_limit(limit)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    def _set_rate_limit(self, limit: RateLimit | float | None) -> None:
        if limit is None:
            self._rate_limit = self._pace = None
            return
        from ._native import Pace

        self._rate_limit = limit = limit if isinstance(limit, RateLimit) else RateLimit(limit)
        self._pace = Pace(limit.requests, limit.per, limit.burst)

    @property
    def timeout(self) -> Timeout:
        """The time limits of each request."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = Timeout(timeout)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    @property
    def retries(self) -> Retry | None:
        """When requests are sent again, unless a request says otherwise. None for not at all.

        May be set to a number, too. Changing a policy that the client has changes nothing: set another one.
        """
        return self._policy

    @retries.setter
    def retries(self, retries: RetryTypes) -> None:
        self._retry(retries)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

    def _retry(self, retries: RetryTypes) -> None:
        from ._retry import retry_of

        self._policy = retry_of(retries)
        self._retries = self._bound(self._policy)

    def _bound(self, retries: RetryTypes) -> Retries | None:
        """A policy with the client's budget."""
        from ._retry import bound, retry_of

        if self._budget is None:
            self._budget = RetryBudget()
        return bound(retry_of(retries), self._budget)

    @property
    def event_hooks(self) -> dict[str, list[EventHook]]:
        """Functions that are called with each request before it is sent, and with each response."""
        return self._event_hooks

    @event_hooks.setter
    def event_hooks(self, event_hooks: Mapping[str, list[EventHook]]) -> None:
        self._event_hooks = {
            "request": list(event_hooks.get("request", [])),
            "response": list(event_hooks.get("response", [])),
        }

    @property
    def auth(self) -> Auth | None:
        """The authentication of each request, unless a request brings its own."""
        return self._auth

    @auth.setter
    def auth(self, auth: AuthTypes | None) -> None:
        self._auth = auth_of(auth)

    @property
    def base_url(self) -> URL:
        """What relative URLs are appended to."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: URLTypes) -> None:
        self._base_url = _with_trailing_slash(URL(url))
        self._has_base_url = str(url) != ""

    @property
    def headers(self) -> Headers:
        """Headers of each request, unless a request sets them itself."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderTypes | None) -> None:
        merged = Headers(
            {
                "Accept": "*/*",
                "Accept-Encoding": "gzip, deflate, br, zstd",
                "Connection": "keep-alive",
                "User-Agent": USER_AGENT,
            }
        )
        merged.update(headers)
        self._headers = merged

    @property
    def cookies(self) -> Cookies:
        """Cookies that are sent where they belong. Responses add to them."""
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: CookieTypes | None) -> None:
        from ._cookies import Cookies

        self._cookies = Cookies(cookies)

    @property
    def params(self) -> QueryParams:
        """Query parameters of each request."""
        return self._params

    @params.setter
    def params(self, params: QueryParamTypes | None) -> None:
        self._params = QueryParams(params)
        self._has_params = bool(self._params)

    def _settings_for(self, timeout: Timeout, follow_redirects: bool) -> Settings:
        return Settings(
            connect=timeout.connect,
            read=timeout.read,
            write=timeout.write,
            pool=timeout.pool,
            total=timeout.total,
            follow_redirects=follow_redirects,
            max_redirects=self._max_redirects,
            cookies=True,
            retries=self._retries,
            sensitive_headers=self._sensitive_headers,
            max_body=self._max_body,
            pace=self._pace,
        )


def names_of(names: Iterable[str]) -> tuple[str, ...]:
    """Names of headers as an argument gives them."""
    if isinstance(names, (str, bytes)):
        raise TypeError(f"sensitive_headers is a list of names; write [{names!r}].")
    return tuple(names)


def limit_of(limit: int | None) -> int | None:
    """A number of bytes as an argument gives it."""
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise ValueError(f"max_body is a number of bytes, or None for no limit, not {limit!r}.")
    return limit


def auth_of(auth: AuthTypes | None) -> Auth | None:
    if auth is None:
        return None
    from ._auth import Auth, BasicAuth, FunctionAuth

    if isinstance(auth, Auth):
        return auth
    if isinstance(auth, tuple):
        return BasicAuth(username=auth[0], password=auth[1])
    if callable(auth):
        return FunctionAuth(func=auth)
    raise TypeError(f'Invalid "auth" argument: {auth!r}')


def _with_trailing_slash(url: URL) -> URL:
    if url.raw_path.endswith(b"/"):
        return url
    return url.copy_with(raw_path=url.raw_path + b"/")
