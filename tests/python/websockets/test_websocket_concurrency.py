"""Several threads and tasks with one WebSocket, and what becomes of it when one of them is cancelled."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from kinds import Kind, async_only
from websocket_peers import MORE_THAN_FITS, TEXT, RuleKeeper, Scripted, Wire, frame

import httparallel
from httparallel.websockets import WebSocketNetworkError

# asyncio cancels a task where it waits, and it does not wait where it need not.
trio_only = pytest.mark.parametrize("kind", ["trio"], indirect=True)


async def together(kind: Kind, *functions: Callable[[], Awaitable[object]]) -> None:
    """Runs async functions side by side, to their end."""
    if kind.name == "trio":
        async with trio.open_nursery() as nursery:
            for function in functions:
                nursery.start_soon(function)
    else:
        await asyncio.gather(*(function() for function in functions))


async def cancelled_after(kind: Kind, seconds: float, function: Callable[[], Awaitable[object]]) -> bool:
    """Runs an async function for a while at most. Whether it was cancelled."""
    if kind.name == "trio":
        with trio.move_on_after(seconds) as scope:
            await function()
        return scope.cancelled_caught
    try:
        async with asyncio.timeout(seconds):
            await function()
    except TimeoutError:
        return True
    return False


@async_only
async def test_tasks_send_and_receive_side_by_side(kind: Kind, echo: RuleKeeper) -> None:
    received: list[str] = []

    async with kind.client() as client, client.websocket(echo.url) as session:

        async def send(name: str) -> None:
            for number in range(100):
                await session.send_text(f"{name}{number}")

        async def receive() -> None:
            for _ in range(100):
                received.append(await session.receive_text())

        await together(kind, lambda: send("a"), lambda: send("b"), receive, receive)
    assert len(received) == 200
    for name in "ab":
        assert [text for text in received if text[0] == name] == [f"{name}{number}" for number in range(100)]


def test_threads_send_and_receive_side_by_side(echo: RuleKeeper) -> None:
    received: list[str] = []
    with httparallel.Client() as client, client.websocket(echo.url) as session:

        def send(name: str) -> None:
            for number in range(100):
                session.send_text(f"{name}{number}")

        def receive() -> None:
            for _ in range(100):
                received.append(session.receive_text())

        threads = [threading.Thread(target=send, args=(name,)) for name in "ab"]
        threads += [threading.Thread(target=receive) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(received) == sorted(f"{name}{number}" for name in "ab" for number in range(100))


def test_ctrl_c_interrupts_who_receives_and_no_more(echo: RuleKeeper) -> None:
    def interrupt() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with httparallel.Client() as client, client.websocket(echo.url) as session:
        threading.Timer(0.05, interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            session.receive(timeout=20)
        session.send_text("goes on")
        assert session.receive_text() == "goes on"


@async_only
async def test_who_is_cancelled_while_it_receives_has_lost_no_message(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        assert await cancelled_after(kind, 0.01, session.receive)
        await session.send_text("for the next one")
        assert await session.receive_text() == "for the next one"


@trio_only
async def test_a_cancelled_receive_that_could_have_taken_a_message_leaves_it(
    kind: Kind, echo: RuleKeeper
) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.send_text("kept")
        await kind.until(lambda: bool(session._inbox._items))
        with trio.CancelScope() as scope:
            scope.cancel()
            await session.receive()
        assert scope.cancelled_caught
        assert await session.receive_text() == "kept"


@trio_only
async def test_who_is_cancelled_before_it_sends_has_sent_nothing(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        with trio.CancelScope() as scope:
            scope.cancel()
            await session.send_text("never sent")
        await session.send_text("sent")
        assert await session.receive_text() == "sent"


@async_only
async def test_half_a_message_ends_the_session(kind: Kind) -> None:
    over = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        over.wait(10)

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            assert await cancelled_after(kind, 1.0, lambda: session.send_bytes(b"x" * MORE_THAN_FITS))
            for attempt in (lambda: session.send_text("more"), session.receive):
                with pytest.raises(WebSocketNetworkError, match="interrupted in the middle of a message"):
                    await attempt()
            over.set()


@async_only
async def test_a_cancelled_block_is_left_at_once(kind: Kind) -> None:
    codes = []

    def script(wire: Wire) -> None:
        wire.accept()
        codes.append(wire.closing())
        # It does not say that it closes, too.
        wire.wait_for_end()

    async def converse(client: Any, url: str) -> None:
        async with client.websocket(url) as session:
            await session.receive()

    with Scripted(script) as server:
        async with kind.client() as client:
            assert await cancelled_after(kind, 0.2, lambda: converse(client, server.url))
    assert codes == [1000]


@async_only
async def test_cancellation_does_not_wait_for_the_server_s_farewell(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.closing()
        wire.wait_for_end()

    async def converse(client: Any, url: str) -> None:
        async with client.websocket(url):
            pass

    with Scripted(script) as server:
        async with kind.client() as client:
            # Left to itself, the end of the block would wait for five seconds.
            assert await cancelled_after(kind, 0.2, lambda: converse(client, server.url))


@trio_only
async def test_a_block_that_ends_in_a_cancelled_scope_still_says_so(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client:
        with trio.CancelScope() as scope:
            async with client.websocket(echo.url):
                scope.cancel()
        assert scope.cancelled_caught
    assert echo.end() == (1000, "")


@async_only
async def test_a_session_may_be_left_in_another_task(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client:
        block = client.websocket(echo.url)
        entered: list[Any] = []

        async def enter() -> None:
            entered.append(await block.__aenter__())

        async def leave() -> None:
            await block.__aexit__(None, None, None)

        await together(kind, enter)
        await entered[0].send_text("between")
        assert await entered[0].receive_text() == "between"
        await together(kind, leave)
    assert echo.end() == (1000, "")


@async_only
async def test_a_message_to_many_waiting_tasks_is_taken_once(kind: Kind) -> None:
    go_on = threading.Event()

    def script(wire: Wire) -> None:
        wire.accept()
        go_on.wait(10)
        for number in range(5):
            wire.send(frame(TEXT, str(number).encode()))
        wire.closing()

    received: list[str] = []
    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:

            async def receive() -> None:
                received.append(await session.receive_text())

            async def start() -> None:
                go_on.set()

            await together(kind, *[receive] * 5, start)
    assert sorted(received) == ["0", "1", "2", "3", "4"]
