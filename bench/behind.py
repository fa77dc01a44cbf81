"""Rows in which another client may be ahead of ours, and why: told below the table when it is."""

from __future__ import annotations

from results import Table

# What profiles showed. Who changes what one of these says takes it out, or the table will contradict it.
REASONS = {
    "down": (
        "The socket is read straight into the bytes object, whose memory is new each time: half of the "
        "processor time is the system zeroing it. Clients that keep the memory for the next body save that."
    ),
    "up-stream": (
        "Nine tenths are the system's, most of it TCP. While the socket is full, the I/O thread sends in "
        "place of the caller, and the two wake each other some forty times for 100 MB."
    ),
    "down-stream": (
        "A piece of 64 KiB is read into memory of the engine and copied once, into an object. In async code "
        "it passes from the I/O thread to the loop's."
    ),
    "tls-full": "Nearly all of it is the arithmetic of the handshake, in rustls and ring.",
    "tls-resumed": "Nearly all of it is the arithmetic of the handshake, in rustls and ring.",
    "import": "Python modules and exception classes, where the first one is a native module and little else.",
    "cold": "Most of it is the import: Python modules, where the first one is a native module only.",
    "busy": (
        "The busy thread gives the interpreter up every 5 ms (`sys.setswitchinterval`), and a response that "
        "meets it twice takes 10 ms: that is the 99th percentile of all clients. Nine in ten requests do not "
        "meet it."
    ),
}


def reason(table: Table) -> str | None:
    """Why the first client for Python programs is another one. None if it is ours, or nobody knows."""
    programs = (entry for entry in table.ranked() if entry.kind in ("ours", "python"))
    # Rust's own are no clients for Python programs.
    first = next((entry for entry in programs if not entry.key.startswith("httparallel_rust")), None)
    if first is None or first.kind == "ours":
        return None
    return REASONS.get(table.name)
