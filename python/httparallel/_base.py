"""Clients: settings that requests share, and how each request is carried out with them.

A request takes one of two ways. If nothing of Python is needed on its way (no auth flow, no hook, no
cookie, no transport of the user's), it is one operation of the engine, redirects and all. Otherwise it is
a flow (see `_flow`), stepped in the caller's thread or task.
"""

from __future__ import annotations

from time import monotonic
from warnings import warn

from ._config import (
    DEFAULT_MAX_REDIRECTS,
    DEFAULT_TIMEOUT_CONFIG,
    USE_CLIENT_DEFAULT,
    Timeout,
    UseClientDefault,
)
from ._flow import authenticated, read_whole, redirected
from ._native import URL, VERSION, Headers, QueryParams, Settings, redirect
from ._request import METHODS_WITH_CONTENT, Request
from ._response import Response
from ._verbs import Verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias, TypeVar

    from ._auth import Auth
    from ._cookies import Cookies
    from ._flow import AuthSteps, Flow
    from ._native import Reply
    from ._transports import AsyncHTTPTransport, HTTPTransport
    from ._types import (
        AuthTypes,
        CookieTypes,
        DefaultEncoding,
        HeaderTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        TimeoutTypes,
        URLTypes,
    )

    Outcome = TypeVar("Outcome", covariant=True)
    EventHook: TypeAlias = Callable[..., Any]
    # Method, URL, headers, content and settings, as the engine takes them.
    EngineCall: TypeAlias = tuple[str, URL | str, Headers, bytes | None, Settings]

USER_AGENT = f"python-httparallel/{VERSION}"


class BaseClient(Verbs["Outcome"]):
    """What synchronous and async clients share: everything but the waiting."""

    _is_closed = False
    _is_entered = False
    # Whether a subclass of the user's has its own `send` or `build_request`, which then has to be called.
    _is_overridden = False

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
    ) -> None:
        from ._transports import _EngineTransport

        self._transport: Any = transport
        self._engine_transport: HTTPTransport | AsyncHTTPTransport | None = None
        # A subclass may carry requests in its own way.
        if isinstance(transport, _EngineTransport) and not transport._is_overridden:
            self._engine_transport = transport  # type: ignore[assignment]
        self.base_url = base_url
        self.auth = auth
        self.params = params
        self.headers = headers
        self.cookies = cookies
        self._follow_redirects = follow_redirects
        self._max_redirects = max_redirects
        self.timeout = timeout
        self.event_hooks = event_hooks or {}
        self._trust_env = trust_env
        self._default_encoding = default_encoding
        self._defaults = _Defaults(self)

    # Settings, which may be changed between requests.

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
    def timeout(self) -> Timeout:
        """The time limits of each request."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutTypes) -> None:
        self._timeout = Timeout(timeout)
        self._settings = self._settings_for(self._timeout, self._follow_redirects)

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
        self._auth = _auth_of(auth)

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

    # Requests.

    def build_request(
        self,
        method: str,
        url: URLTypes,
        *,
        content: RequestContent | None = None,
        data: RequestData | None = None,
        files: RequestFiles | None = None,
        json: Any | None = None,  # noqa: ANN401 - whatever json.dumps takes
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
    ) -> Request:
        """A request with the client's headers, cookies, parameters and base URL; `send` sends it."""
        limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
        with_timeout = dict(extensions or {})
        with_timeout.setdefault("timeout", limits.as_dict())
        return Request(
            method,
            self._merge_url(url),
            content=content,
            data=data,
            files=files,
            json=json,
            params=self._merge_params(params),
            headers=self._merge_headers(headers),
            cookies=self._merge_cookies(cookies),
            extensions=with_timeout,
        )

    def _merge_url(self, url: URLTypes) -> URL:
        url = URL(url)
        # `mailto:me` has no host, and is nevertheless not to be found below the base URL.
        if url.scheme or not url.is_relative_url:
            return url
        # Not joined but appended: `/users` under `https://example.org/api` is `https://example.org/api/users`.
        return self._base_url.copy_with(raw_path=self._base_url.raw_path + url.raw_path.lstrip(b"/"))

    def _merge_params(self, params: QueryParamTypes | None) -> QueryParamTypes | None:
        return self._params.merge(params) if params or self._params else params

    def _merge_headers(self, headers: HeaderTypes | None) -> Headers:
        merged = Headers(self._headers)
        merged.update(headers)
        return merged

    def _merge_cookies(self, cookies: CookieTypes | None) -> CookieTypes | None:
        if not cookies and not self._cookies:
            return None
        from ._cookies import Cookies

        merged = Cookies(self._cookies)
        merged.update(Cookies(cookies))
        return merged

    def _check_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("Cannot send a request, as the client has been closed.")

    # The short way: a request as one operation of the engine.

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
            or self._is_overridden
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
        if plain and params is None and not self._params and method not in METHODS_WITH_CONTENT:
            merged = self._headers if headers is None else self._merge_headers(headers)
            target = self._merge_url(url) if self._has_base_url else url
            return None if _may_have_userinfo(target) else (method, target, merged, None, settings)
        request = self.build_request(
            method, url, content=content, data=data, files=files, json=json, params=params, headers=headers
        )
        if not hasattr(request, "_content") or request.url.userinfo:
            return None
        return request.method, request.url, request.headers, request.content, settings

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
        )

    def _delivered(self, reply: Reply, follow: bool) -> tuple[Response, bool]:
        """The response of an operation, and whether a redirect is left to follow: one that sets cookies."""
        response = Response._from_reply(reply, self._defaults)
        if not reply.sets_cookies:
            return response, False
        self.cookies.extract_cookies(response)
        return response, reply.is_redirect and follow

    def _continued(
        self, response: Response, timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT
    ) -> Flow[Response]:
        """Follows a redirect that the engine left to the client, who keeps the cookies."""
        request, history = response.request, list(response.history)
        limits = self._timeout if isinstance(timeout, UseClientDefault) else Timeout(timeout)
        request.extensions.setdefault("timeout", limits.as_dict())
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
        _set_deadline(request)
        flow = authenticated(self, request, self._auth_for(request, auth), follow)
        return flow if stream else read_whole(flow)

    def _auth_for(self, request: Request, auth: AuthTypes | UseClientDefault | None) -> Auth:
        chosen = self._auth if isinstance(auth, UseClientDefault) else _auth_of(auth)
        if chosen is not None:
            return chosen
        from ._auth import Auth, BasicAuth

        if request.url.username or request.url.password:
            return BasicAuth(request.url.username, request.url.password)
        return Auth()

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        raise NotImplementedError

    def _received(self, response: Response, request: Request) -> None:
        """What is done with each response that comes, whether or not it is the last."""
        response.request = request
        self.cookies.extract_cookies(response)
        response.default_encoding = self._default_encoding

    def _redirect_request(self, request: Request, response: Response) -> Request:
        """The request that a redirect leads to, by the engine's rules."""
        # Whether a stream can be sent again only shows when it is: a file can, a generator cannot.
        streamed = not hasattr(request, "_content")
        content = b"stream" if streamed else request.content
        found = redirect(
            request.method,
            request.url,
            request.headers,
            content,
            False,
            response.status_code,
            response.headers,
        )
        assert found is not None, "only redirects are followed"
        method, url, headers, keeps_content = found
        return Request(
            method,
            url,
            headers=headers,
            cookies=self._cookies,
            content=content if keeps_content and not streamed else None,
            stream=request.stream if keeps_content and streamed else None,
            extensions=request.extensions,
        )

    def _split(self, method: str, url: URLTypes, arguments: dict[str, Any]) -> tuple[Request, dict[str, Any]]:
        """The arguments of a request: what makes it, and what says how it is sent."""
        names = ("auth", "follow_redirects", "stream")
        settings = {name: arguments.pop(name) for name in names if name in arguments}
        return self.build_request(method, url, **arguments), settings

    def _enter(self) -> None:
        if self._is_closed:
            raise RuntimeError("Cannot reopen a client instance, once it has been closed.")
        if self._is_entered:
            raise RuntimeError("Cannot open a client instance more than once.")
        self._is_entered = True

    # At the interpreter's exit nothing can be imported any more, and globals may be gone.
    def __del__(self, _warn: Callable[..., None] = warn) -> None:
        transport = getattr(self, "_engine_transport", None)
        if transport is None or self._is_closed or not transport._engine.connections():
            return
        _warn(f"unclosed client {self!r}", ResourceWarning, source=self, stacklevel=2)
        transport._engine.close()


class _Defaults:
    """What a response asks of the client that made it, later, if it is asked itself."""

    def __init__(self, client: BaseClient[Any]) -> None:
        self.default_encoding = client._default_encoding
        self._cookies_of = client

    def next_request(self, response: Response) -> Request | None:
        if not response.has_redirect_location:
            return None
        return self._cookies_of._redirect_request(response.request, response)


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


def _auth_of(auth: AuthTypes | None) -> Auth | None:
    from ._auth import Auth, BasicAuth, FunctionAuth

    if auth is None or isinstance(auth, Auth):
        return auth
    if isinstance(auth, tuple):
        return BasicAuth(username=auth[0], password=auth[1])
    if callable(auth):
        return FunctionAuth(func=auth)
    raise TypeError(f'Invalid "auth" argument: {auth!r}')


def _may_have_userinfo(url: URLTypes) -> bool:
    """Whether a URL has credentials, which become a header on the long way."""
    return "@" in url if isinstance(url, str) else isinstance(url, URL) and url.userinfo != b""


def _with_trailing_slash(url: URL) -> URL:
    if url.raw_path.endswith(b"/"):
        return url
    return url.copy_with(raw_path=url.raw_path + b"/")
