"""httpx-ws, which speaks WebSocket over the stream of a response that switched protocols."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import httpx
import httpx_ws
import pytest
import wsproto
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage


def echo(connection: socket.socket) -> None:
    """Accepts a WebSocket and sends back each text, until it is closed."""
    protocol = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    with connection:
        while True:
            protocol.receive_data(connection.recv(65536) or None)
            for event in protocol.events():
                if isinstance(event, Request):
                    connection.sendall(protocol.send(AcceptConnection()))
                elif isinstance(event, TextMessage):
                    connection.sendall(protocol.send(TextMessage(data=f"{event.data}!")))
                elif isinstance(event, CloseConnection):
                    connection.sendall(protocol.send(event.response()))
                    return


@pytest.fixture
def url() -> Iterator[str]:
    """Where one WebSocket is accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: echo(listening.accept()[0]))
        thread.start()
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_messages_come_and_go(url: str) -> None:
    with httpx.Client() as client, httpx_ws.connect_ws(url, client) as websocket:
        websocket.send_text("hello")
        assert websocket.receive_text(timeout=10) == "hello!"
        websocket.send_text("again")
        assert websocket.receive_text(timeout=10) == "again!"


def test_messages_come_and_go_in_async_code(url: str) -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as client, httpx_ws.aconnect_ws(url, client) as websocket:
            await websocket.send_text("hello")
            assert await websocket.receive_text(timeout=10) == "hello!"

    asyncio.run(main())
