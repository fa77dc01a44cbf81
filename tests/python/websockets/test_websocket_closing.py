"""How a WebSocket ends: by one side, by the other, or by nobody's will."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

import pytest
from kinds import Kind, sync_only
from websocket_peers import CLOSE, TEXT, RuleKeeper, Scripted, Wire, close_frame, frame
from wsproto.events import CloseConnection

import httparallel
from httparallel.websockets import (
    HTTPXWSException,
    WebSocketDisconnect,
    WebSocketNetworkError,
    WebSocketSession,
    _session,
)


async def test_the_end_of_the_block_closes(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url):
        pass
    assert echo.end() == (1000, "")


async def test_an_exception_comes_out_of_the_block_as_it_is(kind: Kind, echo: RuleKeeper) -> None:
    error = KeyError("the program's own")
    async with kind.client() as client:
        with pytest.raises(KeyError) as caught:
            async with client.websocket(echo.url):
                raise error
    assert caught.value is error
    assert echo.end() == (1000, "")


async def test_a_code_and_a_reason_reach_the_server(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.close(4321, "Genug, für heute")
        with pytest.raises(WebSocketDisconnect) as caught:
            await session.receive()
        assert (caught.value.code, caught.value.reason) == (4321, "Genug, für heute")
        # A second time does nothing.
        await session.close()
    assert echo.end() == (4321, "Genug, für heute")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 5000, 70000])
async def test_a_code_that_nobody_may_send_is_refused(kind: Kind, echo: RuleKeeper, code: int) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        with pytest.raises(ValueError, match=f"cannot be closed with code {code}"):
            await session.close(code)
        await session.send_text("still open")
        assert await session.receive_text() == "still open"


async def test_a_long_reason_is_cut_between_two_characters(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.close(1000, "ä" * 100)
    assert echo.end() == (1000, "ä" * 61)


async def test_the_server_closes_first(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(f"{echo.url}/bye") as session:
        assert await session.receive_text() == "last words"
        # Every time, and for whoever sends too.
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect, match="closed, with code 4000: enough") as caught:
                await session.receive()
            assert (caught.value.code, caught.value.reason) == (4000, "enough")
        for sending in (session.send_text("too late"), session.ping()):
            with pytest.raises(WebSocketDisconnect):
                await sending
    assert echo.end() == (4000, "enough")


async def test_closing_without_a_code_is_code_1005(kind: Kind) -> None:
    answered = []

    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(CLOSE))
        answered.append(wire.frame())

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            with pytest.raises(WebSocketDisconnect, match=r"with code 1005\.") as caught:
                await session.receive()
            assert caught.value.code == 1005
    assert answered == [(CLOSE, b"")]


async def test_a_server_that_vanishes_is_a_network_error(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"the last one"))

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            assert await session.receive_text() == "the last one"
            with pytest.raises(WebSocketNetworkError, match="had not said that it closes"):
                await session.receive()


async def test_a_connection_that_is_reset_is_a_network_error(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.frame()
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            await session.send_text("go")
            with pytest.raises(WebSocketNetworkError, match="broke while data was awaited") as caught:
                await session.receive()
            assert caught.value.__cause__ is not None
            with pytest.raises(WebSocketNetworkError):
                await session.send_text("anybody there?")


async def test_a_server_that_does_not_say_that_it_closes_is_left(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "CLOSE_LIMIT", 0.05)

    def script(wire: Wire) -> None:
        wire.accept()
        assert wire.closing() == 1000
        # The client ends the connection all the same.
        wire.wait_for_end()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url):
            pass


async def test_a_server_that_takes_nothing_is_left_after_a_failure_at_once(kind: Kind) -> None:
    go_on = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        go_on.wait(10)

    with Scripted(script) as server:
        async with kind.client() as client:
            with pytest.raises(ZeroDivisionError):
                async with client.websocket(server.url):
                    _ = 1 / 0
        # Had it been waited for, the script would have been here first.
        assert not go_on.is_set()
        go_on.set()


async def test_messages_are_dropped_while_the_program_waits_for_the_end(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"before"))
        assert wire.frame() == (TEXT, b"read")
        assert wire.closing() == 1000
        wire.send(frame(TEXT, b"after") * 1000 + close_frame(1000))

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url, queue_size=1) as session:
            await kind.until(lambda: bool(session._inbox._items))
            await session.send_text("read")
            await session.close()
            # What had been received can still be taken.
            assert await session.receive_text() == "before"
            with pytest.raises(WebSocketDisconnect):
                await session.receive()


async def test_closing_may_be_an_event_too(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.send(CloseConnection(4000, "by hand"))
        with pytest.raises(WebSocketDisconnect, match="4000: by hand"):
            await session.send_text("more")
    assert echo.end() == (4000, "by hand")


async def test_both_may_close_at_once(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(close_frame(4001))
        assert wire.closing() in (1000, 4001)

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            await session.close()


async def test_a_session_receives_inside_of_its_block_only(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client:
        async with client.websocket(echo.url) as opened:
            stream = opened.stream
            made = type(getattr(opened, "_behind", opened))(stream)
            session: Any = opened.__class__(made) if not kind.is_async else made
            with pytest.raises(RuntimeError, match="inside of its 'with' block"):
                await session.receive()
            with pytest.raises(RuntimeError, match="cannot be entered twice"):
                await opened.__aenter__()


@sync_only
async def test_one_thread_closes_while_another_waits(kind: Kind, echo: RuleKeeper) -> None:  # noqa: ARG001
    caught: list[HTTPXWSException] = []

    def wait(session: WebSocketSession) -> None:
        try:
            session.receive()
        except HTTPXWSException as error:
            caught.append(error)

    with httparallel.Client() as client, client.websocket(echo.url) as session:
        thread = threading.Thread(target=wait, args=(session,))
        thread.start()
        session.close(4000)
        thread.join(10)
    [error] = caught
    assert isinstance(error, WebSocketDisconnect)
    assert error.code == 4000


@sync_only
async def test_no_thread_is_left(kind: Kind, echo: RuleKeeper) -> None:  # noqa: ARG001
    def threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "httparallel-websocket"]

    with httparallel.Client() as client:
        with client.websocket(echo.url):
            [thread] = threads()
        thread.join(10)
        assert not threads()
