"""The steps of a request that needs Python on its way: auth flows, event hooks, cookies, custom transports.

A flow is a generator that yields effects: a request to carry out, a body to read, a hook to call. It is
written once; `run` performs the effects of a flow for synchronous code and `arun` for async code. What is
decided in between, such as where a redirect leads, is decided by the engine's own rules.

Whoever drives a flow is the caller's own thread or task, so context variables, cancellation and
structured concurrency hold for everything that the flow calls.
"""

from __future__ import annotations

from ._exceptions import TooManyRedirects, request_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any, TypeAlias, TypeVar

    from ._auth import Auth
    from ._base import BaseClient
    from ._native import Block
    from ._request import Request
    from ._response import Response
    from .concurrency import AsyncBackend

    T = TypeVar("T")
    Flow: TypeAlias = Generator["Effect", Any, T]


class Effect:
    """Something that a flow asks for: done at once by `run`, awaited by `arun`."""

    __slots__ = ()

    def run(self) -> Any:  # noqa: ANN401 - each effect has its own result
        raise NotImplementedError

    async def arun(self) -> Any:  # noqa: ANN401 - each effect has its own result
        raise NotImplementedError


class Exchange(Effect):
    """Carry out one request: no redirect, no authentication. The result is its response."""

    __slots__ = ("client", "request", "stream")

    def __init__(self, client: BaseClient[Any], request: Request, stream: bool) -> None:
        self.client = client
        self.request = request
        self.stream = stream

    def run(self) -> Response:
        client: Any = self.client
        response: Response = client._carry_out(self.request, self.stream)
        return response

    async def arun(self) -> Response:
        client: Any = self.client
        response: Response = await client._carry_out(self.request, self.stream)
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

    __slots__ = ("response", "steps")

    def __init__(
        self,
        steps: Generator[Request, Response, None] | AsyncGenerator[Request, Response],
        response: Response | None,
    ) -> None:
        self.steps: Any = steps
        self.response = response

    def run(self) -> Request | None:
        try:
            request: Request = self.steps.send(self.response)
        except StopIteration:
            return None
        return request

    async def arun(self) -> Request | None:
        try:
            request: Request = await self.steps.asend(self.response)
        except StopAsyncIteration:
            return None
        return request


class Wait(Effect):
    """Wait until a parallel block has something ready, or an operation of it is."""

    __slots__ = ("backend", "source")

    def __init__(self, source: Block | Any, backend: AsyncBackend | None) -> None:  # noqa: ANN401
        self.source = source
        self.backend = backend

    def run(self) -> None:
        self.source.wait()

    async def arun(self) -> None:
        from .concurrency import chosen_backend

        await chosen_backend(self.backend).wait(self.source)


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


def authenticated(
    client: BaseClient[Any], request: Request, auth: Auth, follow_redirects: bool, stream: bool
) -> Flow[Response]:
    """A request with its authentication, redirects and hooks."""
    steps = client._auth_steps(auth, request)
    history: list[Response] = []
    following: Request | None = yield Authenticate(steps, None)
    assert following is not None, "an auth flow yields at least one request"
    while True:
        response = yield from redirected(client, following, follow_redirects, history)
        try:
            following = yield Authenticate(steps, response)
            if following is None:
                break
            response.history = list(history)
            yield Read(response)
            history.append(response)
        except BaseException:
            yield Close(response)
            raise
    if not stream:
        try:
            yield Read(response)
        except BaseException:
            yield Close(response)
            raise
    return response


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
            response = yield Exchange(client, request, True)
            client._received(response, request)
        try:
            for hook in client._event_hooks["response"]:
                yield Call(hook, response)
            response.history = list(history)
            if not response.has_redirect_location:
                return response
            with request_context(request):
                following = client._redirect_request(request, response)
            if not follow_redirects:
                response.next_request = following
                return response
            yield Read(response)
        except BaseException:
            yield Close(response)
            raise
        history.append(response)
        request, response = following, None
