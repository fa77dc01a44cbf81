"""What a parallel block does, written once for synchronous and async code.

A request of a block is one operation of the engine, or, if it needs Python on its way (auth flows, hooks,
cookies, transports written in Python), a flow. The engine runs operations on its own thread. Flows are
stepped by whoever waits for a response, whichever it is, in their own thread or task::

    request() ──► unstarted ──► being stepped ──► operation on its way ──► ready
        │                          ▲   │                                     │
        │                          └───┼─────────────────────────────────────┘
        └──► operation on its way ──► settled ──► delivered
"""

from __future__ import annotations

import os
from weakref import WeakSet

from ._base import request_of
from ._config import USE_CLIENT_DEFAULT
from ._exceptions import RequestCancelled, RequestError
from ._flow import Wait
from ._log import is_logged
from ._request_options import OPTIONS, folded
from ._response import Response
from ._stepper import Stepper
from ._transports import is_for_low_level, settings_of
from ._verbs import Verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from ._base import BaseClient
    from ._config import UseClientDefault
    from ._flow import Flow
    from ._pending import BasePending
    from ._request import Request
    from ._types import AuthTypes, URLTypes
    from .concurrency import AsyncBackend

    AnyPending = TypeVar("AnyPending", bound="BasePending")


class BaseBlock(Stepper, Verbs["AnyPending"]):
    """What blocks of both kinds share."""

    _pending_class: type[AnyPending]
    _window = 0

    def __init__(self, client: BaseClient[Any], max_concurrency: int | None) -> None:
        if max_concurrency is not None and max_concurrency < 1:
            raise ValueError("max_concurrency must be at least 1.")
        super().__init__(client)
        self._max_concurrency = max_concurrency

    @property
    def has_pending_responses(self) -> bool:
        """Whether there are responses that were not delivered yet."""
        return bool(self._undelivered)

    def __len__(self) -> int:
        """How many responses were not delivered yet."""
        return len(self._undelivered)

    def _plain(self, method: str, url: URLTypes) -> AnyPending:
        block = self._plain_block
        call = None if block is None else self._client._plain_call(method, url)
        if block is None or call is None:
            return self.request(method, url)
        self._claim()
        try:
            return block.request(call, self._pending_class, self, self._running, self._undelivered)
        except RequestError as error:
            error.request = request_of(call)
            raise
        finally:
            self._release()

    def request(self, method: str, url: URLTypes, **arguments: Any) -> AnyPending:  # noqa: ANN401
        """Starts a request with any method. Takes the arguments of `Client.request`.

        Raises at once if the URL or an argument is invalid; what goes wrong later is raised by
        `get_response` and `next_response`.
        """
        if arguments and not OPTIONS.isdisjoint(arguments):
            arguments = folded("request", arguments)
        self._claim()
        try:
            block = self._native or self._open_block()
            pending = self._pending_class(self)
            pending._call = call = self._client._engine_call(method, url, **arguments)
            try:
                if call is None:
                    self._add_flow(pending, method, url, **arguments)
                else:
                    self._submit(block, pending, call)
            except RequestError as error:
                if call is not None or pending._request is not None:
                    error.request = pending.request
                raise
            if arguments:
                pending._timeout = arguments.get("timeout", USE_CLIENT_DEFAULT)
            self._undelivered.add(pending)
            return pending
        finally:
            self._release()

    def _add_flow(
        self,
        pending: BasePending,
        method: str,
        url: URLTypes,
        *,
        auth: AuthTypes | UseClientDefault | None = USE_CLIENT_DEFAULT,
        follow_redirects: bool | UseClientDefault = USE_CLIENT_DEFAULT,
        stream: bool = False,
        **arguments: Any,  # noqa: ANN401 - those of `build_request`
    ) -> None:
        pending._request = self._client.build_request(method, url, **arguments)
        flow = self._client._flow(pending._request, auth, follow_redirects, stream)
        self._client._retries_of(pending._request)
        if self._client._engine_for(pending._request.url) is not None:
            _check(pending._request, self._client._trust_env)
        self._start_flow(pending, flow)
        self._begin()

    # A block is entered once, and used by one thread at a time.

    # Makes sure that no other thread uses the block: RuntimeError if one does. And lets other threads use it.
    _claim: Callable[[], None]
    _release: Callable[[], None]

    async def _checkpoint(self) -> None:
        """Lets other tasks run, where they expect that."""

    def _enter(self) -> None:
        if self._native is not None:
            raise RuntimeError("A parallel block cannot be entered twice.")
        self._client._check_open()
        from ._lanes import Lanes, native_block

        self._native, limit = native_block(self._client, self._max_concurrency)
        self._plain_block = None if isinstance(self._native, Lanes) else self._native
        self._window = 2 * limit if limit else 1000
        _open_blocks.add(self)

    def _leave(self) -> None:
        """Cancels what is pending; when this returns it is gone."""
        block, self._native = self._native, None
        for pending in list(self._running.values()):
            if pending._flow is None and pending.done:
                self._settle_call(pending)
        self._plain_block = None
        if block is not None:
            block.close()
        for pending in self._undelivered:
            if not pending._is_settled:
                message = "The parallel block ended before the response was there."
                self._settle(pending, None, RequestCancelled(message))
        self._forget_all()
        self._wake()

    def _abandon(self) -> None:
        """Lets go, in a forked child, of what belongs to the parent."""
        _of_parents.append((self._native, dict(self._running)))
        self._native, self._plain_block, self._is_forked = None, None, True
        self._forget_all()

    def _forget_all(self) -> None:
        for places in (self._running, self._unstarted, self._ready, self._settled, self._undelivered):
            places.clear()
        self._sleeping.clear()

    # Outcomes: taken from the engine, settled, delivered.

    def _take(self) -> BasePending | None:
        """The next request whose outcome is there, if one is and no flow has to be stepped before."""
        while not self._unstarted and not self._ready:
            if self._settled:
                pending, _ = self._settled.popitem(last=False)
                self._undelivered.discard(pending)
                return pending
            block = self._plain_block
            if block is None or is_logged():
                gathered = self._gather()
            else:
                # In one step, if it is no flow and nothing else is to be done with its response.
                gathered = block.settle_next(
                    Response, self._client._defaults, self._running, self._undelivered
                )
                if gathered is not None and gathered._flow is not None:
                    self._ready.append(gathered)
            if gathered is None or gathered._response is not None or gathered._error is not None:
                return gathered
            if gathered._flow is None:
                # Not settled before it is delivered: nobody else shall find it.
                self._undelivered.discard(gathered)
                self._settle_call(gathered)
                if gathered._is_settled:
                    return gathered
                self._undelivered.add(gathered)
        return None

    def _gather(self) -> BasePending | None:
        """Takes an operation that is ready from the engine, if one is: a flow's, or one to be settled."""
        ready = self._open_block().try_next()
        if ready is None:
            return None
        number, operation = ready
        pending = self._running.pop(number)
        pending._operation = operation
        if pending._flow is not None:
            self._ready.append(pending)
        return pending

    def _deliver(self, pending: BasePending) -> bool:
        """Counts a request as delivered, if it is settled."""
        if pending._response is None and pending._error is None:
            return False
        self._undelivered.discard(pending)
        self._settled.pop(pending, None)
        return True

    def _settle_call(self, pending: BasePending) -> None:
        """Settles a request that is one operation; or makes it a flow, if a redirect is left to follow."""
        operation, call = pending._operation, pending._call
        assert operation is not None, "it was submitted"
        assert call is not None, "it is no flow"
        try:
            response, redirected = self._client._delivered(operation.reply(), call[4])
        except Exception as error:
            self._settle(pending, None, error)
            return
        if redirected:
            self._start_flow(pending, self._client._continued(response, pending._timeout))
        else:
            self._settle(pending, response, None)

    def _cancel(self, pending: BasePending) -> None:
        if pending._is_settled:
            # A streaming response that nobody has got yet can be given up.
            if pending._operation is None or pending not in self._undelivered:
                return
        elif pending.done:
            return
        try:
            self._claim()
        except RuntimeError:
            if pending._operation is None:
                raise
            # The thread that uses the block settles it when it sees this.
            pending._operation.cancel()
            return
        try:
            operation, number = pending._operation, pending._number
            if operation is not None and number is not None:
                operation.cancel()
                if self._running.pop(number, None) is not None:
                    self._open_block().deliver(number)
            self._sleeping.pop(pending, None)
            self._settle(pending, None, RequestCancelled("The request was cancelled."))
            self._wake()
        finally:
            self._release()

    def _discard(self, pendings: Iterable[BasePending]) -> None:
        """Cancels requests, and delivers their outcomes to nobody."""
        for pending in pendings:
            if self._native is not None:
                self._cancel(pending)
            self._deliver(pending)

    # Waiting, as flows.

    def _next(self) -> Flow[BasePending | None]:
        """The request whose outcome is there first; it counts as delivered then. None if none is pending."""
        while True:
            yield from self._step_flows()
            pending = self._take()
            if pending is not None:
                return pending
            if not self._undelivered:
                # Only to say so if the block has ended.
                self._open_block()
                return None
            if not self._unstarted and not self._ready:
                yield self._change()

    def _wait_for(self, pending: BasePending) -> Flow[None]:
        """Waits until this request is settled; it counts as delivered then."""
        while not self._deliver(pending):
            yield from self._step_flows(pending)
            if pending._is_settled:
                continue
            block = self._open_block()
            if self._has_flows:
                # Others may have to be stepped meanwhile, this one is perhaps being stepped by another task.
                gathered = self._gather()
                if gathered is not None and gathered._flow is None:
                    self._settle_call(gathered)
                elif gathered is None and not self._unstarted and not self._ready:
                    yield self._change()
                continue
            operation, number = pending._operation, pending._number
            assert operation is not None, "it was submitted"
            assert number is not None, "it was submitted"
            if not operation.is_ready:
                yield Wait(operation, self._backend(), self._wakers)
            # Another task may have gone on with it meanwhile.
            if operation.is_ready and self._running.pop(number, None) is not None:
                block.deliver(number)
                self._settle_call(pending)

    def _change(self) -> Wait:
        """Waits until there is something new to look at."""
        return Wait(self._open_block(), self._backend(), self._wakers, self._until_roused())

    def _backend(self) -> AsyncBackend | None:
        return getattr(self._client, "_backend", None)


_open_blocks: WeakSet[BaseBlock[Any]] = WeakSet()

# What a forked child has inherited and must not close: the parent's requests would end.
_of_parents: list[object] = []


def _abandon_open_blocks() -> None:
    for block in _open_blocks:
        if block._native is not None:
            block._abandon()


os.register_at_fork(after_in_child=_abandon_open_blocks)


def _check(request: Request, trust_env: bool) -> None:
    """Raises now what the engine would raise when the request's turn comes."""
    from ._native import check_request

    check_request(request.method, request.url, request.headers)
    if not is_for_low_level(request):
        settings_of(request, stream=True, trust_env=trust_env)
