"""Responses that may still be on their way."""

from __future__ import annotations

from ._base import request_of
from ._config import USE_CLIENT_DEFAULT
from ._exceptions import RequestError
from ._flow import arun, run
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any, Self

    from ._base import EngineCall
    from ._block import BaseBlock
    from ._config import UseClientDefault
    from ._flow import Flow
    from ._native import Operation
    from ._request import Request
    from ._response import Response
    from ._types import TimeoutTypes


class BasePending:
    """One request of a block. It is one operation of the engine, or a flow that makes several.

    A flow is in one place at a time: waiting to be stepped, with an operation on its way, being stepped by
    some thread or task, or over.
    """

    # As it was asked for: in the engine's terms, as an object, or both.
    _call: EngineCall | None = None
    _request: Request | None = None
    _timeout: TimeoutTypes | UseClientDefault = USE_CLIENT_DEFAULT
    _flow: Flow[Response] | None = None
    # What a flow has sent last, and the number in the native block of the operation that carries it.
    _sent: Request | None = None
    _number: int | None = None
    _known_operation: Operation | None = None
    _response: Response | None = None
    _error: BaseException | None = None

    def __init__(self, block: BaseBlock[Any]) -> None:
        self._block = block

    @property
    def _operation(self) -> Operation | None:
        """The operation that carries it. Nobody asks for most of them, so they are looked up then."""
        if self._known_operation is None and self._number is not None:
            block = self._block._plain_block
            if block is not None:
                self._known_operation = block.operation(self._number)
        return self._known_operation

    @_operation.setter
    def _operation(self, operation: Operation | None) -> None:
        self._known_operation = operation

    @property
    def done(self) -> bool:
        """Whether the outcome is there, so that `get_response` will not wait."""
        if self._is_settled:
            return True
        return self._flow is None and self._operation is not None and self._operation.is_ready

    @property
    def request(self) -> Request:
        """The request, as it was asked for."""
        if self._request is None:
            assert self._call is not None, "a pending response has a request or an engine call"
            self._request = request_of(self._call)
        return self._request

    def cancel(self) -> None:
        """Gives the request up. Its outcome is RequestCancelled, unless it has one already.

        The body of a streaming response that nobody has got yet is given up too.
        """
        self._block._cancel(self)

    @property
    def _is_settled(self) -> bool:
        return self._response is not None or self._error is not None

    def _outcome(self) -> Response:
        error = self._error
        if error is not None:
            if isinstance(error, RequestError) and error._request is None:
                error.request = self._sent or self.request
            raise error
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
class PendingResponse(BasePending):
    """A response that may still be on its way, in a synchronous block."""

    def get_response(self) -> Response:
        """Waits for the response and returns it, or raises what went wrong. May be called again."""
        if not self._block._deliver(self):
            self._block._claim()
            try:
                run(self._block._wait_for(self))
            finally:
                self._block._release()
        return self._outcome()


@public
class AsyncPendingResponse(BasePending):
    """A response that may still be on its way, in an async block.

    `parallel.get(url)` gives it at once; `await parallel.get(url)` gives the same.
    """

    async def get_response(self) -> Response:
        """Waits for the response and returns it, or raises what went wrong. May be called again."""
        await self._block._checkpoint()
        if not self._block._deliver(self):
            self._block._claim()
            await arun(self._block._wait_for(self))
        return self._outcome()

    def __await__(self) -> Generator[Any, Any, Self]:
        return self._started().__await__()

    async def _started(self) -> Self:
        await self._block._checkpoint()
        if not self._is_settled:
            self._block._claim()
            await arun(self._block._step_flows())
        return self
