"""HTTP/2 servers that say much and mean nothing, on connections over streams that Python carries."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from frames import (
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    SETTINGS,
    STATUS_103,
    STATUS_200,
    UNKNOWN,
    answer,
    frame,
)
from kinds import Kind
from pools import Program
from testserver import Server
from wires import http2

from httparallel.core import ReadTimeout, RemoteProtocolError

URL = "http://example.com/"
GREETING = frame(SETTINGS, 0, 0)
MIB = 1024 * 1024

CHATTER = {
    "PING": frame(PING, 0, 0, bytes(8)),
    "SETTINGS": GREETING,
    "unknown frames": frame(UNKNOWN, 0, 1, b"x"),
}
chatter = pytest.mark.parametrize("said", CHATTER.values(), ids=CHATTER)


class Endless(list[bytes]):
    """Pieces that a stream reads without end, after those that it was made with."""

    def __init__(self, first: list[bytes], said: bytes) -> None:
        super().__init__(first)
        self._said = said * (64 * 1024 // len(said))
        self.taken = 0

    def pop(self, *position: Any) -> bytes:
        piece = super().pop(*position) if len(self) else self._said
        self.taken += len(piece)
        return piece

    def __bool__(self) -> bool:
        return True


def endless(kind: Kind, first: list[bytes], said: bytes) -> tuple[Any, Endless]:
    """A connection whose server goes on like this."""
    connection, _ = http2(kind)
    pieces = Endless(first, said)
    connection.wire.stream._buffer = pieces
    return connection, pieces


@chatter
async def test_what_belongs_to_no_response_ends_the_connection_in_the_end(kind: Kind, said: bytes) -> None:
    connection, pieces = endless(kind, [GREETING, *answer(1)], said)
    assert (await connection.request("GET", URL)).content == b"ok"
    with pytest.raises(RemoteProtocolError, match="belongs to no response"):
        await connection.request("GET", URL)
    assert connection.is_closed()
    # Twice the window of a connection.
    assert 32 * MIB < pieces.taken < 33 * MIB


@chatter
async def test_time_limits_hold_in_the_midst_of_chatter(
    kind: Kind, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A clock that goes on by a second at each look.
    clock = itertools.count()
    monkeypatch.setattr("httparallel.core._io.time", SimpleNamespace(monotonic=lambda: next(clock)))
    connection, pieces = endless(kind, [GREETING], said)
    with pytest.raises(ReadTimeout):
        await connection.request("GET", URL, extensions={"timeout": {"read": 20.0}})
    assert pieces.taken < 20 * 64 * 1024


@chatter
async def test_a_request_is_answered_in_the_midst_of_chatter(kind: Kind, said: bytes) -> None:
    noise = [said * 10_000] * 5
    connection, _ = http2(kind, GREETING, *noise, *answer(1), *noise, *answer(3))
    for _ in range(2):
        assert (await connection.request("GET", URL)).content == b"ok"


async def test_interim_responses_without_end_fail_their_request_alone(kind: Kind) -> None:
    interim = frame(HEADERS, END_HEADERS, 1, STATUS_103)
    connection, _ = http2(kind, GREETING, interim * 33, *answer(3))
    with pytest.raises(RemoteProtocolError):
        await connection.request("GET", URL)
    assert (await connection.request("GET", URL)).content == b"ok"


async def test_a_response_is_kept_up_to_a_bound_while_the_request_is_sent(kind: Kind) -> None:
    # The server takes none of the content, and sends as much of a response as it is allowed to.
    head = frame(HEADERS, END_HEADERS, 1, STATUS_200)
    pieces = [frame(DATA, 0, 1, bytes(16_000))] * 2_000
    connection, tape = http2(kind, GREETING, head, *pieces)
    with pytest.raises(RemoteProtocolError):
        # More than the window that a server has at first.
        await connection.request("POST", URL, content=bytes(100_000))
    # Of 32 MB, the windows were opened again for half.
    grown = sum(
        int.from_bytes(tape.sent[at + 9 : at + 13], "big")
        for at in _frames(tape.sent)
        if tape.sent[at + 3] == 8 and tape.sent[at + 8] == 1
    )
    assert 14 * MIB < grown < 17 * MIB


def _frames(sent: bytes) -> list[int]:
    """Where in it the frames begin."""
    at, found = 24, []
    while at < len(sent):
        found.append(at)
        at += 9 + int.from_bytes(sent[at : at + 3], "big")
    return found


async def test_chatter_holds_up_no_other_connection(program: Program, server: Server) -> None:
    # One request listens to it until its time is up, while others come and go.
    asked = "expect-bytes 24\nframe 4 0 0 \nexpect-frame 1\n"
    ping = "\\0\\0\\x08\\x06\\0\\0\\0\\0\\0" + "\\0" * 8
    with server.script(f"{asked}send-repeated 10000000 {ping}\nhang\n") as script:
        async with program.pool(http1=False, http2=True) as pool:

            async def noisy() -> Any:
                return await pool.request("GET", script.url, extensions={"timeout": {"read": 0.5}})

            async def quiet() -> Any:
                return [(await pool.request("GET", server.h2c)).status for _ in range(10)]

            loud, statuses = await program.together([noisy, quiet])
        assert isinstance(loud, (ReadTimeout, RemoteProtocolError))
        assert statuses == [200] * 10
