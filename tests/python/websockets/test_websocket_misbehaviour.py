"""Servers that break the rules are told so, and the program is told with which code."""

from __future__ import annotations

import struct
import threading

import pytest
from kinds import Kind
from websocket_peers import BINARY, CLOSE, CONTINUATION, PING, TEXT, Scripted, Wire, frame

from httparallel.websockets import WebSocketDisconnect, _session

HUGE_HEAD = bytes([0x80 | BINARY, 127]) + struct.pack("!Q", 2**40)

BROKEN = {
    "masked": (frame(TEXT, b"text", masked=True), 1002),
    "text that is no UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "a character that is cut off": (frame(TEXT, b"caf\xc3"), 1007),
    "a control frame in pieces": (frame(PING, b"a", fin=False), 1002),
    "a control frame that is too long": (frame(PING, b"a" * 126), 1002),
    "a reserved bit": (frame(TEXT, b"text", rsv=4), 1002),
    "an unknown opcode": (frame(3, b"text"), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"text"), 1002),
    "a message within a message": (frame(TEXT, b"one", fin=False) + frame(TEXT, b"two"), 1002),
    "closing with half a code": (frame(CLOSE, b"\x03"), 1002),
    "closing with a code that nobody may send": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "one byte too many": (frame(BINARY, b"x" * 1001), 1009),
    "too many pieces": (frame(TEXT, b"x" * 600, fin=False) + frame(CONTINUATION, b"x" * 600), 1009),
    "too many bytes, as characters they are fewer": (frame(TEXT, "ä".encode() * 501), 1009),
    "far too much is announced": (HUGE_HEAD + b"x" * 2000, 1009),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_rule_is_broken(kind: Kind, case: str) -> None:
    sent, code = BROKEN[case]

    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"fine so far") + sent + frame(TEXT, b"not listened to"))
        assert wire.closing() == code

    with Scripted(script) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, max_message_size_bytes=1000) as session:
                assert await session.receive_text() == "fine so far"
                with pytest.raises(WebSocketDisconnect) as caught:
                    await session.receive()
                assert caught.value.code == code
                with pytest.raises(WebSocketDisconnect):
                    await session.send_text("more")


async def test_a_message_of_exactly_the_limit_is_received(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"x" * 400, fin=False) + frame(CONTINUATION, b"x" * 600))
        wire.send(frame(TEXT, b"x" * 1000))
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, max_message_size_bytes=1000) as session:
                assert [len(await session.receive_text()) for _ in range(2)] == [1000, 1000]


async def test_a_flood_that_breaks_the_rules_is_not_listened_to_for_long(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "LAST_WORDS", 0.1)
    is_over = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        try:
            while True:
                wire.send(frame(BINARY, b"x" * 10_000))
        except OSError:
            is_over.set()

    with Scripted(script) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, max_message_size_bytes=1000) as session:
                with pytest.raises(WebSocketDisconnect, match="Message too big"):
                    await session.receive()
                # Before the block is left, whose end would close the connection anyway.
                await kind.until(is_over.is_set)


async def test_no_more_is_held_than_a_message_may_have(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "LAST_WORDS", 0.1)

    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(bytes([0x80 | BINARY, 127]) + struct.pack("!Q", 2**40))
        try:
            for _ in range(200):
                wire.send(b"x" * 100_000)
            wire.wait_for_end()
        except OSError:
            pass

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            with pytest.raises(WebSocketDisconnect, match="Message too big"):
                await session.receive()
            decoder = session.connection._proto._frame_decoder
            assert len(decoder.buffer) < 200_000
