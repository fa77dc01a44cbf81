"""The rules without a connection: every input at once, and once more byte by byte."""

from __future__ import annotations

import pickle

import pytest
from websocket_peers import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_frame, frame
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.utilities import LocalProtocolError

import httparallel
from httparallel.websockets import WebSocketDisconnect, WebSocketUpgradeError
from httparallel.websockets._protocol import Protocol, Violation

by_size = pytest.mark.parametrize("size", [1_000_000, 1], ids=["at once", "byte by byte"])


def protocol(max_size: int = 100) -> Protocol:
    return Protocol(Connection(ConnectionType.CLIENT), max_size)


def fed(given: Protocol, data: bytes, size: int) -> list[Event]:
    return [
        event for start in range(0, len(data), size) for event in given.receive(data[start : start + size])
    ]


@by_size
def test_messages_are_whole_however_they_come(size: int) -> None:
    sent = frame(TEXT, "ä".encode() * 20) + frame(BINARY, b"a", fin=False) + frame(PING, b"in between")
    sent += frame(CONTINUATION, b"", fin=False) + frame(CONTINUATION, b"b") + frame(TEXT) + frame(BINARY)
    assert fed(protocol(), sent, size) == [
        TextMessage("ä" * 20),
        Ping(b"in between"),
        BytesMessage(b"ab"),
        TextMessage(""),
        BytesMessage(b""),
    ]


@by_size
def test_after_a_violation_nothing_is_listened_to(size: int) -> None:
    given = protocol()
    [message, violation] = fed(given, frame(TEXT, b"a") + frame(TEXT, b"x" * 101) + frame(TEXT, b"b"), size)
    assert message == TextMessage("a")
    assert isinstance(violation, Violation)
    assert (violation.code, violation.reason) == (1009, "Message too big")
    assert given.receive(frame(TEXT, b"c")) == []


@by_size
def test_a_message_that_is_too_large_is_noticed_before_its_end(size: int) -> None:
    # All but the last byte of what was announced, and already more than allowed.
    [violation] = fed(protocol(), frame(BINARY, b"x" * 200)[:-1], size)
    assert isinstance(violation, Violation)


@by_size
def test_empty_pieces_do_not_add_up(size: int) -> None:
    given = protocol()
    assert fed(given, frame(TEXT, b"a", fin=False) + frame(CONTINUATION, fin=False) * 1000, size) == []
    assert len(given._message._pieces) == 1
    assert fed(given, frame(CONTINUATION, b"b"), size) == [TextMessage("ab")]


@by_size
def test_the_server_closes_and_is_answered(size: int) -> None:
    given = protocol()
    assert fed(given, close_frame(4000, "why"), size) == [CloseConnection(4000, "why")]
    assert not given.is_over
    # Too late for anything but the answer.
    assert given.answer(Ping()) == b""
    with pytest.raises(LocalProtocolError):
        given.send(TextMessage("a"))
    assert given.answer(CloseConnection(4000, "why"))
    assert given.is_over
    assert given.answer(CloseConnection(4000)) == b""
    assert given.receive(b"more") == []


@by_size
def test_this_side_closes_and_is_answered(size: int) -> None:
    given = protocol()
    assert given.answer(CloseConnection(1000))
    assert given.answer(CloseConnection(1000)) == b""
    assert fed(given, frame(TEXT, b"on its way") + close_frame(1000), size) == [
        TextMessage("on its way"),
        CloseConnection(1000, ""),
    ]
    assert given.is_over


@by_size
def test_a_broken_rule_after_closing_is_a_violation_too(size: int) -> None:
    given = protocol()
    given.answer(CloseConnection(1000))
    [violation] = fed(given, frame(TEXT, b"\xff"), size)
    assert isinstance(violation, Violation)
    assert violation.code == 1007


def test_what_is_sent_is_masked_and_differs_each_time() -> None:
    given = protocol()
    one, two = (given.send(BytesMessage(b"same")) for _ in range(2))
    assert one[1] & two[1] & 0x80
    assert one != two


def test_exceptions_survive_pickling() -> None:
    again = pickle.loads(pickle.dumps(WebSocketDisconnect(4000, "why")))
    assert (again.code, again.reason, str(again)) == (
        4000,
        "why",
        "The WebSocket is closed, with code 4000: why",
    )
    response = httparallel.Response(403, request=httparallel.Request("GET", "ws://example.org/"))
    again = pickle.loads(pickle.dumps(WebSocketUpgradeError(response)))
    assert again.response.status_code == 403
    assert str(again) == "The server answered '403 Forbidden' instead of opening a WebSocket."


def test_closing_frames_are_never_mistaken_for_messages() -> None:
    assert protocol().receive(frame(CLOSE)) == [CloseConnection(1005, "")]
