"""The client for async code. It differs from the other one in how it waits, and in nothing else."""

from __future__ import annotations

from time import monotonic

from ._base import BaseClient, request_of
from ._config import DEFAULT_LIMITS, DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG, USE_CLIENT_DEFAULT
from ._exceptions import RequestError, request_context
from ._flow import arun
from ._patches import WATCHED, is_low_level_patched
from ._public import public
from ._request_options import extended
from ._routes import engine_of, routes
from ._stream_verbs import StreamVerbs
from ._transports import AsyncHTTPTransport, is_for_low_level, settings_of
from .concurrency import chosen_backend, current_waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import (
        AsyncIterator,
        Callable,
        Coroutine,  # noqa: F401 - named in a string
        Iterable,
        Mapping,
    )
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Any, Self, Unpack

    from ._auth import Auth
    from ._base import EngineCall
    from ._base_transports import AsyncBaseTransport
    from ._config import Limits, Proxy, RateLimit, UseClientDefault
    from ._flow import AuthSteps
    from ._native import ProxyRules, Retries
    from ._parallel import AsyncParallel
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
    from .concurrency import AsyncBackend
    from .websockets import AsyncWebSocketSession  # noqa: F401 - named in a string


@public
class AsyncClient(
    StreamVerbs[
        "AbstractAsyncContextManager[Response]",
        "AbstractAsyncContextManager[EventSource]",
        "AbstractAsyncContextManager[AsyncWebSocketSession]",
    ],
    BaseClient["Coroutine[Any, Any, Response]"],
):
    """Sends requests, keeps their connections, and shares settings between them. For async code.

    Runs on asyncio and trio, and so under anyio; may be used on several event loops, one after another or
    in several threads.

    - `backend`: an async library to insist on; by default, whichever runs.
    - Everything else is as for `Client`.
    """

    _websocket_client = "AsyncWebSocketClient"

    def __init__(
        self,
        *,
        auth: AuthTypes | None = None,
        params: QueryParamTypes | None = None,
        headers: HeaderTypes | None = None,
        cookies: CookieTypes | None = None,
        verify: ssl.SSLContext | str | bool = True,
        cert: CertTypes | None = None,
        http1: bool = True,
        http2: bool = False,
        proxy: ProxyTypes | None = None,
        mounts: Mapping[str, AsyncBaseTransport | None] | None = None,
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
        base_url: URLTypes = "",
        transport: AsyncBaseTransport | None = None,
        trust_env: bool = True,
        default_encoding: DefaultEncoding = "utf-8",
        backend: AsyncBackend | None = None,
        json_codec: JSONCodecTypes | None = None,
        retries: RetryTypes = None,
        sensitive_headers: Iterable[str] = (),
        max_body: int | None = None,
        rate_limit: RateLimit | float | None = None,
    ) -> None:
        def carrying(proxy: Proxy | ProxyRules | None) -> AsyncHTTPTransport:
            if proxy is None:
                made = AsyncHTTPTransport(verify, cert, trust_env, http1, http2, limits)
            else:
                made = AsyncHTTPTransport(verify, cert, trust_env, http1, http2, limits, proxy)
            made._backend = backend
            return made

        own, mounted = routes(transport, proxy, mounts, trust_env, carrying)
        self._backend = backend
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
            cls.send is not AsyncClient.send
            or cls.build_request is not AsyncClient.build_request
            or cls._transport_for_url is not AsyncClient._transport_for_url
        )

    def _is_patched(self) -> bool:
        own, transport = type(self), self._engine_transport
        if WATCHED and is_low_level_patched():
            return True
        return (
            own.send is not _SEND
            or own.request is not _REQUEST
            or own._transport_for_url is not _TRANSPORT_FOR_URL
            or type(transport).handle_async_request is not _HANDLE_ASYNC_REQUEST
            or transport._is_overridden
        )

    async def _plain(
        self,
        method: str,
        url: URLTypes,
        call: EngineCall | None = None,
        timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Has the engine carry out `call`, or a request without arguments, up to the end of its response."""
        call = call or self._plain_call(method, url)
        if call is None:
            return await self.request(method, url)
        waits = current_waits() if self._backend is None else chosen_backend(self._backend)
        try:
            operation = self._engine_transport._engine.start(*call)
            try:
                if (waiting := waits.until_ready(operation)) is not None:
                    await waiting
            except BaseException:
                operation.cancel()
                raise
            reply = operation.reply()
        except RequestError as error:
            error.request = request_of(call)
            raise
        response, redirected = self._delivered(reply, call[4])
        return await arun(self._continued(response, timeout)) if redirected else response

    async def request(
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
        With `stream=True` the body is still to be read: `response.stream()`, `await response.read()` or
        `await response.close()`. Cancelling this cancels the request: see `Operation.cancel` for what is
        on the wire then.
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
            return await self._plain(method, url, call, timeout)
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
        response = await self.send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
        if not stream:
            return response
        from ._streamed import AsyncStreamedResponse

        return AsyncStreamedResponse.of(response)

    async def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
    ) -> Response:
        """Sends a request that was made before. With `stream=True` the body is still to be read."""
        return await arun(self._flow(request, auth, follow_redirects, stream))

    def _streaming(
        self,
        request: Request,
        auth: AuthTypes | UseClientDefault | None,
        follow_redirects: bool | UseClientDefault,
    ) -> AbstractAsyncContextManager[Response]:
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def streaming() -> AsyncIterator[Response]:
            response = await self.send(request, stream=True, auth=auth, follow_redirects=follow_redirects)
            try:
                yield response
            finally:
                await response.aclose()

        return streaming()

    def _events(
        self, streaming: AbstractAsyncContextManager[Response], max_event_size: int | None
    ) -> AbstractAsyncContextManager[EventSource]:
        from contextlib import asynccontextmanager

        from ._sse import EventSource

        @asynccontextmanager
        async def events() -> AsyncIterator[EventSource]:
            async with streaming as response:
                source = EventSource(response, max_event_size)
                try:
                    yield source
                finally:
                    await source._leave()

        return events()

    def parallel(self, *, max_concurrency: int | None = None) -> AsyncParallel:
        """A block in which requests run side by side.

        `max_concurrency`: how many at once; the client's `max_connections` by default.
        """
        from ._parallel import AsyncParallel

        return AsyncParallel(self, max_concurrency)

    async def aclose(self) -> None:
        """Closes all connections. The client can send no more requests."""
        if not self._is_closed:
            self._end()
            for transport in self._transports():
                await transport.aclose()

    async def __aenter__(self) -> Self:
        if self._backend is not None:
            chosen_backend(self._backend)
        self._enter()
        for transport in self._transports():
            await transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._end()
        for transport in self._transports():
            await transport.__aexit__(exc_type, exc_value, traceback)

    async def _carry_out(self, request: Request, stream: bool, retries: Retries | None = None) -> Response:
        transport = self._transport_for_url(request.url)
        if "_content" not in request.__dict__:
            from ._async_files import for_async

            request.stream = for_async(request.stream)
        response: Response
        if engine_of(transport) is None or is_for_low_level(request):
            turn = self._turn(request)
            if turn is not None:
                try:
                    with request_context(request):
                        await chosen_backend(self._backend).wait(turn)
                        turn.check()
                finally:
                    turn.cancel()
            started = monotonic()
            response = await transport.handle_async_request(request)
            response._time(started)
        else:
            settings = settings_of(
                request, stream=stream, trust_env=self._trust_env, retries=retries, pace=self._pace
            )
            response = await transport._exchange(request, settings, stream)
        return response

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        from ._auth import Auth as Base

        # An async generator has to be closed in the task that uses it, which a request that is given up
        # cannot always do. Only a scheme that itself waits needs one.
        if type(auth).async_auth_flow is Base.async_auth_flow:
            return auth.auth_flow(request)
        return auth.async_auth_flow(request)


# As they came, to notice when a test or an instrumentation puts others in their place.
_SEND = AsyncClient.send
_REQUEST = AsyncClient.request
_TRANSPORT_FOR_URL = AsyncClient._transport_for_url
_HANDLE_ASYNC_REQUEST = AsyncHTTPTransport.handle_async_request
