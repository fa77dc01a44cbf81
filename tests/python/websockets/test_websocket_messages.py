"""What goes to and fro on an open WebSocket."""

from __future__ import annotations

from typing import Any

import pytest
from kinds import Kind
from websocket_peers import CONTINUATION, TEXT, RuleKeeper, Scripted, Wire, frame
from wsproto.events import BytesMessage, TextMessage

import httparallel
from httparallel.websockets import WebSocketInvalidTypeReceived


async def test_text_comes_back(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        for text in ("Hello!", "", "äöü 🎉", "x" * 60_000):
            await session.send_text(text)
            assert await session.receive_text() == text


async def test_bytes_come_back(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        for data in (b"\x00\xff", b"", bytearray(b"changeable"), memoryview(b"a view"), b"x" * 65_536):
            await session.send_bytes(data)
            received = await session.receive_bytes()
            assert received == data
            assert type(received) is bytes


@pytest.mark.parametrize("mode", ["text", "binary"])
async def test_json_comes_back(kind: Kind, echo: RuleKeeper, mode: str) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.send_json({"numbers": [1, 2.5], "name": "ä"}, mode=mode)
        assert await session.receive_json(mode=mode) == {"numbers": [1, 2.5], "name": "ä"}
        await session.send_json([], mode=mode)
        assert isinstance(await session.receive(), TextMessage if mode == "text" else BytesMessage)


@pytest.mark.parametrize("mode", ["text", "binary"])
@pytest.mark.parametrize("written", ['"ä"', b'"\xc3\xa4"'])
async def test_the_codec_of_the_client_writes_and_reads_json(
    kind: Kind, echo: RuleKeeper, mode: str, written: str | bytes
) -> None:
    codec = httparallel.JSONCodec(dumps=lambda _: written, loads=lambda data: ("read", data))
    async with kind.client(json_codec=codec) as client, client.websocket(echo.url) as session:
        await session.send_json(1, mode=mode)
        assert await session.receive_json(mode=mode) == ("read", b'"\xc3\xa4"')
        await session.send_json(2, mode=mode)
        expected = TextMessage('"ä"') if mode == "text" else BytesMessage(b'"\xc3\xa4"')
        assert await session.receive() == expected


async def test_a_message_of_the_other_type_is_an_exception_that_has_it(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.send_bytes(b"data")
        with pytest.raises(WebSocketInvalidTypeReceived, match="is a BytesMessage") as caught:
            await session.receive_text()
        assert caught.value.event == BytesMessage(b"data")
        await session.send_text("text")
        with pytest.raises(WebSocketInvalidTypeReceived):
            await session.receive_bytes()
        await session.send_text("{}")
        with pytest.raises(WebSocketInvalidTypeReceived):
            await session.receive_json(mode="binary")
        await session.send_text("The session goes on.")
        assert await session.receive_text() == "The session goes on."


async def test_the_pieces_of_a_message_are_put_together(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(f"{echo.url}/pieces") as session:
        assert await session.receive() == TextMessage("one, two, three")
        assert await session.receive() == BytesMessage(b"\x00\xff")


async def test_pieces_may_cut_a_character_in_two(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.accept()
        wire.send(frame(TEXT, b"caf\xc3", fin=False) + frame(CONTINUATION, b"", fin=False))
        wire.send(frame(CONTINUATION, b"\xa9"))
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            assert await session.receive_text() == "café"


async def test_a_message_may_be_sent_in_pieces(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        await session.send(TextMessage("one, ", message_finished=False))
        await session.send(TextMessage("two"))
        assert await session.receive_text() == "one, two"


async def test_what_follows_the_handshake_at_once_is_received(kind: Kind) -> None:
    def script(wire: Wire) -> None:
        wire.send = lambda data: wire.socket.sendall(data + frame(TEXT, b"early"))  # type: ignore[method-assign]
        wire.accept()
        wire.closing()

    with Scripted(script) as server:
        async with kind.client() as client, client.websocket(server.url) as session:
            assert await session.receive_text() == "early"


async def test_messages_come_in_order_and_wait_to_be_taken(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(f"{echo.url}/count", queue_size=5) as session:
        # More than fit into the queue, so the server has to wait with the others.
        assert [await session.receive_text() for _ in range(1000)] == [str(number) for number in range(1000)]


async def test_a_large_message_is_received_if_that_is_allowed(kind: Kind, echo: RuleKeeper) -> None:
    size = 700_000
    async with kind.client() as client:
        async with client.websocket(echo.url, max_message_size_bytes=size) as session:
            await session.send_bytes(b"x" * size)
            assert len(await session.receive_bytes()) == size


async def test_waiting_for_a_message_has_a_limit(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        for timeout in (0, 0.01):
            with pytest.raises(TimeoutError, match="Nothing was received within"):
                await session.receive(timeout)
        await session.send_text("later")
        assert await session.receive_text(timeout=10) == "later"


async def test_what_is_no_text_or_no_bytes_is_refused_before_it_is_sent(kind: Kind, echo: RuleKeeper) -> None:
    async with kind.client() as client, client.websocket(echo.url) as session:
        wrong: Any = 5
        with pytest.raises(TypeError, match="A text message is a str, not int"):
            await session.send_text(wrong)
        with pytest.raises(TypeError, match="'send_text' sends text"):
            await session.send_bytes("text")
        with pytest.raises(ValueError, match="The mode of JSON is 'text' or 'binary', not 'bytes'"):
            await session.send_json({}, mode="bytes")
        with pytest.raises(TypeError, match="The payload of a ping is bytes, not str"):
            await session.ping("text")
        with pytest.raises(ValueError, match="at most 125 bytes"):
            await session.ping(b"x" * 126)
        await session.send_text("fine")
        assert await session.receive_text() == "fine"


def test_the_function_is_for_one_websocket(echo: RuleKeeper) -> None:
    with httparallel.websocket(echo.url) as session:
        session.send_text("Hello!")
        assert session.receive_text() == "Hello!"
        assert session.response is not None
        assert session.response.status_code == 101
    assert echo.end() == (1000, "")
