"""WebSockets to an application in the same process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import trio
from kinds import Kind, async_only
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

import httparallel
from httparallel.websockets import ASGIWebSocketTransport, WebSocketUpgradeError
from httparallel.websockets import WebSocketDisconnect as Disconnect
from httparallel.websockets import _transport as transport_module

pytestmark = async_only


def client_of(app: Any, **arguments: Any) -> httparallel.AsyncClient:
    return httparallel.AsyncClient(
        transport=ASGIWebSocketTransport(app, **arguments), base_url="http://test", cookies={"a": "1"}
    )


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await websocket.send_text(message["text"])
        else:
            await websocket.send_bytes(message["bytes"])


async def test_messages_go_to_and_fro(kind: Kind) -> None:  # noqa: ARG001
    async with client_of(Starlette(routes=[WebSocketRoute("/", echo)])) as client:
        async with client.websocket("ws://test/") as session:
            await session.send_text("äöü")
            assert await session.receive_text() == "äöü"
            await session.send_bytes(b"x" * 60_000)
            assert len(await session.receive_bytes()) == 60_000
            await session.send_text("")
            assert await session.receive_text() == ""
            assert await (await session.ping()).wait()


async def test_requests_are_answered_as_before(kind: Kind) -> None:  # noqa: ARG001
    async def page(request: Any) -> PlainTextResponse:
        return PlainTextResponse(request.url.path)

    async with client_of(Starlette(routes=[Route("/page", page)])) as client:
        assert (await client.get("/page")).text == "/page"


async def test_the_application_sees_the_handshake(kind: Kind) -> None:  # noqa: ARG001
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept", "subprotocol": "b", "headers": [(b"x-own", b"yes")]})
        await receive()

    async with client_of(app, root_path="/root") as client:
        async with client.websocket("/path?q=1", subprotocols=["a", "b"], headers={"X-H": "v"}) as session:
            assert session.subprotocol == "b"
            assert session.response is not None
            assert session.response.headers["x-own"] == "yes"
    [scope] = scopes
    assert (scope["type"], scope["scheme"], scope["path"]) == ("websocket", "ws", "/path")
    assert (scope["query_string"], scope["root_path"]) == (b"q=1", "/root")
    assert scope["subprotocols"] == ["a", "b"]
    assert {(b"x-h", b"v"), (b"cookie", b"a=1"), (b"host", b"test")} <= set(scope["headers"])


async def test_the_application_closes(kind: Kind) -> None:  # noqa: ARG001
    async def app(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("last words")
        await websocket.close(4000, "enough")

    async with client_of(Starlette(routes=[WebSocketRoute("/", app)])) as client:
        async with client.websocket("/") as session:
            assert await session.receive_text() == "last words"
            with pytest.raises(Disconnect, match="4000: enough"):
                await session.receive()


async def test_the_client_closes_and_the_application_is_told(kind: Kind) -> None:
    told: list[Any] = []

    async def app(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as gone:
            told.append((gone.code, gone.reason))

    async with client_of(Starlette(routes=[WebSocketRoute("/", app)])) as client:
        async with client.websocket("/") as session:
            await session.close(4321, "bye")
        await kind.until(lambda: bool(told))
    assert told == [(4321, "bye")]


async def test_an_application_that_ends_has_closed(kind: Kind) -> None:  # noqa: ARG001
    async def app(websocket: WebSocket) -> None:
        await websocket.accept()

    async with client_of(Starlette(routes=[WebSocketRoute("/", app)])) as client:
        async with client.websocket("/") as session:
            with pytest.raises(Disconnect, match="code 1000"):
                await session.receive()


async def test_an_application_that_fails_closes_with_1011(kind: Kind) -> None:  # noqa: ARG001
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        raise ValueError("no such thing")

    async with client_of(app) as client:
        async with client.websocket("/") as session:
            await session.send_text("go")
            with pytest.raises(Disconnect, match="1011: no such thing"):
                await session.receive()


async def test_an_application_may_refuse(kind: Kind) -> None:  # noqa: ARG001
    async def app(websocket: WebSocket) -> None:
        await websocket.close(4003, "not you")

    async with client_of(Starlette(routes=[WebSocketRoute("/", app)])) as client:
        with pytest.raises(Disconnect, match="4003: not you"):
            async with client.websocket("/"):
                pass


async def test_an_application_may_answer_with_a_response(kind: Kind) -> None:  # noqa: ARG001
    async def app(websocket: WebSocket) -> None:
        await websocket.send_denial_response(PlainTextResponse("Not you", 403, {"X-Why": "because"}))

    async with client_of(Starlette(routes=[WebSocketRoute("/", app)])) as client:
        with pytest.raises(WebSocketUpgradeError, match="403 Forbidden") as caught:
            async with client.websocket("/"):
                pass
    assert (caught.value.response.text, caught.value.response.headers["x-why"]) == ("Not you", "because")


async def test_an_application_that_fails_at_once_is_the_cause(kind: Kind) -> None:  # noqa: ARG001
    error = ValueError("broken")

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        raise error

    async with client_of(app) as client:
        with pytest.raises(Disconnect, match="1011: broken") as caught:
            async with client.websocket("/"):
                pass
    assert caught.value.__cause__ is error


async def test_an_application_that_never_accepts(kind: Kind) -> None:
    ended: list[str] = []

    async def waiting(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        try:
            await (trio.sleep_forever() if kind.name == "trio" else asyncio.Event().wait())
        finally:
            ended.append("cancelled")

    async with client_of(waiting, initial_receive_timeout=0.05) as client:
        with pytest.raises(
            RuntimeError, match=r"not accepted the WebSocket within 0.05 seconds. Does it call"
        ):
            async with client.websocket("/"):
                pass
    assert ended == ["cancelled"]


async def test_an_application_that_ends_without_an_answer(kind: Kind) -> None:  # noqa: ARG001
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    async with client_of(app) as client:
        with pytest.raises(RuntimeError, match="has ended, and not accepted"):
            async with client.websocket("/"):
                pass


async def test_an_application_cannot_send_to_a_client_that_is_gone(kind: Kind) -> None:
    errors: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await receive()
        await send({"type": "websocket.accept"})
        assert (await receive())["type"] == "websocket.disconnect"
        # For as long as it asks.
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            await send({"type": "websocket.send", "text": "anybody there?"})
        except OSError as error:
            errors.append(str(error))

    async with client_of(app) as client:
        async with client.websocket("/"):
            pass
        await kind.until(lambda: bool(errors))
    assert errors == ["The WebSocket is closed."]


async def test_an_application_that_does_not_end_is_ended_with_the_client(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "GRACE", 0.05)
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await send({"type": "websocket.accept"})
        try:
            await (trio.sleep_forever() if kind.name == "trio" else asyncio.Event().wait())
        finally:
            ended.append("cancelled")

    async with client_of(app) as client:
        async with client.websocket("/"):
            pass
        assert not ended
    assert ended == ["cancelled"]


async def test_an_application_ahead_of_its_client_waits(kind: Kind) -> None:  # noqa: ARG001
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        await send({"type": "websocket.accept"})
        for number in range(2000):
            await send({"type": "websocket.send", "text": str(number)})
            sent.append(number)
        await receive()

    async with client_of(app) as client:
        async with client.websocket("/", queue_size=10) as session:
            assert await session.receive_text() == "0"
            assert len(sent) < 1000
            assert [await session.receive_text() for _ in range(1999)] == [str(n) for n in range(1, 2000)]


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        (["http.response.start"], "'http.response.start' to a WebSocket that is yet to be accepted"),
        (["websocket.send"], "'websocket.send' to a WebSocket that is yet to be accepted"),
        (["websocket.accept", "websocket.accept"], "'websocket.accept' to a WebSocket that is open"),
    ],
)
async def test_an_application_that_breaks_the_rules_of_asgi(
    kind: Kind,  # noqa: ARG001
    messages: list[str],
    complaint: str,
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        for message in messages:
            await send({"type": message})

    async with client_of(app) as client:
        with pytest.raises(Disconnect, match=complaint):
            async with client.websocket("/") as session:
                await session.receive()
