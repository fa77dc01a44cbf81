"""How event streams are parsed, however they are cut into pieces."""

from __future__ import annotations

import pickle

import pytest

from httparallel import ServerSentEvent, SSEError
from httparallel._event_stream import event_stage


def parse(text: str, size: int | None = None) -> list[ServerSentEvent]:
    """The events of a stream that comes in pieces of this size."""
    stage = event_stage()
    pieces = [text] if size is None else [text[i : i + size] for i in range(0, len(text), size)]
    return [event for piece in [*pieces, None] for event in stage(piece)]


Event = ServerSentEvent

STREAMS = [
    ("data: one\n\n", [Event(data="one")]),
    ("data: one\r\n\r\ndata: two\r\n\r\n", [Event(data="one"), Event(data="two")]),
    ("data: one\r\rdata: two\r\r", [Event(data="one"), Event(data="two")]),
    ("data: one\ndata: two\ndata\n\n", [Event(data="one\ntwo\n")]),
    ("event: add\ndata: 73\n\n", [Event("add", "73")]),
    ("data:no space\n\n", [Event(data="no space")]),
    ("data:  two spaces\n\n", [Event(data=" two spaces")]),
    ("data: a: b\n\n", [Event(data="a: b")]),
    (": comment\ndata: one\n: another\n\n", [Event(data="one")]),
    (": nothing but a comment\n\n\n\n", []),
    ("id: 1\ndata: one\n\ndata: two\n\n", [Event(data="one", id="1"), Event(data="two", id="1")]),
    ("id: 1\ndata: one\n\nid\ndata: two\n\n", [Event(data="one", id="1"), Event(data="two")]),
    ("id: a\0b\ndata: one\n\n", [Event(data="one")]),
    ("retry: 1000\ndata: one\n\n", [Event(data="one", retry=1000)]),
    ("retry: -1\nretry: ten\nretry: \uff12\ndata: one\n\n", [Event(data="one")]),
    ("retry: 5\n\n", [Event(retry=5)]),
    ("unknown: field\n\n", []),
    ("Data: one\n\n", []),
    ("\ufeffdata: one\n\n", [Event(data="one")]),
    ("data: \u2028\x85\x0b\n\n", [Event(data="\u2028\x85\x0b")]),
    ("data: one\n\ndata: cut off\n", [Event(data="one")]),
    ("data: one\n\ndata: cut off", [Event(data="one")]),
    ("data: ünï\ndata: 🎉\n\n", [Event(data="ünï\n🎉")]),
    ("", []),
]


@pytest.mark.parametrize(("text", "events"), STREAMS)
@pytest.mark.parametrize("size", [None, 1, 2, 3])
def test_a_stream_is_parsed(text: str, events: list[ServerSentEvent], size: int | None) -> None:
    assert parse(text, size) == events


def test_an_event_comes_with_the_carriage_return_that_ends_it() -> None:
    stage = event_stage()
    assert stage("data: one\r\n\r") == [Event(data="one")]
    assert stage("\ndata: two\r\n") == []
    assert stage("\r\n") == [Event(data="two")]


def test_an_event_may_be_as_large_as_the_limit() -> None:
    stage = event_stage(max_event_size=20)
    assert len(stage("data: 0123\ndata: 0123\n\n" * 5)) == 5
    with pytest.raises(SSEError, match="20 bytes"):
        stage("data: 0123\ndata: 01234\n\n")


@pytest.mark.parametrize(
    "text", ["data: " + 15 * "x", "x" * 21, ": " + 19 * "x", "data: a\n" * 3, "data: " + 5 * "🎉"]
)
def test_an_event_that_is_too_large_is_refused_before_it_ends(text: str) -> None:
    with pytest.raises(SSEError, match="20 bytes"):
        event_stage(max_event_size=20)(text)


def test_comments_have_no_size_once_they_are_over() -> None:
    stage = event_stage(max_event_size=20)
    assert stage(": 0123456789\n" * 10 + "data: one\n\n") == [Event(data="one")]


def test_an_event_is_a_value() -> None:
    event = Event("add", '{"a": [1]}', "7", 10)
    assert event.json() == {"a": [1]}
    assert repr(event) == """ServerSentEvent(event='add', data='{"a": [1]}', id='7', retry=10)"""
    assert event == pickle.loads(pickle.dumps(event))
    assert len({event, Event("add", '{"a": [1]}', "7", 10), Event()}) == 2
    assert event != "add"
    with pytest.raises(AttributeError, match="cannot assign"):
        event.data = "other"
    with pytest.raises(AttributeError):
        del event.data
