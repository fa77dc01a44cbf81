"""Timings as values, and those of responses that no engine has made."""

from __future__ import annotations

import copy
import pickle

import pytest
from replies import FakeDefaults, FakeReply

from httparallel import Response, Timings

TIMINGS = Timings(queue=0.5, wait=0.25, connection=3, reused=True, attempts=1)


def test_what_is_not_said_is_not_known() -> None:
    assert (TIMINGS.queue, TIMINGS.connection, TIMINGS.reused) == (0.5, 3, True)
    assert TIMINGS.dns is None
    assert TIMINGS.total is None
    assert Timings().attempts is None


def test_what_is_known_is_shown() -> None:
    assert repr(TIMINGS) == (
        "<Timings [queue=0.500000, wait=0.250000, connection=3, reused=True, attempts=1]>"
    )
    assert repr(Timings()) == "<Timings []>"


def test_they_are_values() -> None:
    same = Timings(queue=0.5, wait=0.25, connection=3, reused=True, attempts=1)
    assert same == TIMINGS
    assert len({TIMINGS, same, Timings()}) == 2
    assert TIMINGS != (0.5,)
    assert pickle.loads(pickle.dumps(TIMINGS)) == copy.copy(TIMINGS) == TIMINGS


def test_they_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="cannot be changed: 'queue'"):
        TIMINGS.queue = 1.0
    with pytest.raises(AttributeError, match="cannot be changed: 'wait'"):
        del TIMINGS.wait
    with pytest.raises(AttributeError):
        TIMINGS.other = 1  # type: ignore[attr-defined]


def test_a_response_made_by_hand_has_none() -> None:
    assert Response(200).timings == Timings()


def test_a_reply_is_asked_for_them_only_when_somebody_asks() -> None:
    reply = FakeReply()
    response = Response._from_reply(reply, FakeDefaults())
    assert reply.asked == []
    timings = response.timings
    assert reply.asked == ["timings"]
    assert (timings.queue, timings.dns, timings.total) == (0.125, None, 0.25)
    assert (timings.connection, timings.reused, timings.attempts) == (7, True, 1)
