"""The steps of a request that needs Python on its way: auth flows, event hooks, cookies, custom transports.

A flow is a generator that yields effects: a request to carry out, a body to read, a hook to call. It is
written once; `run` performs the effects of a flow for synchronous code and `arun` for async code. What is
decided in between, such as where a redirect leads, is decided by the engine's own rules.

Whoever drives a flow is the caller's own thread or task, so context variables, cancellation and
structured concurrency hold for everything that the flow calls.
"""

from __future__ import annotations

from time import sleep

from ._exceptions import TooManyRedirects, request_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any, TypeAlias, TypeVar

    from ._auth import Auth
    from ._base import BaseClient
    from ._lanes import Lanes
    from ._native import Block, Operation, Retries
    from ._request import Request
    from ._response import Response
    from .concurrency import AsyncBackend

    T = TypeVar("T")
    Flow: TypeAlias = Generator["Effect", Any, T]
    AuthSteps: TypeAlias = Generator[Request, Response, None] | AsyncGenerator[Request, Response]


class Effect:
    """Something that a flow asks for: done at once by `run`, awaited by `arun`."""

    __slots__ = ()

    def run(self) -> Any:  # noqa: ANN401 - each effect has its own result
        raise NotImplementedError

    async def arun(self) -> Any:  # noqa: ANN401 - each effect has its own result
        raise NotImplementedError


class Exchange(Effect):
    """Carry out one request: no redirect, no authentication. The result is its response."""

    __slots__ = ("client", "request", "retries", "stream")

    def __init__(
        self, client: BaseClient[Any], request: Request, stream: bool, retries: Retries | None = None
    ) -> None:
        self.client = client
        self.request = request
        self.stream = stream
        # What the engine sends again by itself.
        self.retries = retries

    def run(self) -> Response:
        client: Any = self.client
        response: Response = client._carry_out(self.request, self.stream, self.retries)
        return response

    async def arun(self) -> Response:
        client: Any = self.client
        response: Response = await client._carry_out(self.request, self.stream, self.retries)
        return response


class Call(Effect):
    """Call a hook: a function, or in async code a coroutine function."""

    __slots__ = ("argument", "hook")

    def __init__(self, hook: Callable[[Any], Any], argument: object) -> None:
        self.hook = hook
        self.argument = argument

    def run(self) -> None:
        self.hook(self.argument)

    async def arun(self) -> None:
        await self.hook(self.argument)


class Read(Effect):
    """Read a response's body into memory."""

    __slots__ = ("response",)

    def __init__(self, response: Response) -> None:
        self.response = response

    def run(self) -> None:
        self.response.read()

    async def arun(self) -> None:
        await self.response.aread()


class Close(Read):
    """Let go of a response."""

    __slots__ = ()

    def run(self) -> None:
        self.response.close()

    async def arun(self) -> None:
        await self.response.aclose()


class ReadRequest(Effect):
    """Read a request's content into memory."""

    __slots__ = ("request",)

    def __init__(self, request: Request) -> None:
        self.request = request

    def run(self) -> None:
        self.request.read()

    async def arun(self) -> None:
        await self.request.aread()


class Authenticate(Effect):
    """Take the next step of an auth flow: the next request, or None at its end."""

    __slots__ = ("auth", "request", "response", "steps")

    def __init__(self, auth: Auth, request: Request, steps: AuthSteps, response: Response | None) -> None:
        self.auth = auth
        self.request = request
        self.steps: Any = steps
        self.response = response

    def run(self) -> Request | None:
        try:
            request: Request = self.steps.send(self.response)
        except StopIteration:
            return None
        return request

    async def arun(self) -> Request | None:
        if not hasattr(self.steps, "asend"):
            await self._read_what_is_required()
            return self.run()
        try:
            request: Request = await self.steps.asend(self.response)
        except StopAsyncIteration:
            return None
        return request

    async def _read_what_is_required(self) -> None:
        if self.response is None:
            if self.auth.requires_request_body:
                await self.request.aread()
        elif self.auth.requires_response_body:
            await self.response.aread()


class EndAuthentication(Effect):
    """Leave an auth flow where it is."""

    __slots__ = ("steps",)

    def __init__(self, steps: AuthSteps) -> None:
        self.steps: Any = steps

    def run(self) -> None:
        self.steps.close()

    async def arun(self) -> None:
        if hasattr(self.steps, "aclose"):
            await self.steps.aclose()
        else:
            self.steps.close()


class Sleep(Effect):
    """Let some seconds pass. In a parallel block, its other requests go on meanwhile."""

    __slots__ = ("backend", "seconds")

    def __init__(self, backend: AsyncBackend | None, seconds: float) -> None:
        self.backend = backend
        self.seconds = seconds

    def run(self) -> None:
        sleep(self.seconds)

    async def arun(self) -> None:
        from .concurrency import chosen_backend

        await chosen_backend(self.backend).sleep(self.seconds)


class Wait(Effect):
    """Wait until the block has something ready, or one operation of it is, or something else changed.

    With `timeout`, so many seconds at most.
    """

    __slots__ = ("backend", "source", "timeout", "wakers")

    def __init__(
        self,
        source: Block | Lanes | Operation,
        backend: AsyncBackend | None,
        wakers: set[Callable[[], object]],
        timeout: float | None = None,
    ) -> None:
        self.source = source
        self.backend = backend
        self.wakers = wakers
        self.timeout = timeout

    def run(self) -> None:
        # Nothing else can change: no other thread may use the block meanwhile.
        if self.timeout is None:
            self.source.wait()
        else:
            # Only flows sleep, and where there are flows, nobody waits for an operation.
            source: Any = self.source
            source.wait(self.timeout)

    async def arun(self) -> None:
        from ._lanes import Lanes
        from .concurrency import chosen_backend

        backend = chosen_backend(self.backend)
        if isinstance(self.source, Lanes):
            await backend.wait_for_any(self.source.busy(), self.wakers, self.timeout)
        else:
            await backend.wait(self.source, wakers=self.wakers, timeout=self.timeout)


def run(flow: Flow[T]) -> T:
    """Performs a flow in synchronous code."""
    try:
        effect = next(flow)
        while True:
            try:
                result = effect.run()
            except BaseException as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as stop:
        returned: T = stop.value
        return returned


async def arun(flow: Flow[T]) -> T:
    """Performs a flow in async code."""
    try:
        effect = next(flow)
        while True:
            try:
                result = await effect.arun()
            except BaseException as error:
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as stop:
        returned: T = stop.value
        return returned


def read_whole(flow: Flow[Response]) -> Flow[Response]:
    """A flow whose response is read into memory at the end."""
    response = yield from flow
    try:
        yield Read(response)
    except BaseException:
        yield Close(response)
        raise
    return response


def authenticated(
    client: BaseClient[Any], request: Request, auth: Auth, follow_redirects: bool
) -> Flow[Response]:
    """A request with its authentication, redirects and hooks."""
    steps = client._auth_steps(auth, request)
    try:
        response = yield from _stepped(client, request, auth, steps, follow_redirects)
    except GeneratorExit:
        # The flow was given up, and nobody performs its effects any more.
        raise
    except BaseException:
        # Left to the garbage collector, an async generator's `finally` would run in no task at all.
        yield EndAuthentication(steps)
        raise
    return response


def _stepped(
    client: BaseClient[Any], request: Request, auth: Auth, steps: AuthSteps, follow_redirects: bool
) -> Flow[Response]:
    """The response to the last request of an auth flow."""
    history: list[Response] = []
    # Whatever the auth flow adds is meant for the origin that it was shown.
    unauthenticated = request.headers.copy()
    following: Request | None = yield Authenticate(auth, request, steps, None)
    assert following is not None, "an auth flow yields at least one request"
    while True:
        following._unauthenticated = unauthenticated
        # A request of the scheme's own has the time that is left to the one it is for.
        following.extensions.setdefault("timeout", request.extensions["timeout"])
        client._limit_body(following)
        response = yield from redirected(client, following, follow_redirects, history)
        try:
            following = yield Authenticate(auth, request, steps, response)
            if following is None:
                return response
            response.history = list(history)
            yield Read(response)
            history.append(response)
        except BaseException:
            yield Close(response)
            raise


def redirected(
    client: BaseClient[Any],
    request: Request,
    follow_redirects: bool,
    history: list[Response],
    response: Response | None = None,
) -> Flow[Response]:
    """A request with its redirects and hooks. `response` is the answer to it, if that is there already."""
    while True:
        if len(history) > client.max_redirects:
            raise TooManyRedirects("Exceeded maximum allowed redirects.", request=request)
        if response is None:
            for hook in client._event_hooks["request"]:
                yield Call(hook, request)
            retries = client._retries_of(request)
            if retries is None or client._engine_repeats(request):
                response = yield Exchange(client, request, True, retries)
            else:
                from ._attempts import repeated

                response = yield from repeated(client, request, retries)
            client._received(response, request)
        try:
            for hook in client._event_hooks["response"]:
                yield Call(hook, response)
            response.history = list(history)
            if not response.has_redirect_location:
                return response
            if not follow_redirects:
                response.next_request = client._next_request(request, response)
                return response
            with request_context(request):
                following = client._redirect_request(request, response)
            yield Read(response)
        except BaseException:
            yield Close(response)
            raise
        history.append(response)
        request, response = following, None
