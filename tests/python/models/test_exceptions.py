"""The tree of exceptions, and the table from the engine's errors to it."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import pytest

import httparallel
from httparallel import _exceptions
from httparallel._errors import PHASES, TABLE, exception_for

ERROR_RS = Path(__file__).parents[3] / "crates/httparallel-proto/src/error.rs"

EXPECTED = {
    ("timeout", "build"): httparallel.TimeoutException,
    ("timeout", "pool"): httparallel.PoolTimeout,
    ("timeout", "connect"): httparallel.ConnectTimeout,
    ("timeout", "write"): httparallel.WriteTimeout,
    ("timeout", "read"): httparallel.ReadTimeout,
    ("timeout", "total"): httparallel.TotalTimeout,
    ("invalid_url", "connect"): httparallel.InvalidPort,
    ("network", "build"): httparallel.ConnectError,
    ("network", "pool"): httparallel.ConnectError,
    ("network", "connect"): httparallel.ConnectError,
    ("network", "write"): httparallel.WriteError,
    ("network", "read"): httparallel.ReadError,
    ("network", "total"): httparallel.ReadError,
    ("tls", "build"): httparallel.ConnectError,
    ("tls", "pool"): httparallel.ConnectError,
    ("tls", "connect"): httparallel.ConnectError,
    ("tls", "write"): httparallel.ReadError,
    ("tls", "read"): httparallel.ReadError,
    ("tls", "total"): httparallel.ReadError,
}

WHATEVER_THE_PHASE = {
    "invalid_url": httparallel.InvalidURL,
    "unsupported_scheme": httparallel.UnsupportedProtocol,
    "invalid_request": httparallel.LocalProtocolError,
    "protocol": httparallel.RemoteProtocolError,
    "incomplete": httparallel.RemoteProtocolError,
    "decode": httparallel.DecodingError,
    "body_too_large": httparallel.BodyTooLarge,
    "event_stream": httparallel.SSEError,
    "too_many_redirects": httparallel.TooManyRedirects,
    "proxy": httparallel.ProxyError,
    "closed": RuntimeError,
    "cancelled": httparallel.RequestCancelled,
    "internal": RuntimeError,
}


def variants_of(enum: str) -> list[str]:
    """The names in the engine's `ALL` array of an enum, in snake_case."""
    array = re.search(rf"pub const ALL: \[{enum}; \d+\] =\s*\[(.*?)\];", ERROR_RS.read_text(), re.DOTALL)
    assert array is not None
    names = re.findall(rf"{enum}::(\w+)", array[1])
    return [re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in names]


def test_the_table_names_every_kind_and_phase_of_the_engine() -> None:
    assert sorted(TABLE) == sorted(variants_of("Kind"))
    assert list(PHASES) == variants_of("Phase")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("kind", sorted(TABLE))
def test_every_pair_of_kind_and_phase_has_its_exception(kind: str, phase: str) -> None:
    error = exception_for(kind, phase, "what happened")
    assert type(error) is (EXPECTED.get((kind, phase)) or WHATEVER_THE_PHASE[kind])
    assert str(error) == "what happened"


def test_an_unknown_kind_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(KeyError):
        exception_for("surprise", "read", "")


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        ("ConnectTimeout", ["TimeoutException", "TransportError", "RequestError", "HTTPError"]),
        ("TotalTimeout", ["TimeoutException", "TransportError", "RequestError", "HTTPError"]),
        ("CloseError", ["NetworkError", "TransportError", "RequestError", "HTTPError"]),
        ("LocalProtocolError", ["ProtocolError", "TransportError", "RequestError", "HTTPError"]),
        ("ProxyError", ["TransportError", "RequestError", "HTTPError"]),
        ("UnsupportedProtocol", ["TransportError", "RequestError", "HTTPError"]),
        ("SSEError", ["TransportError", "RequestError", "HTTPError"]),
        ("BodyTooLarge", ["DecodingError", "RequestError", "HTTPError"]),
        ("TooManyRedirects", ["RequestError", "HTTPError"]),
        ("RequestCancelled", ["RequestError", "HTTPError"]),
        ("HTTPStatusError", ["HTTPError"]),
        ("InvalidURL", []),
        ("CookieConflict", []),
        ("StreamConsumed", ["StreamError", "RuntimeError"]),
        ("ResponseNotRead", ["StreamError", "RuntimeError"]),
    ],
)
def test_the_tree_has_this_shape(error: str, parents: list[str]) -> None:
    lineage = [cls.__name__ for cls in getattr(httparallel, error).__mro__]
    assert lineage == [error, *parents, "Exception", "BaseException", "object"]


@pytest.mark.parametrize("name", _exceptions.__all__)
def test_every_exception_says_it_lives_in_httparallel(name: str) -> None:
    assert getattr(httparallel, name).__module__ == "httparallel"


def test_a_request_error_knows_its_request_or_says_that_it_does_not() -> None:
    error = httparallel.ReadTimeout("slow")
    with pytest.raises(RuntimeError, match="has not been set"):
        error.request  # noqa: B018
    request = httparallel.Request("GET", "https://example.org")
    assert httparallel.ReadTimeout("slow", request=request).request is request


def test_a_request_context_tells_passing_errors_their_request() -> None:
    request = httparallel.Request("GET", "https://example.org")
    with pytest.raises(httparallel.ReadError) as caught, _exceptions.request_context(request):
        raise httparallel.ReadError("broken")
    assert caught.value.request is request


def test_a_request_context_without_a_request_leaves_errors_alone() -> None:
    request = httparallel.Request("GET", "https://example.org")
    with pytest.raises(httparallel.ReadError) as caught, _exceptions.request_context(None):
        raise httparallel.ReadError("broken", request=request)
    assert caught.value.request is request


@pytest.mark.parametrize("duplicate", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
def test_a_status_error_can_be_pickled_with_request_and_response(duplicate: object) -> None:
    request = httparallel.Request("GET", "https://example.org")
    response = httparallel.Response(404, request=request, content=b"nothing")
    error = httparallel.HTTPStatusError("not found", request=request, response=response)
    again = duplicate(error)  # type: ignore[operator]
    assert str(again) == "not found"
    assert again.response.content == b"nothing"
    assert again.request.url == "https://example.org"


@pytest.mark.parametrize("name", ["StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead"])
def test_errors_without_arguments_can_be_pickled(name: str) -> None:
    error = getattr(httparallel, name)()
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


class RefusedError(httparallel.ConnectError, OSError):
    """What users write to have their errors caught as OSError too."""


def test_an_error_mixed_with_oserror_can_be_pickled() -> None:
    request = httparallel.Request("GET", "https://example.org")
    again = pickle.loads(pickle.dumps(RefusedError("refused", request=request)))
    assert isinstance(again, OSError)
    assert again.args == ("refused",)
    assert again.request.method == "GET"
