"""Connections of the engine as a pool lists them, and the streams that responses over them refer to.

They are for looking at. Their bytes are not for others to read, nor to write.
"""

from __future__ import annotations

from .._network_stream import Known
from ._backends.base import AsyncNetworkStream, NetworkStream
from ._interfaces import AsyncConnectionInterface, ConnectionInterface
from ._models import URL, Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._models import Request, Response

__all__ = ["AsyncEngineConnection", "AsyncEngineStream", "EngineConnection", "EngineStream"]

_REFUSAL = (
    "This connection belongs to the engine. A pool with a 'network_backend', such as SyncBackend(), has "
    "connections of its own."
)


class _Shown:
    """A connection at one moment."""

    _shown_as: str

    def __init__(self, origin: str, protocol: str | None, state: str, requests: int) -> None:
        self._origin: Origin = URL(origin).origin
        self._protocol = protocol
        self._state = state
        self._requests = requests

    def can_handle_request(self, origin: Origin) -> bool:
        return origin == self._origin

    def is_connected(self) -> bool:
        return self._protocol is not None

    def is_available(self) -> bool:
        return self._state == "IDLE" or self.can_multiplex()

    def has_expired(self) -> bool:
        return False

    def is_idle(self) -> bool:
        return self._state == "IDLE"

    def can_multiplex(self) -> bool:
        return self._protocol == "HTTP/2"

    def is_closed(self) -> bool:
        return False

    def info(self) -> str:
        if self._protocol is None:
            return "CONNECTING"
        return f"{str(self._origin)!r}, {self._protocol}, {self._state}, Request Count: {self._requests}"

    def __repr__(self) -> str:
        return f"<{self._shown_as} [{self.info()}]>"


class EngineConnection(_Shown, ConnectionInterface):
    _shown_as = "HTTPConnection"

    def handle_request(self, request: Request) -> Response:  # noqa: ARG002 - none is carried out
        raise RuntimeError(_REFUSAL)

    def close(self) -> None:
        raise RuntimeError(_REFUSAL)


class AsyncEngineConnection(_Shown, AsyncConnectionInterface):
    _shown_as = "AsyncHTTPConnection"

    async def handle_async_request(self, request: Request) -> Response:  # noqa: ARG002 - none is carried out
        raise RuntimeError(_REFUSAL)

    async def aclose(self) -> None:
        raise RuntimeError(_REFUSAL)


class EngineStream(Known, NetworkStream):
    """The stream of a response over the engine, for looking at."""

    def read(self, max_bytes: int, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nothing is read
        raise RuntimeError(_REFUSAL)

    def write(self, buffer: bytes, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - nor written
        raise RuntimeError(_REFUSAL)

    def close(self) -> None:
        """Does nothing: it is the response that is to be closed."""

    def start_tls(self, *arguments: Any, **keywords: Any) -> NoReturn:  # noqa: ANN401, ARG002 - it never starts
        raise RuntimeError(_REFUSAL)


class AsyncEngineStream(Known, AsyncNetworkStream):
    """EngineStream for async code."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - see above
        raise RuntimeError(_REFUSAL)

    async def write(self, buffer: bytes, timeout: float | None = None) -> NoReturn:  # noqa: ARG002 - see above
        raise RuntimeError(_REFUSAL)

    async def aclose(self) -> None:
        """Does nothing: it is the response that is to be closed."""

    async def start_tls(self, *arguments: Any, **keywords: Any) -> NoReturn:  # noqa: ANN401, ARG002 - see above
        raise RuntimeError(_REFUSAL)
