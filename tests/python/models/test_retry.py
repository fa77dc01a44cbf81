"""The policy by which requests are sent again, as a value."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import httparallel
from httparallel import Retry


def test_the_defaults() -> None:
    retry = Retry()
    assert retry.attempts == 3
    assert retry.statuses == {408, 429, 502, 503, 504}
    assert retry.methods is None
    assert (retry.backoff, retry.max_backoff) == (0.5, 30.0)
    assert retry.max_retry_after == 6 * 60 * 60
    assert retry.budget == 0.2


def test_policies_are_equal_if_they_say_the_same() -> None:
    assert Retry(5, statuses=[503, 500], methods=["post"]) == Retry(
        attempts=5, statuses={500, 503}, methods=("POST",)
    )
    assert Retry() != Retry(2)
    assert Retry() != 3
    assert pickle.loads(pickle.dumps(Retry(7, budget=None))) == Retry(7, budget=None)


def test_the_repr_says_everything() -> None:
    shown = (
        "Retry(attempts=2, statuses=[503], backoff=1.0, max_backoff=30.0, max_retry_after=21600, budget=None)"
    )
    assert repr(Retry(2, statuses=[503], backoff=1.0, budget=None)) == shown
    assert "methods=['GET', 'POST']" in repr(Retry(methods=["post", "GET"]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"attempts": 0}, ValueError, "at least 1"),
        ({"attempts": 1 << 32}, ValueError, "attempts"),
        ({"attempts": True}, TypeError, "attempts"),
        ({"attempts": 2.0}, TypeError, "attempts"),
        ({"statuses": [99]}, ValueError, "99"),
        ({"statuses": [1000]}, ValueError, "1000"),
        ({"methods": "POST"}, TypeError, "methods"),
        ({"backoff": -1}, ValueError, "'backoff'"),
        ({"max_backoff": float("nan")}, ValueError, "'max_backoff'"),
        ({"max_retry_after": float("inf")}, ValueError, "'max_retry_after'"),
        ({"budget": -0.1}, ValueError, "'budget'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Retry(**arguments)


def test_a_client_takes_a_policy_a_number_or_nothing() -> None:
    with httparallel.Client() as client:
        assert client.retries is None
        client.retries = 2
        assert client.retries == Retry(attempts=3)
        client.retries = 0
        assert client.retries is None
        policy = client.retries = Retry(budget=1.0)
        assert client.retries is policy
    with httparallel.Client(retries=1) as client:
        assert client.retries == Retry(attempts=2)


@pytest.mark.parametrize(
    ("retries", "error"), [(-1, ValueError), (True, TypeError), ("3", TypeError), (1.5, TypeError)]
)
def test_a_client_refuses_other_retries(retries: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="retries"):
        httparallel.Client(retries=retries)
    with httparallel.Client() as client, pytest.raises(error, match="retries"):
        client.retries = retries


def test_a_method_has_to_be_a_token() -> None:
    with pytest.raises(httparallel.LocalProtocolError):
        httparallel.Client(retries=Retry(methods=["GET IT"]))
