"""Steps the flows of a parallel block: the requests that need Python on their way.

A flow is stepped until it needs the engine, which then has an operation of it; when that is ready, the flow
is stepped again, by whichever thread or task waits for a response just then.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from time import monotonic

from ._exceptions import RequestCancelled, RequestError
from ._flow import Close, Exchange, ReadRequest, Sleep
from ._transports import is_for_low_level, response_of, settings_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._base import BaseClient, EngineCall
    from ._flow import Effect, Flow
    from ._lanes import Lanes
    from ._native import Block, Operation
    from ._pending import BasePending
    from ._received import AsyncReceivedStream, ReceivedStream
    from ._request import Request
    from ._response import Response
    from ._streamed import AsyncStreamedResponse, StreamedResponse


class Stepper:
    """The requests of a block, by where they are, and the steps that flows take from one place to another."""

    _stream_class: type[StreamedResponse | AsyncStreamedResponse]
    # Whether this is the copy, in a forked child, of a block that the parent has open.
    _is_forked = False

    def __init__(self, client: BaseClient[Any]) -> None:
        self._client = client
        self._native: Block | Lanes | None = None
        # The same, if there is one engine for all requests: the client's.
        self._plain_block: Block | None = None
        self._has_flows = False
        # Those with an operation on its way, by its number in the native block.
        self._running: dict[int, BasePending] = {}
        # Flows to be stepped: new ones, and those whose operation is ready.
        self._unstarted: deque[BasePending] = deque()
        self._ready: deque[BasePending] = deque()
        # Flows that let some time pass, each with the moment when it goes on.
        self._sleeping: dict[BasePending, float] = {}
        # Settled and not yet delivered, in the order they were settled.
        self._settled: OrderedDict[BasePending, None] = OrderedDict()
        self._undelivered: set[BasePending] = set()
        # Tasks that wait, each by what wakes it.
        self._wakers: set[Callable[[], object]] = set()

    def _begin(self) -> None:
        """Takes the first step of a new flow, if that can be done without waiting."""

    def _open_block(self) -> Block | Lanes:
        if self._native is None:
            if self._is_forked:
                raise RuntimeError(
                    "The parallel block belongs to the process that was forked; open another one."
                )
            raise RuntimeError("The parallel block has not been entered, or has ended; use it in a 'with'.")
        return self._native

    def _wake(self) -> None:
        """Makes all tasks that wait look again."""
        for wake in list(self._wakers):
            wake()

    def _settle(self, pending: BasePending, response: Response | None, error: BaseException | None) -> None:
        if response is not None and not response.is_closed:
            response = self._stream_class.of(response)
        pending._response, pending._error = response, error
        pending._flow = None
        if response is None or response.is_closed:
            pending._operation = None
        if pending in self._undelivered:
            self._settled[pending] = None

    def _start_flow(self, pending: BasePending, flow: Flow[Response]) -> None:
        pending._flow = flow
        pending._operation = None
        self._has_flows = True
        self._unstarted.append(pending)
        self._wake()

    def _step_flows(self, awaited: BasePending | None = None) -> Flow[None]:
        """Goes on with every flow that can."""
        self._rouse()
        while self._unstarted or self._ready:
            pending = (self._unstarted or self._ready).popleft()
            if pending._flow is None:
                # It was cancelled while it waited for this.
                continue
            yield from self._step(pending, pending._flow)
            # A transport written in Python carries requests out right here, one by one.
            has_outcome = self._settled if awaited is None else awaited._is_settled
            if has_outcome and not self._client._has_engines_only():
                return

    def _step(self, pending: BasePending, flow: Flow[Response]) -> Flow[None]:
        """Steps a flow until it waits for the engine, or is over."""
        try:
            effect = self._resume(pending, flow)
            while True:
                try:
                    if isinstance(effect, Exchange) and self._takes(effect.request):
                        # Content produced while it is sent would need somebody to produce it all along.
                        yield ReadRequest(effect.request)
                        _check_wanted(pending)
                        self._submit_flow(pending, effect)
                        return
                    if isinstance(effect, Sleep):
                        _check_wanted(pending)
                        pending._operation = None
                        self._sleeping[pending] = monotonic() + effect.seconds
                        return
                    result = yield effect
                    if pending._is_settled and isinstance(effect, Exchange):
                        yield Close(result)
                    if not isinstance(effect, Close):
                        _check_wanted(pending)
                except BaseException as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            if not pending._is_settled:
                self._settle(pending, stop.value, None)
        except Exception as failure:
            if not pending._is_settled:
                self._settle(pending, None, failure)
        except BaseException:
            if not pending._is_settled:
                message = "The request was cancelled together with the task that was busy with it."
                self._settle(pending, None, RequestCancelled(message))
            raise
        finally:
            self._wake()

    def _rouse(self) -> None:
        """Has those flows go on that have slept long enough."""
        if self._sleeping:
            now = monotonic()
            for pending in [each for each, until in self._sleeping.items() if until <= now]:
                del self._sleeping[pending]
                self._ready.append(pending)

    def _until_roused(self) -> float | None:
        """How many seconds there are until the next flow has slept long enough. None if none sleeps."""
        return max(min(self._sleeping.values()) - monotonic(), 0.0) if self._sleeping else None

    def _resume(self, pending: BasePending, flow: Flow[Response]) -> Effect:
        """Goes on with a flow: from its start, or with what its operation has brought."""
        operation, request = pending._operation, pending._sent
        if operation is None or request is None:
            return next(flow)
        try:
            reply = operation.reply()
        except Exception as error:
            if isinstance(error, RequestError):
                error.request = request
            return flow.throw(error)
        return flow.send(response_of(reply, request, self._stream_of(operation)))

    def _takes(self, request: Request) -> bool:
        """Whether the native block can carry a request: its engine is the one that the request goes to."""
        transport = self._client._engine_for(request.url)
        if transport is None or is_for_low_level(request):
            return False
        return self._plain_block is None or transport is self._client._engine_transport

    def _submit_flow(self, pending: BasePending, exchange: Exchange) -> None:
        pending._sent = request = exchange.request
        settings = settings_of(
            request,
            stream=True,
            trust_env=self._client._trust_env,
            retries=exchange.retries,
            pace=self._client._pace,
        )
        call = (request.method, request.url, request.headers, request.content, settings)
        self._submit(self._open_block(), pending, call)

    def _submit(self, block: Block | Lanes, pending: BasePending, call: EngineCall) -> None:
        pending._number, pending._operation = block.submit(*call)
        self._running[pending._number] = pending

    def _stream_of(self, operation: Operation) -> ReceivedStream | AsyncReceivedStream:
        raise NotImplementedError


def _check_wanted(pending: BasePending) -> None:
    """Raises what a request was given up with while it was being stepped."""
    if pending._error is not None:
        raise pending._error
