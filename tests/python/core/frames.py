"""Frames of HTTP/2 as a server writes them: RFC 9113, sections 4.1 and 6."""

from __future__ import annotations

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, UNKNOWN = 0, 1, 3, 4, 6, 7, 0xFA
END_STREAM, END_HEADERS = 1, 4
# `:status: 200`, by its index in HPACK's static table; the others as literals.
STATUS_200 = b"\x88"
STATUS_103 = b"\x08\x03103"
STATUS_421 = b"\x18\x03421"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def answer(stream: int, content: bytes = b"ok") -> list[bytes]:
    return [
        frame(HEADERS, END_HEADERS, stream, STATUS_200),
        frame(DATA, END_STREAM, stream, content),
    ]
