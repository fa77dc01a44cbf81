"""The client for synchronous code. It differs from the other one in how it waits, and in nothing else."""

from __future__ import annotations

from time import monotonic

from ._base import BaseClient, request_of
from ._config import DEFAULT_LIMITS, DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG, USE_CLIENT_DEFAULT
from ._exceptions import RequestError, request_context
from ._flow import run
from ._patches import WATCHED, is_low_level_patched
from ._public import public
from ._request_options import extended
from ._routes import engine_of, routes
from ._stream_verbs import StreamVerbs
from ._transports import HTTPTransport, is_for_low_level, settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Any, Self, Unpack

    from ._auth import Auth
    from ._base import EngineCall
    from ._base_transports import BaseTransport
    from ._config import Limits, Proxy, RateLimit, UseClientDefault
    from ._flow import AuthSteps
    from ._native import ProxyRules, Retries
    from ._parallel import Parallel
    from ._request import Request
    from ._response import Response
    from ._sse import EventSource
    from ._types import (
        AuthTypes,
        CertTypes,
        CookieTypes,
        DefaultEncoding,
        HeaderTypes,
        JSONCodecTypes,
        ProxyTypes,
        QueryParamTypes,
        RequestContent,
        RequestData,
        RequestExtensions,
        RequestFiles,
        RequestOptions,
        RetryTypes,
        TimeoutTypes,
        URLTypes,
    )
    from .websockets import WebSocketSession  # noqa: F401 - named in a string


@public
class Client(
    StreamVerbs[
        "AbstractContextManager[Response]",
        "AbstractContextManager[EventSource]",
        "AbstractContextManager[WebSocketSession]",
    ],
    BaseClient["Response"],
):
    """Sends requests, keeps their connections, and shares settings between them. For synchronous code.

    May be used by any number of threads at once, and after a fork: the child gets connections of its own.

    - `verify`, `cert`: how servers are verified, and what the client shows them: see `HTTPTransport`.
    - `timeout`: seconds, or a `Timeout`; 5 seconds for each wait by default.
    - `limits`: of the connection pool.
    - `proxy`: a proxy for all requests. By default `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
      say which; `trust_env=False` ignores them.
    - `transport`: something else to carry requests, such as `MockTransport`.
    - `json_codec`: what writes `json=` and reads `response.json()`, and the JSON of events and WebSockets:
      anything with `dumps` and `loads`, as `orjson` is, or a `JSONCodec`. The standard library's `json` by
      default.
    - `mounts`: transports for some URLs, by pattern: `{"https://example.org": transport}`. None stands for
      the client's own transport.
    - `retries`: when requests are sent again: a `Retry`, or how often; not at all by default.
    - `sensitive_headers`: names of headers that do not follow a redirect to another origin. `Authorization`,
      `Cookie`, the usual names of API keys and whatever an auth flow adds never do.
    - `max_body`: the most bytes that a body may have, as sent and decoded; more is a BodyTooLarge. By default
      there is no such limit, but a body beyond 16 MiB must not expand to more than 1000 times what was sent.
      A request's own `max_body` says otherwise.
    - `rate_limit`: how many requests may start in a stretch of time: a `RateLimit`, or a number for each
      second. Every attempt counts, those of redirects and authentication too. Requests start in their order;
      waiting counts against `Timeout.total` only.
    """

    _websocket_client = "WebSocketClient"

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
        mounts: Mapping[str, BaseTransport | None] | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
        base_url: URLTypes = "",
        transport: BaseTransport | None = None,
        default_encoding: DefaultEncoding = "utf-8",
        json_codec: JSONCodecTypes | None = None,
        retries: RetryTypes = None,
        sensitive_headers: Iterable[str] = (),
        max_body: int | None = None,
        rate_limit: RateLimit | float | None = None,
    ) -> None:
        def carrying(proxy: Proxy | ProxyRules | None) -> HTTPTransport:
            if proxy is None:
                return HTTPTransport(verify, cert, trust_env, http1, http2, limits)
            return HTTPTransport(verify, cert, trust_env, http1, http2, limits, proxy)

        own, mounted = routes(transport, proxy, mounts, trust_env, carrying)
        super().__init__(
            auth=auth,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            follow_redirects=follow_redirects,
            max_redirects=max_redirects,
            event_hooks=event_hooks,
            base_url=base_url,
            trust_env=trust_env,
            default_encoding=default_encoding,
            sensitive_headers=sensitive_headers,
            max_body=max_body,
            rate_limit=rate_limit,
            transport=own,
            mounts=mounted,
            json_codec=json_codec,
            retries=retries,
        )

    def __init_subclass__(cls) -> None:
        cls._is_overridden = (
            cls.send is not Client.send
            or cls.build_request is not Client.build_request
            or cls._transport_for_url is not Client._transport_for_url
        )

    def _is_patched(self) -> bool:
        own, transport = type(self), self._engine_transport
        if WATCHED and is_low_level_patched():
            return True
        return (
            own.send is not _SEND
            or own.request is not _REQUEST
            or own._transport_for_url is not _TRANSPORT_FOR_URL
            or type(transport).handle_request is not _HANDLE_REQUEST
            or transport._is_overridden
        )

    def _plain(
        self,
        method: str,
        url: URLTypes,
        call: EngineCall | None = None,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Has the engine carry out `call`, or a request without arguments, up to the end of its response."""
        call = call or self._plain_call(method, url)
        if call is None:
            return self.request(method, url)
        try:
            reply = self._engine_transport._engine.send(*call)
        except RequestError as error:
            error.request = request_of(call)
            raise
        response, redirected = self._delivered(reply, call[4])
        return run(self._continued(response, timeout)) if redirected else response

    def request(
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
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
        extensions: RequestExtensions | None = None,
        stream: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Response:
        """Sends a request and returns its response.

        `proxy`, `verify`, `retries` and `max_body` count for this request instead of the client's own.
        With `stream=True` the body is still to be read: `response.stream()`, `.read()` or `.close()`.
        """
        if options:
            extensions = extended("request", extensions, options)
        call = self._engine_call(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
            extensions=extensions,
            stream=stream,
        )
        if call is not None:
            return self._plain(method, url, call, timeout)
        if cookies is not None:
            from ._deprecations import warn_of_cookies

            warn_of_cookies()
        request = self.build_request(
            method,
            url,
            content=content,
            data=data,
            files=files,
            json=json,
            params=params,
            headers=headers,
            cookies=cookies,
            timeout=timeout,
            extensions=extensions,
        )
        response = self.send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
        if not stream:
            return response
        from ._streamed import StreamedResponse

        return StreamedResponse.of(response)

    def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Sends a request that was made before. With `stream=True` the body is still to be read."""
        return run(self._flow(request, auth, follow_redirects, stream))

    def _streaming(
        self,
        request: Request,
        auth: AuthTypes | UseClientDefault | None,
        follow_redirects: bool | UseClientDefault,
    ) -> AbstractContextManager[Response]:
        from contextlib import contextmanager

        @contextmanager
        def streaming() -> Iterator[Response]:
            response = self.send(request, stream=True, auth=auth, follow_redirects=follow_redirects)
            try:
                yield response
            finally:
                response.close()

        return streaming()

    def _events(
        self, streaming: AbstractContextManager[Response], max_event_size: int | None
    ) -> AbstractContextManager[EventSource]:
        from contextlib import contextmanager

        from ._sse import EventSource

        @contextmanager
        def events() -> Iterator[EventSource]:
            with streaming as response:
                yield EventSource(response, max_event_size)

        return events()

    def parallel(self, *, max_concurrency: int | None = None) -> Parallel:
        """A block in which requests run side by side.

        `max_concurrency`: how many at once; the client's `max_connections` by default.
        """
        from ._parallel import Parallel

        return Parallel(self, max_concurrency)

    def close(self) -> None:
        """Closes all connections. The client can send no more requests."""
        if not self._is_closed:
            self._end()
            for transport in self._transports():
                transport.close()

    def __enter__(self) -> Self:
        self._enter()
        for transport in self._transports():
            transport.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._end()
        for transport in self._transports():
            transport.__exit__(exc_type, exc_value, traceback)

    def _carry_out(self, request: Request, stream: bool, retries: Retries | None = None) -> Response:
        transport = self._transport_for_url(request.url)
        response: Response
        if engine_of(transport) is None or is_for_low_level(request):
            turn = self._turn(request)
            if turn is not None:
                try:
                    with request_context(request):
                        turn.wait()
                        turn.check()
                finally:
                    turn.cancel()
            started = monotonic()
            response = transport.handle_request(request)
            response._time(started)
        else:
            settings = settings_of(
                request, stream=stream, trust_env=self._trust_env, retries=retries, pace=self._pace
            )
            response = transport._exchange(request, settings, stream)
        return response

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        return auth.sync_auth_flow(request)


# As they came, to notice when a test or an instrumentation puts others in their place.
_SEND = Client.send
_REQUEST = Client.request
_TRANSPORT_FOR_URL = Client._transport_for_url
_HANDLE_REQUEST = HTTPTransport.handle_request
