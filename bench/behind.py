"""Rows in which another client may be ahead of ours, and why: told below the table when it is."""

from __future__ import annotations

from results import Table

# What profiles showed. Who changes what one of these says takes it out, or the table will contradict it.
REASONS = {
    "json": "Nearly all of it is json.loads, the same for all.",
    "down": (
        "The body arrives in pieces that the I/O thread owns, and becomes one bytes object when it is asked "
        "for: for a moment it is in memory twice, and much of the processor time is page faults."
    ),
    "up": "Content is sent from where it is; what is left is the system call, for all of the first few.",
    "up-stream": "Not profiled yet. Each piece passes from the caller to the I/O thread, which sends it.",
    "down-stream": "Not profiled yet. Each piece passes from the I/O thread to the caller, as an object.",
    "tls-full": "Nearly all of it is the arithmetic of the handshake, in rustls and ring.",
    "tls-resumed": "Nearly all of it is the arithmetic of the handshake, in rustls and ring.",
    "h2": (
        "A block hands each request to the I/O thread, which wakes up for it. "
        "Each stream is a task of its own, and header fields are validated and copied again for the library "
        "that does HTTP/2: 52,000 instructions for a request of the Rust client, against 32,000 of raw hyper."
    ),
    "h2-tls": "As over HTTP/2 without TLS.",
    "import": "Python modules and exception classes, where the first one is a native module and little else.",
    "cold": "Most of it is the import: Python modules, where the first one is a native module only.",
}


def reason(table: Table) -> str | None:
    """Why the first client for Python programs is another one. None if it is ours, or nobody knows."""
    first = next((entry for entry in table.ranked() if entry.kind in ("ours", "python")), None)
    if first is None or first.kind == "ours":
        return None
    return REASONS.get(table.name)
