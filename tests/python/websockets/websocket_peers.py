"""The other sides of the tests' WebSockets: a server that keeps the rules, and one that follows a script."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0

# More than a connection to a script holds that does not read.
MORE_THAN_FITS = 8_000_000

# In seconds. Whatever waits longer has failed.
PATIENCE = 10.0


class RuleKeeper:
    """A server of the package `websockets`. `path` of the handshake says what it does: see `_converse`."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None, **options: Any) -> None:
        # Code and reason of each connection's end, as this side has seen it.
        self.ends: list[tuple[int | None, str | None]] = []
        self.ended = threading.Semaphore(0)
        self._server = serve(
            self._handle, "127.0.0.1", 0, ssl=ssl_context, compression=None, close_timeout=2, **options
        )
        self.port: int = self._server.socket.getsockname()[1]
        scheme = "ws" if ssl_context is None else "wss"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _handle(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            self._converse(connection)
        connection.close()
        protocol = connection.protocol
        self.ends.append((protocol.close_code, protocol.close_reason))
        self.ended.release()

    def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path.partition("?")[0]
        if path == "/headers":
            headers = connection.request.headers
            connection.send("\n".join(f"{name}: {value}" for name, value in headers.raw_items()))
        elif path == "/path":
            connection.send(connection.request.path)
        elif path == "/pieces":
            connection.send(["one, ", "two, ", "three"])
            connection.send([b"\x00", b"\xff"])
        elif path == "/count":
            for number in range(1000):
                connection.send(str(number))
        elif path == "/bye":
            connection.send("last words")
            connection.close(4000, "enough")
        elif path == "/ping":
            connection.send("answered" if connection.ping().wait(PATIENCE) else "not answered")
        for message in connection:
            connection.send(message)

    def end(self) -> tuple[int | None, str | None]:
        """How the connection that is over ended."""
        assert self.ended.acquire(timeout=PATIENCE)
        return self.ends.pop(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()


def accept_token(request: bytes) -> str:
    """The `Sec-WebSocket-Accept` that belongs to a request (RFC 6455, section 4.2.2)."""
    [key] = [
        line.partition(b":")[2].strip()
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    ]
    return base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = False, rsv: int = 0
) -> bytes:
    """A frame, made without any thought of what is allowed."""
    length = len(payload)
    mask_bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", length)
    # A mask of zeros changes nothing.
    return head + (b"\0\0\0\0" if masked else b"") + payload


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


class Wire:
    """One connection, seen by a script."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._received = b""
        self.request = self._until(b"\r\n\r\n")

    def accept(self, *headers: str) -> None:
        """Answers the handshake as it should be."""
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_token(self.request)}",
            *headers,
        ]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def frame(self) -> tuple[int, bytes] | None:
        """The next frame of the client: opcode and payload. None at the end of the connection."""
        try:
            head = self._exactly(2)
            length = head[1] & 0x7F
            assert head[1] & 0x80, "a client masks its frames"
            if length == 126:
                [length] = struct.unpack("!H", self._exactly(2))
            elif length == 127:
                [length] = struct.unpack("!Q", self._exactly(8))
            mask = self._exactly(4)
            payload = self._exactly(length)
        except EOFError:
            return None
        return head[0] & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))

    def closing(self) -> int | None:
        """The code with which the client closes. None if it ends the connection without a word."""
        while (got := self.frame()) is not None:
            if got[0] == CLOSE:
                return int(struct.unpack("!H", got[1][:2])[0])
        return None

    def wait_for_end(self) -> None:
        """Reads until the client has ended the connection."""
        while self.frame() is not None:
            pass

    def _exactly(self, count: int) -> bytes:
        while len(self._received) < count:
            self._read()
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._received:
            self._read()
        taken, _, self._received = self._received.partition(mark)
        return taken + mark

    def _read(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self._received += data


class Scripted:
    """A server whose every connection is handled by `script`. What it asserts fails the test at the end."""

    def __init__(self, script: Callable[[Wire], object], ssl_context: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._ssl_context = ssl_context
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Inherited by the connections: what a script does not read soon holds the client up.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        port = self._listener.getsockname()[1]
        self.url = f"{'ws' if ssl_context is None else 'wss'}://127.0.0.1:{port}/"
        self._failures: list[BaseException] = []
        self._scripts: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            thread = threading.Thread(target=self._play, args=(sock,))
            self._scripts.append(thread)
            thread.start()

    def _play(self, sock: socket.socket) -> None:
        try:
            if self._ssl_context is not None:
                sock = self._ssl_context.wrap_socket(sock, server_side=True)
            with sock:
                self._script(Wire(sock))
        except BaseException as error:
            self._failures.append(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Closing alone does not wake the thread that waits in `accept`.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for thread in self._scripts:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a script has not come to its end"
        if self._failures and exc_value is None:
            raise self._failures[0]
