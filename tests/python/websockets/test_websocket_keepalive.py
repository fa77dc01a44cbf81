"""Pings and pongs, of both sides."""

from __future__ import annotations

import ssl
import threading

import pytest
from kinds import Kind
from websocket_peers import CLOSE, MORE_THAN_FITS, PING, PONG, TEXT, RuleKeeper, Scripted, Wire, frame

from httparallel.websockets import WebSocketDisconnect, WebSocketNetworkError
from httparallel.websockets._keepalive import Keepalive


async def test_the_server_s_pings_are_answered(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(f"{echo.url}/ping") as session:
        # The server says so when it has its pong.
        assert await session.receive_text() == "answered"


async def test_pings_are_answered_while_the_program_does_something_else(kind: Kind) -> None:
    answered = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(PING, b"a") + frame(PING, b"b"))
        assert [wire.frame(), wire.frame()] == [(PONG, b"a"), (PONG, b"b")]
        answered.set()
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url):
            await kind.until(answered.is_set)


async def test_a_ping_is_answered(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        pong = await session.ping()
        assert await pong.wait()
        assert pong.is_set()
        assert await (await session.ping(b"my own")).wait()


async def test_one_pong_answers_the_pings_before_it(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        pings = [wire.frame() for _ in range(3)]
        assert pings == [(PING, b"one"), (PING, b"two"), (PING, b"three")]
        wire.send(frame(PONG, b"nobody's") + frame(PONG, b"two") + frame(TEXT, b"sent"))
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            pongs = [await session.ping(payload) for payload in (b"one", b"two", b"three")]
            await session.receive_text()
            assert [pong.is_set() for pong in pongs] == [True, True, False]


async def test_who_waits_for_a_pong_learns_that_there_will_be_none(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.frame()
        wire.send(frame(CLOSE, b"\x03\xe9"))
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            pong = await session.ping()
            for _ in range(2):
                with pytest.raises(WebSocketDisconnect, match="1001"):
                    await pong.wait()
            assert not pong.is_set()


async def test_pings_are_sent_again_and_again(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        for _ in range(3):
            got = wire.frame()
            assert got is not None
            assert got[0] == PING
            wire.send(frame(PONG, got[1]))
        wire.send(frame(TEXT, b"three"))
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client:
            async with client.websocket(server.url, keepalive_ping_interval_seconds=0.02) as session:
                assert await session.receive_text() == "three"


async def test_pings_inside_of_tls_disturb_no_message(kind: Kind, tls: ssl.SSLContext, ca_pem: str) -> None:
    limits = {"keepalive_ping_interval_seconds": 0.002, "max_message_size_bytes": 200_000}
    with RuleKeeper(tls) as echo:
        async with kind.client(verify=ca_pem) as client, client.websocket(echo.url, **limits) as session:
            # Each ping is due while data is awaited, often in the very moment in which some arrives.
            for number in range(100):
                await kind.sleep(0.002)
                message = str(number) * 50_000
                await session.send_text(message)
                assert await session.receive_text() == message


@pytest.mark.parametrize("waiting", ["receives", "sends"])
async def test_a_server_that_is_silent_is_given_up(kind: Kind, waiting: str) -> None:
    over = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        if waiting == "receives":
            assert wire.closing() == 1011
        else:
            over.wait(10)

    limits = {"keepalive_ping_interval_seconds": 0.02, "keepalive_ping_timeout_seconds": 0.1}
    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url, **limits) as session:
            with pytest.raises(WebSocketNetworkError):
                if waiting == "receives":
                    await session.receive()
                else:
                    await session.send_bytes(b"x" * MORE_THAN_FITS)
            with pytest.raises(WebSocketNetworkError):
                await session.receive()
        over.set()


async def test_without_a_limit_for_pongs_only_pings_are_sent(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        for _ in range(5):
            got = wire.frame()
            assert got is not None
            assert got[0] == PING
        wire.send(frame(TEXT, b"five"))
        wire.closing()

    limits = {"keepalive_ping_interval_seconds": 0.01, "keepalive_ping_timeout_seconds": None}
    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url, **limits) as session:
            assert await session.receive_text() == "five"


async def test_a_program_that_takes_no_messages_does_not_blame_the_server(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"message") * 10)
        wire.closing()

    limits = {"keepalive_ping_interval_seconds": 0.01, "keepalive_ping_timeout_seconds": 0.05}
    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url, queue_size=2, **limits) as session:
            await kind.sleep(0.2)
            assert [await session.receive_text() for _ in range(10)] == ["message"] * 10


class TestWhenToPing:
    def test_never_without_an_interval(self) -> None:
        keepalive = Keepalive(None, 20.0)
        keepalive.start(0.0)
        assert keepalive.left(0.0) is None
        assert not keepalive.is_due(1e9)
        assert keepalive.timeout is None

    def test_a_ping_is_due_after_the_interval(self) -> None:
        keepalive = Keepalive(20.0, 10.0)
        keepalive.start(100.0)
        assert keepalive.left(105.0) == 15.0
        assert not keepalive.is_due(119.9)
        assert keepalive.is_due(120.0)
        assert keepalive.left(130.0) == 0.0

    def test_the_next_one_is_due_an_interval_after_the_pong(self) -> None:
        keepalive = Keepalive(20.0, 10.0)
        keepalive.start(0.0)
        keepalive.pinged(20.0)
        assert not keepalive.is_due(1000.0)
        keepalive.answered(25.0)
        assert not keepalive.is_overdue(1000.0)
        assert keepalive.left(25.0) == 20.0

    def test_silence_is_measured_from_the_last_sign_of_life(self) -> None:
        keepalive = Keepalive(20.0, 10.0)
        keepalive.start(0.0)
        keepalive.heard(15.0)
        assert keepalive.left(15.0) == 5.0
        keepalive.pinged(20.0)
        assert keepalive.left(20.0) == 10.0
        keepalive.heard(29.0)
        assert not keepalive.is_overdue(38.9)
        assert keepalive.is_overdue(39.0)

    def test_a_pong_that_nobody_waits_for_changes_nothing(self) -> None:
        keepalive = Keepalive(20.0, 10.0)
        keepalive.start(0.0)
        keepalive.answered(19.0)
        assert keepalive.is_due(20.0)

    def test_without_a_timeout_pings_go_on(self) -> None:
        keepalive = Keepalive(20.0, None)
        keepalive.start(0.0)
        keepalive.pinged(20.0)
        assert keepalive.left(20.0) == 20.0
        assert not keepalive.is_overdue(1e9)
