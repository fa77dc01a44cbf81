"""The two clients. They differ in how they wait, and in nothing else."""

from __future__ import annotations

from ._base import BaseClient, request_of
from ._config import DEFAULT_LIMITS, DEFAULT_MAX_REDIRECTS, DEFAULT_TIMEOUT_CONFIG, USE_CLIENT_DEFAULT
from ._config import UseClientDefault as UseClientDefault
from ._exceptions import RequestError
from ._flow import arun, run
from ._public import public
from ._streamed import AsyncStreamedResponse, StreamedResponse
from ._transports import (
    AsyncBaseTransport,
    AsyncHTTPTransport,
    BaseTransport,
    HTTPTransport,
    settings_of,
)
from .concurrency import chosen_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping  # noqa: F401 - a base class names it in a string
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from types import TracebackType
    from typing import Any, Self

    from ._auth import Auth
    from ._config import Limits
    from ._flow import AuthSteps
    from ._parallel import AsyncParallel, Parallel
    from ._request import Request
    from ._response import Response
    from ._types import (
        AuthTypes,
        CertTypes,
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
    from .concurrency import AsyncBackend


@public
class Client(BaseClient["Response"]):
    """Sends requests, keeps their connections, and shares settings between them. For synchronous code.

    May be used by any number of threads at once, and after a fork: the child gets connections of its own.

    - `verify`, `cert`: how servers are verified, and what the client shows them: see `HTTPTransport`.
    - `timeout`: seconds, or a `Timeout`; 5 seconds for each wait by default.
    - `limits`: of the connection pool.
    - `transport`: something else to carry requests, such as `MockTransport`.
    """

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
        timeout: TimeoutTypes = DEFAULT_TIMEOUT_CONFIG,
        follow_redirects: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        max_redirects: int = DEFAULT_MAX_REDIRECTS,
        event_hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
        base_url: URLTypes = "",
        transport: BaseTransport | None = None,
        default_encoding: DefaultEncoding = "utf-8",
    ) -> None:
        if transport is None:
            transport = HTTPTransport(verify, cert, trust_env, http1, http2, limits)
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
            transport=transport,
        )

    def __init_subclass__(cls) -> None:
        base = Client
        cls._is_overridden = cls.send is not base.send or cls.build_request is not base.build_request

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
    ) -> Response:
        """Sends a request and returns its response.

        With `stream=True` the body is still to be read: `response.stream()`, `.read()` or `.close()`.
        """
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
            try:
                reply = self._transport._engine.send(*call)
            except RequestError as error:
                error.request = request_of(call)
                raise
            response, redirected = self._delivered(reply, call[4].follow_redirects)
            return run(self._continued(response, timeout)) if redirected else response
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
        return StreamedResponse.of(response) if stream else response

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

    def stream(
        self,
        method: str,
        url: URLTypes,
        **arguments: Any,  # noqa: ANN401 - those of `request`
    ) -> AbstractContextManager[Response]:
        """A response whose body is read inside the `with` block, and let go of at its end."""
        from contextlib import contextmanager

        @contextmanager
        def streamed() -> Iterator[Response]:
            request, settings = self._split(method, url, arguments)
            response = self.send(request, stream=True, **settings)
            try:
                yield response
            finally:
                response.close()

        return streamed()

    def parallel(self, *, max_concurrency: int | None = None) -> Parallel:
        """A block in which requests run side by side.

        `max_concurrency`: how many at once; the client's `max_connections` by default.
        """
        from ._parallel import Parallel

        return Parallel(self, max_concurrency)

    def close(self) -> None:
        """Closes all connections. The client can send no more requests."""
        if not self._is_closed:
            self._is_closed = True
            self._transport.close()

    def __enter__(self) -> Self:
        self._enter()
        self._transport.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._is_closed = True
        self._transport.__exit__(exc_type, exc_value, traceback)

    def _carry_out(self, request: Request, stream: bool) -> Response:
        if self._engine_transport is None:
            response: Response = self._transport.handle_request(request)
            return response
        transport: Any = self._engine_transport  # a synchronous client has a synchronous one
        exchanged: Response = transport._exchange(request, settings_of(request, stream=stream), stream)
        return exchanged

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        return auth.sync_auth_flow(request)


@public
class AsyncClient(BaseClient["Coroutine[Any, Any, Response]"]):
    """Sends requests, keeps their connections, and shares settings between them. For async code.

    Runs on asyncio and trio, and so under anyio; may be used on several event loops, one after another or
    in several threads.

    - `backend`: an async library to insist on; by default, whichever runs.
    - Everything else is as for `Client`.
    """

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
    ) -> None:
        if transport is None:
            transport = AsyncHTTPTransport(verify, cert, trust_env, http1, http2, limits)
            transport._backend = backend
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
            transport=transport,
        )

    def __init_subclass__(cls) -> None:
        base = AsyncClient
        cls._is_overridden = cls.send is not base.send or cls.build_request is not base.build_request

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
    ) -> Response:
        """Sends a request and returns its response.

        With `stream=True` the body is still to be read: `response.stream()`, `await response.read()` or
        `await response.close()`. Cancelling this cancels the request: see `Operation.cancel` for what is
        on the wire then.
        """
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
            backend = chosen_backend(self._backend)
            try:
                operation = self._transport._engine.start(*call)
                try:
                    await backend.wait(operation)
                except BaseException:
                    operation.cancel()
                    raise
                reply = operation.reply()
            except RequestError as error:
                error.request = request_of(call)
                raise
            response, redirected = self._delivered(reply, call[4].follow_redirects)
            return await arun(self._continued(response, timeout)) if redirected else response
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
        return AsyncStreamedResponse.of(response) if stream else response

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

    def stream(
        self,
        method: str,
        url: URLTypes,
        **arguments: Any,  # noqa: ANN401 - those of `request`
    ) -> AbstractAsyncContextManager[Response]:
        """A response whose body is read inside the `async with` block, and let go of at its end."""
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def streamed() -> AsyncIterator[Response]:
            request, settings = self._split(method, url, arguments)
            response = await self.send(request, stream=True, **settings)
            try:
                yield response
            finally:
                await response.aclose()

        return streamed()

    def parallel(self, *, max_concurrency: int | None = None) -> AsyncParallel:
        """A block in which requests run side by side.

        `max_concurrency`: how many at once; the client's `max_connections` by default.
        """
        from ._parallel import AsyncParallel

        return AsyncParallel(self, max_concurrency)

    async def aclose(self) -> None:
        """Closes all connections. The client can send no more requests."""
        if not self._is_closed:
            self._is_closed = True
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        if self._backend is not None:
            chosen_backend(self._backend)
        self._enter()
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._is_closed = True
        await self._transport.__aexit__(exc_type, exc_value, traceback)

    async def _carry_out(self, request: Request, stream: bool) -> Response:
        if self._engine_transport is None:
            response: Response = await self._transport.handle_async_request(request)
            return response
        transport: Any = self._engine_transport  # an async client has an async one
        exchanged: Response = await transport._exchange(request, settings_of(request, stream=stream), stream)
        return exchanged

    def _auth_steps(self, auth: Auth, request: Request) -> AuthSteps:
        from ._auth import Auth as Base

        # An async generator has to be closed in the task that uses it, which a request that is given up
        # cannot always do. Only a scheme that itself waits needs one.
        if type(auth).async_auth_flow is Base.async_auth_flow:
            return auth.auth_flow(request)
        return auth.async_auth_flow(request)
