"""Parallel blocks: requests that run side by side, from plain synchronous code or from async code.

The engine runs the requests on its own thread, so they make progress whatever the block's code is doing.
Requests that need Python on their way (auth flows, hooks, cookies) are flows; the block steps them in the
thread or task that waits for responses.

What a block does is written once, as flows in `_Block`; `Parallel` performs them in synchronous code and
`AsyncParallel` in async code.
"""

from __future__ import annotations

from collections import deque

from ._base import request_of
from ._config import USE_CLIENT_DEFAULT
from ._exceptions import RequestCancelled, RequestError
from ._flow import Exchange, ReadRequest, Wait, arun, run
from ._native import Block
from ._public import public
from ._received import AsyncReceivedStream, ReceivedStream
from ._streamed import AsyncStreamedResponse, StreamedResponse
from ._transports import response_of, settings_of
from ._verbs import Verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterable, Iterator
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from ._base import BaseClient, EngineCall
    from ._client import AsyncClient, Client
    from ._flow import Flow
    from ._native import Operation
    from ._request import Request
    from ._response import Response
    from ._types import URLTypes

    AnyPending = TypeVar("AnyPending", bound="_Pending")


class _Pending:
    """One request of a block."""

    __slots__ = ("_block", "_call", "_error", "_flow", "_number", "_operation", "_request", "_response")

    _flow: Flow[Response] | None
    _call: EngineCall | None
    _operation: Operation | None
    _number: int | None
    _request: Request | None

    def __init__(self, block: _Block[Any]) -> None:
        self._block = block
        self._flow = None
        self._call = None
        self._request = None
        self._operation = None
        self._number = None
        self._response: Response | None = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether the outcome is there, so that `get_response` will not wait."""
        if self._is_settled:
            return True
        return self._flow is None and self._operation is not None and self._operation.is_ready

    @property
    def request(self) -> Request:
        """The request."""
        if self._request is not None:
            return self._request
        assert self._call is not None, "a pending response has a request or an engine call"
        self._request = request_of(self._call)
        return self._request

    def cancel(self) -> None:
        """Gives the request up. Its outcome is RequestCancelled, unless it has one already."""
        self._block._cancel(self)

    @property
    def _is_settled(self) -> bool:
        return self._response is not None or self._error is not None

    def _outcome(self) -> Response:
        if self._error is not None:
            raise self._error
        assert self._response is not None, "asked for before it was settled"
        return self._response

    def _state(self) -> str:
        if self._response is not None:
            return repr(self._response)
        if self._error is not None:
            return type(self._error).__name__
        return "pending"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self._state()}]>"


@public
class PendingResponse(_Pending):
    """A response that may still be on its way, in a synchronous block."""

    __slots__ = ()

    def get_response(self) -> Response:
        """Waits for the response and returns it, or raises what went wrong. May be called again."""
        if not self._is_settled:
            run(self._block._wait_for(self))
        return self._outcome()


@public
class AsyncPendingResponse(_Pending):
    """A response that may still be on its way, in an async block.

    `parallel.get(url)` gives it at once; `await parallel.get(url)` gives the same.
    """

    __slots__ = ()

    async def get_response(self) -> Response:
        """Waits for the response and returns it, or raises what went wrong. May be called again."""
        if not self._is_settled:
            await arun(self._block._wait_for(self))
        return self._outcome()

    def __await__(self) -> Generator[Any, Any, Self]:
        return self._started().__await__()

    async def _started(self) -> Self:
        await arun(self._block._step_flows())
        return self


class _Block(Verbs["AnyPending"]):
    """What blocks of both kinds share."""

    _pending_class: type[AnyPending]
    _stream_class: type[StreamedResponse | AsyncStreamedResponse]
    _window = 0

    def __init__(self, client: BaseClient[Any], max_concurrency: int | None) -> None:
        if max_concurrency is not None and max_concurrency < 1:
            raise ValueError("max_concurrency must be at least 1.")
        self._client = client
        self._max_concurrency = max_concurrency
        self._native: Block | None = None
        # Those with an operation under way, by its number in the native block.
        self._running: dict[int, _Pending] = {}
        # Flows that nobody has stepped yet.
        self._unstarted: deque[_Pending] = deque()
        # Flows whose operation is ready.
        self._ready_flows: deque[_Pending] = deque()
        # Settled, and not yet delivered.
        self._settled: deque[_Pending] = deque()
        self._undelivered: set[_Pending] = set()

    @property
    def has_pending_responses(self) -> bool:
        """Whether there are responses that were not delivered yet."""
        return bool(self._undelivered)

    def __len__(self) -> int:
        """How many responses were not delivered yet."""
        return len(self._undelivered)

    def request(self, method: str, url: URLTypes, **arguments: Any) -> AnyPending:  # type: ignore[override] # noqa: ANN401
        """Starts a request with any method. Takes the arguments of `Client.request`.

        Raises at once if the URL or an argument is invalid; what goes wrong later is raised by
        `get_response` and `next_response`.
        """
        block = self._open_block()
        pending = self._pending_class(self)
        settings = {
            name: arguments.pop(name, USE_CLIENT_DEFAULT) for name in ("auth", "follow_redirects")
        }
        stream = arguments.pop("stream", False)
        call = self._client._engine_call(
            method, url, **{**_NOTHING, **arguments}, **settings, stream=stream
        )
        if call is not None:
            pending._call = call
            self._submit(block, pending, call)
        else:
            pending._request = self._client.build_request(method, url, **arguments)
            pending._flow = self._client._flow(pending._request, stream=stream, **settings)
            self._unstarted.append(pending)
        self._undelivered.add(pending)
        return pending

    def _open_block(self) -> Block:
        if self._native is None:
            raise RuntimeError("The parallel block has not been entered, or has ended; use it in a 'with'.")
        return self._native

    def _enter(self) -> None:
        if self._native is not None:
            raise RuntimeError("A parallel block cannot be entered twice.")
        self._client._check_open()
        transport = self._client._engine_transport
        if transport is None:
            from ._transports import HTTPTransport

            # Requests of a transport written in Python still need somewhere to be gathered.
            transport = HTTPTransport()
        limit = self._max_concurrency or transport._max_connections
        self._window = 2 * limit if limit else 1000
        self._native = Block(transport._engine, limit)

    def _leave(self) -> None:
        """Cancels what is pending; when this returns it is gone."""
        block, self._native = self._native, None
        pendings = [*self._running.values(), *self._unstarted, *self._ready_flows]
        for pending in pendings:
            if pending._flow is None and pending._operation is not None and pending._operation.is_ready:
                self._settle_call(pending)
        if block is not None:
            block.close()
        for pending in pendings:
            if pending._flow is not None:
                pending._flow.close()
            if not pending._is_settled:
                message = "The parallel block ended before the response was there."
                self._fail(pending, RequestCancelled(message))
        for waiting in (self._running, self._unstarted, self._ready_flows, self._settled, self._undelivered):
            waiting.clear()

    def _take(self) -> _Pending | None:
        """The next request whose outcome is there, if one is and no flow has to be stepped before."""
        if self._unstarted or self._ready_flows:
            return None
        while self._settled:
            settled = self._settled.popleft()
            if settled in self._undelivered:
                self._undelivered.discard(settled)
                return settled
        number = self._open_block().try_next()
        if number is None:
            return None
        pending = self._running.pop(number)
        if pending._flow is not None:
            self._ready_flows.append(pending)
            return None
        self._settle_call(pending)
        return self._take()

    # Flows of the block.

    def _next(self) -> Flow[_Pending]:
        """The request whose outcome is there first; it counts as delivered then."""
        while True:
            yield from self._step_flows()
            pending = self._take()
            if pending is not None:
                return pending
            if not self._undelivered:
                raise RuntimeError(
                    "There is no pending response. Check 'has_pending_responses' before 'next_response'."
                )
            if not self._unstarted and not self._ready_flows:
                yield Wait(self._open_block(), self._backend())

    def _wait_for(self, pending: _Pending) -> Flow[None]:
        """Waits until this request is settled; it counts as delivered then."""
        while True:
            yield from self._step_flows()
            if pending._is_settled:
                break
            operation, number = pending._operation, pending._number
            if operation is None or number is None:
                raise RuntimeError("The parallel block has ended.")
            if not operation.is_ready:
                yield Wait(operation, self._backend())
            # Another task may have gone on with it meanwhile.
            if self._running.get(number) is pending and operation.is_ready:
                del self._running[number]
                self._open_block().deliver(number)
                if pending._flow is None:
                    self._settle_call(pending)
                else:
                    self._ready_flows.append(pending)
        if self._settled and self._settled[-1] is pending:
            self._settled.pop()
        self._undelivered.discard(pending)

    def _step_flows(self) -> Flow[None]:
        """Goes on with every flow that can."""
        while self._unstarted:
            yield from self._step(self._unstarted.popleft(), None, None)
        while self._ready_flows:
            pending = self._ready_flows.popleft()
            yield from self._step(pending, *self._taken(pending))

    def _taken(self, pending: _Pending) -> tuple[Response | None, BaseException | None]:
        """The response of a flow's operation, or its error."""
        operation, request = pending._operation, pending._request
        assert operation is not None, "it is ready"
        assert request is not None, "a flow has a request"
        try:
            reply = operation.reply()
        except Exception as error:
            if isinstance(error, RequestError):
                error.request = request
            return None, error
        return response_of(reply, request, self._stream_of(operation)), None

    def _step(
        self, pending: _Pending, result: Response | None, error: BaseException | None
    ) -> Flow[None]:
        """Steps a flow until it needs the engine, or is over."""
        flow = pending._flow
        assert flow is not None, "only flows are stepped"
        try:
            effect = flow.send(result) if error is None else flow.throw(error)
            while not (isinstance(effect, Exchange) and self._client._engine_transport is not None):
                try:
                    value = yield effect
                except Exception as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(value)
        except StopIteration as stop:
            self._succeed(pending, stop.value)
        except Exception as failure:
            self._fail(pending, failure)
        else:
            yield from self._submit_flow(pending, effect.request)

    def _submit_flow(self, pending: _Pending, request: Request) -> Flow[None]:
        pending._request = request
        try:
            # Content that is produced while it is sent would need somebody to produce it all along.
            yield ReadRequest(request)
            settings = settings_of(request, stream=True)
            call = (request.method, request.url, request.headers, request.content, settings)
            self._submit(self._open_block(), pending, call)
        except Exception as failure:
            yield from self._step(pending, None, failure)

    def _submit(self, block: Block, pending: _Pending, call: EngineCall) -> None:
        pending._number, pending._operation = block.submit(*call)
        self._running[pending._number] = pending

    def _settle_call(self, pending: _Pending) -> None:
        """Settles a request that is one operation; or makes it a flow, if a redirect is left to follow."""
        operation, call = pending._operation, pending._call
        assert operation is not None, "it was submitted"
        assert call is not None, "it is no flow"
        try:
            reply = operation.reply()
        except Exception as error:
            self._fail(pending, error)
            return
        response, redirected = self._client._delivered(reply, call[4].follow_redirects)
        if redirected:
            pending._flow = self._client._continued(response)
            self._unstarted.append(pending)
        else:
            self._succeed(pending, response)

    def _succeed(self, pending: _Pending, response: Response) -> None:
        if not response.is_closed:
            response = self._stream_class.of(response)
        pending._response = response
        pending._flow = pending._operation = None
        self._settled.append(pending)

    def _fail(self, pending: _Pending, error: BaseException) -> None:
        if isinstance(error, RequestError) and error._request is None:
            error.request = pending.request
        pending._error = error
        pending._flow = pending._operation = None
        self._settled.append(pending)

    def _cancel(self, pending: _Pending) -> None:
        if pending._is_settled:
            return
        if pending._operation is not None:
            pending._operation.cancel()
        if pending._number is not None:
            self._running.pop(pending._number, None)
            if self._native is not None:
                self._native.deliver(pending._number)
        if pending._flow is not None:
            pending._flow.close()
            if pending in self._unstarted:
                self._unstarted.remove(pending)
        self._fail(pending, RequestCancelled("The request was cancelled."))

    def _backend(self) -> Any:  # noqa: ANN401 - a backend or None
        return getattr(self._client, "_backend", None)

    def _stream_of(self, operation: Operation) -> ReceivedStream | AsyncReceivedStream:
        raise NotImplementedError


_NOTHING: dict[str, Any] = dict.fromkeys(
    ("content", "data", "files", "json", "params", "headers", "cookies", "extensions")
) | {"timeout": USE_CLIENT_DEFAULT}


@public
class Parallel(_Block[PendingResponse]):
    """A block of requests that run side by side, for synchronous code::

        with httparallel.parallel() as parallel:
            for number in range(10):
                parallel.get(f"https://example.org/{number}")
            for response in parallel:
                ...

    Leaving the block cancels what is pending, and waits until it is gone.
    """

    _pending_class = PendingResponse
    _stream_class = StreamedResponse

    _client: Client

    def __init__(
        self, client: Client, max_concurrency: int | None = None, *, owns_client: bool = False
    ) -> None:
        super().__init__(client, max_concurrency)
        self._owns_client = owns_client

    def next_response(self) -> Response:
        """Waits for whichever response comes first and returns it, or raises what went wrong.

        Each outcome is delivered once. RuntimeError if nothing is pending.
        """
        pending = self._take() or run(self._next())
        return pending._outcome()

    def map(self, urls: Iterable[URLTypes], *, method: str = "GET", **arguments: Any) -> Iterator[Response]:  # noqa: ANN401 - those of `request`
        """The responses to requests for many URLs, in the order of the URLs.

        URLs are taken as responses are: those ahead are twice what runs at once.
        """
        ahead: deque[PendingResponse] = deque()
        for url in urls:
            ahead.append(self.request(method, url, **arguments))
            if len(ahead) >= self._window:
                yield ahead.popleft().get_response()
        while ahead:
            yield ahead.popleft().get_response()

    def __iter__(self) -> Iterator[Response]:
        return self

    def __next__(self) -> Response:
        if not self._undelivered:
            raise StopIteration
        return self.next_response()

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._leave()
        if self._owns_client:
            self._client.close()

    def _stream_of(self, operation: Operation) -> ReceivedStream:
        return ReceivedStream(operation)


@public
class AsyncParallel(_Block[AsyncPendingResponse]):
    """A block of requests that run side by side, for async code::

        async with client.parallel() as parallel:
            for number in range(10):
                parallel.get(f"https://example.org/{number}")
            async for response in parallel:
                ...

    Leaving the block cancels what is pending, and waits until it is gone.
    """

    _pending_class = AsyncPendingResponse
    _stream_class = AsyncStreamedResponse

    _client: AsyncClient

    async def next_response(self) -> Response:
        """Waits for whichever response comes first and returns it, or raises what went wrong.

        Each outcome is delivered once. RuntimeError if nothing is pending.
        """
        pending = self._take() or await arun(self._next())
        return pending._outcome()

    async def map(
        self,
        urls: Iterable[URLTypes],
        *,
        method: str = "GET",
        **arguments: Any,  # noqa: ANN401 - those of `request`
    ) -> AsyncIterator[Response]:
        """The responses to requests for many URLs, in the order of the URLs.

        URLs are taken as responses are: those ahead are twice what runs at once.
        """
        ahead: deque[AsyncPendingResponse] = deque()
        for url in urls:
            ahead.append(self.request(method, url, **arguments))
            if len(ahead) >= self._window:
                yield await ahead.popleft().get_response()
        while ahead:
            yield await ahead.popleft().get_response()

    def __aiter__(self) -> AsyncIterator[Response]:
        return self

    async def __anext__(self) -> Response:
        if not self._undelivered:
            raise StopAsyncIteration
        return await self.next_response()

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._leave()

    def _stream_of(self, operation: Operation) -> AsyncReceivedStream:
        from .concurrency import chosen_backend

        return AsyncReceivedStream(operation, chosen_backend(self._client._backend))
