"""Clients: settings that requests share, and how each request is carried out with them.

A request takes one of two ways. If nothing of Python is needed on its way (no auth flow, no hook, no
cookie, no transport of the user's), it is one operation of the engine, redirects and all. Otherwise it is
a flow (see `_flow`), stepped in the caller's thread or task.
"""

from __future__ import annotations

from time import monotonic

from ._body import check_size
from ._client_settings import auth_of, limit_of, names_of
from ._config import (
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    USE_CLIENT_DEFAULT,
    Timeout,
    UseClientDefault,
)
from ._flow import authenticated, read_whole, redirected
from ._json_codec import checked
from ._log import is_logged, log
from ._native import METHODS_WITH_CONTENT, URL, Headers
from ._request import Request
from ._request_building import RequestBuilding
from ._response import Response
from ._routes import Routed
from ._transports import is_for_low_level
from ._verbs import Verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias, TypeVar

    from ._auth import Auth
    from ._config import RateLimit
    from ._flow import AuthSteps, Flow
    from ._native import Reply, Retries, Settings, Turn, URLPattern
    from ._types import (
        AuthTypes,
        CookieTypes,
        DefaultEncoding,
        HeaderTypes,
        JSONCodecTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        RetryTypes,
        TimeoutTypes,
        URLTypes,
    )

    Outcome = TypeVar("Outcome", covariant=True)
    EventHook: TypeAlias = Callable[..., Any]
    # Method, URL, headers, content and settings, as the engine takes them.
    EngineCall: TypeAlias = tuple[str, URL | str, Headers, bytes | None, Settings]


class BaseClient(RequestBuilding, Routed, Verbs["Outcome"]):
    """What synchronous and async clients share: everything but the waiting."""

    _is_closed = False
    _is_entered = False

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[EventHook]] | None = None,
        base_url: URLTypes = "",
        trust_env: bool = True,
        default_encoding: DefaultEncoding = "utf-8",
        transport: Any = None,  # noqa: ANN401 - the subclass's kind of transport
        mounts: Mapping[URLPattern, Any] | None = None,
        json_codec: JSONCodecTypes | None = None,
        retries: RetryTypes = None,
        sensitive_headers: Iterable[str] = (),
        max_body: int | None = None,
        rate_limit: RateLimit | float | None = None,
    ) -> None:
        self._is_closed = False
        self._transport = transport
        self._mounts = mounts or {}
        self.base_url = base_url
        self.auth = auth
        self.params = params
        self.headers = headers
        self.cookies = cookies
        self._follow_redirects = follow_redirects
        self._max_redirects = max_redirects
        if retries is not None:
            self._retry(retries)
        self._sensitive_headers = names_of(sensitive_headers)
        self._max_body = limit_of(max_body)
        self._set_rate_limit(rate_limit)
        self.timeout = timeout
        self.event_hooks = event_hooks or {}
        self._trust_env = trust_env
        self._default_encoding = default_encoding
        self._json_codec = checked(json_codec)
        self._defaults = _Defaults(self)

    def _check_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("Cannot send a request, as the client has been closed.")

    # The short way: a request as one operation of the engine.

    def _plain_call(self, method: str, url: URLTypes) -> EngineCall | None:
        """A request without arguments, in the engine's terms. None if `_engine_call` has to look at it."""
        hooks = self._event_hooks
        if (
            self._engine_transport is None
            or self._auth is not None
            or self._cookies._jar is not None
            or hooks["request"]
            or hooks["response"]
            or self._is_closed
            or self._has_params
            or method in METHODS_WITH_CONTENT
            or self._is_patched()
        ):
            return None
        target = self._merge_url(url) if self._has_base_url else url
        # User name and password become a header on the long way.
        if "@" in target if isinstance(target, str) else not isinstance(target, URL) or target.userinfo:
            return None
        return method, target, self._headers, None, self._settings

    def _engine_call(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: object = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
    ) -> EngineCall | None:
        """A request in the engine's terms. None if it needs the long way."""
        self._check_open()
        if not isinstance(method, str):
            raise TypeError(f"The method must be a str, not {type(method).__name__}.")
        if (
            self._engine_transport is None
            or self._is_patched()
            or cookies
            or extensions
            or stream
            or (self._auth if auth is USE_CLIENT_DEFAULT else auth) is not None
            or self._cookies._jar is not None
            or self._event_hooks["request"]
            or self._event_hooks["response"]
        ):
            return None
        settings = self._settings
        if timeout is not USE_CLIENT_DEFAULT or follow_redirects is not USE_CLIENT_DEFAULT:
            settings = self._settings_for(
                self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout),
                self._follow_redirects
                if isinstance(follow_redirects, UseClientDefault)
                else follow_redirects,
            )
        plain = content is None and data is None and files is None and json is None
        method = method.upper()
        if plain and params is None and not self._has_params and method not in METHODS_WITH_CONTENT:
            merged = self._headers if headers is None else self._merge_headers(headers)
            target = self._merge_url(url) if self._has_base_url else url
            return None if _may_have_userinfo(target) else (method, target, merged, None, settings)
        request = self.build_request(
            method, url, content=content, data=data, files=files, json=json, params=params, headers=headers
        )
        if not hasattr(request, "_content") or request.url.userinfo:
            return None
        return request.method, request.url, request.headers, request.content, settings

    def _delivered(self, reply: Reply, settings: Settings) -> tuple[Response, bool]:
        """The response of an operation, and whether a redirect is left to follow: one that sets cookies."""
        response: Response = reply.response(Response, self._defaults)
        if is_logged():
            log(response)
        if not reply.sets_cookies:
            return response, False
        self.cookies.extract_cookies(response)
        return response, reply.is_redirect and settings.follow_redirects

    def _continued(
        self, response: Response, timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT
    ) -> Flow[Response]:
        """Follows a redirect that the engine left to the client, who keeps the cookies."""
        request, history = response.request, list(response.history)
        limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
        request.extensions.setdefault("timeout", limits.as_dict())
        self._limit_body(request)
        _set_deadline(request, response.elapsed.total_seconds())
        return read_whole(redirected(self, request, True, history, response))

    # The long way: a request as a flow.

    def _flow(
        self,
        request: Request,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        stream: bool = False,
    ) -> Flow[Response]:
        self._check_open()
        follow = (
            self._follow_redirects if isinstance(follow_redirects, UseClientDefault) else follow_redirects
        )
        if "timeout" not in request.extensions:
            request.extensions = dict(request.extensions, timeout=self._timeout.as_dict())
        self._limit_body(request)
        _set_deadline(request)
        flow = authenticated(self, request, self._auth_for(request, auth), follow)
        return flow if stream else read_whole(flow)

    def _limit_body(self, request: Request) -> None:
        if self._max_body is not None and "max_body" not in request.extensions:
            request.extensions = dict(request.extensions, max_body=self._max_body)

    def _auth_for(self, request: Request, auth: AuthTypes | UseClientDefault | None) -> Auth:
        chosen = self._auth if isinstance(auth, UseClientDefault) else auth_of(auth)
        if chosen is not None:
            return chosen
        from ._auth import Auth, BasicAuth

        if request.url.username or request.url.password:
            return BasicAuth(request.url.username, request.url.password)
        return Auth()

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        raise NotImplementedError

    def _retries_of(self, request: Request) -> Retries | None:
        """What has this request sent again. TypeError or ValueError if its extension makes no sense."""
        if "retries" in request.extensions:
            return self._bound(request.extensions["retries"])
        return self._retries

    def _engine_repeats(self, request: Request) -> bool:
        """Whether the engine sends this request again: it has all the content, or what is sent only once."""
        if is_for_low_level(request) or self._engine_for(request.url) is None:
            return False
        return hasattr(request, "_content") or not request._is_replayable

    def _turn(self, request: Request) -> Turn | None:
        """What a request waits for that no engine of this client's carries. None without a rate limit."""
        if self._pace is None:
            return None
        deadline = request.extensions.get("timeout", {}).get("deadline")
        return self._pace.turn(None if deadline is None else max(deadline - monotonic(), 0.0))

    def _received(self, response: Response, request: Request) -> None:
        """What is done with each response that comes, whether or not it is the last."""
        response.request = request
        self.cookies.extract_cookies(response)
        response.default_encoding = self._default_encoding
        if self._json_codec is not None:
            response._json_codec = self._json_codec
        if response._reply is None and response._is_read:
            check_size(response, request)
        if is_logged():
            log(response)

    def _end(self) -> None:
        """No request can be sent from now on, and none waits any longer for its time."""
        self._is_closed = True
        if self._pace is not None:
            self._pace.close()

    def _enter(self) -> None:
        if self._is_closed:
            raise RuntimeError("Cannot reopen a client instance, once it has been closed.")
        if self._is_entered:
            raise RuntimeError("Cannot open a client instance more than once.")
        self._is_entered = True


class _Defaults:
    """What a response asks of the client that made it, later, if it is asked itself."""

    def __init__(self, client: BaseClient[Any]) -> None:
        self.default_encoding = client._default_encoding
        self.json_codec = client._json_codec
        self._cookies_of = client

    def next_request(self, response: Response) -> Request | None:
        return self._cookies_of._next_request(response.request, response)


def request_of(call: EngineCall) -> Request:
    """A request that was given to the engine, as an object: for an exception to refer to."""
    method, url, headers, content, _ = call
    return Request(method, url, headers=headers, content=content)


def _set_deadline(request: Request, spent: float = 0.0) -> None:
    """Turns the limit of the whole request into a moment, which all requests of a flow share."""
    timeout = request.extensions["timeout"]
    total = timeout.get("total")
    if total is not None:
        timeout = {**timeout, "deadline": monotonic() + total - spent}
        request.extensions = {**request.extensions, "timeout": timeout}


def _may_have_userinfo(url: URLTypes) -> bool:
    """Whether a URL has credentials, which become a header on the long way."""
    return "@" in url if isinstance(url, str) else isinstance(url, URL) and url.userinfo != b""
