"""What a request's `trace` extension and the debug log are told: when each step starts, and how it ends.

A step's events are `NAME.started`, then `NAME.complete` or `NAME.failed`. The extension gets them with the
last part of the logger's name in front: `http11.send_request_headers.started`.
"""

from __future__ import annotations

from logging import DEBUG

from ._io import CallTrace, Effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

    from ._io import Flow
    from ._models import Request

__all__ = ["Step", "traced"]


class Step:
    """A step that is told of in three places, because it begins in one call and ends in another."""

    __slots__ = ("_callback", "_log", "_name", "_prefix")

    def __init__(self, name: str, logger: Logger, request: Request | None) -> None:
        self._name = name
        self._prefix = logger.name.rpartition(".")[2]
        self._callback = None if request is None else request.extensions.get("trace")
        self._log = logger if logger.isEnabledFor(DEBUG) else None

    @property
    def is_silent(self) -> bool:
        """Whether nobody listens."""
        return self._callback is None and self._log is None

    def started(self, arguments: dict[str, Any]) -> Flow[None]:
        return self._tell("started", arguments)

    def complete(self, result: object) -> Flow[None]:
        return self._tell("complete", {"return_value": result})

    def failed(self, error: BaseException) -> Flow[None]:
        return self._tell("failed", {"exception": error})

    def _tell(self, event: str, info: dict[str, Any]) -> Flow[None]:
        if self._callback is not None:
            yield CallTrace(self._callback, f"{self._prefix}.{self._name}.{event}", info)
        if self._log is not None:
            is_empty = info.get("return_value", info) is None
            shown = "" if is_empty else "".join(f" {key}={value!r}" for key, value in info.items())
            self._log.debug("%s.%s%s", self._name, event, shown)


def traced(
    name: str,
    logger: Logger,
    request: Request | None,
    arguments: dict[str, Any],
    steps: Flow[Any] | Effect,
) -> Flow[Any]:
    """The result of `steps`, which is a flow or one effect, with its events around it::

    stream = yield from traced("connect_tcp", LOGGER, request, arguments, ConnectTCP(backend, **arguments))
    """
    step = Step(name, logger, request)
    if step.is_silent:
        return (yield steps) if isinstance(steps, Effect) else (yield from steps)

    yield from step.started(arguments)
    try:
        result = (yield steps) if isinstance(steps, Effect) else (yield from steps)
    except GeneratorExit:
        raise
    except BaseException as error:
        yield from step.failed(error)
        raise
    yield from step.complete(result)
    return result
