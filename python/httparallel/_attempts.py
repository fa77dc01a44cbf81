"""Sending a request again that the engine cannot: one of another transport, or one with a file as content."""

from __future__ import annotations

from contextlib import suppress
from os import urandom
from sys import modules
from time import monotonic

from ._errors import names_of
from ._exceptions import RequestError
from ._flow import Close, Exchange, Read, Sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._base import BaseClient
    from ._flow import Flow
    from ._native import Attempts, Retries
    from ._request import Request
    from ._response import Response

# How long a body may be that is read for nothing but its connection's sake.
_WORTH_READING = 64 * 1024


def repeated(client: BaseClient[Any], request: Request, retries: Retries) -> Flow[Response]:
    """The response to a request, sent as often as its policy allows."""
    attempts = retries.begin()
    while True:
        try:
            response: Response = yield Exchange(client, request, True)
        except RequestError as error:
            wait = _after_failure(attempts, request, error)
            if wait is None:
                raise
        else:
            wait = _after_response(attempts, request, response)
            if wait is None:
                return response
            yield from _dropped(response)
        yield Sleep(getattr(client, "_backend", None), wait)


def _after_failure(attempts: Attempts, request: Request, error: RequestError) -> float | None:
    kind, phase = ("tls", "connect") if _is_refused_certificate(error) else names_of(error)
    return attempts.after_failure(
        request.method, request.headers, request._is_replayable, kind, phase, _left(request), _chance()
    )


def _after_response(attempts: Attempts, request: Request, response: Response) -> float | None:
    return attempts.after_response(
        request.method,
        request.headers,
        request._is_replayable,
        response.status_code,
        response.headers,
        _left(request),
        _chance(),
    )


def _dropped(response: Response) -> Flow[None]:
    """Lets go of a response, so that its connection can serve the next attempt if that costs little."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) <= _WORTH_READING:
        with suppress(RequestError):
            yield Read(response)
    yield Close(response)


def _left(request: Request) -> float | None:
    """How many seconds of the whole request's time are left."""
    deadline: float | None = request.extensions.get("timeout", {}).get("deadline")
    return None if deadline is None else deadline - monotonic()


def _chance() -> float:
    """From 0 to 1, and not the same in forked children."""
    return int.from_bytes(urandom(4), "big") / 0xFFFFFFFF


def _is_refused_certificate(error: BaseException) -> bool:
    """Whether a certificate was refused, which it would be again."""
    # Without the module there are no contexts that could refuse one.
    ssl = modules.get("ssl")
    cause: BaseException | None = error
    while ssl is not None and cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
