"""Notices when the low level is patched, as libraries for tests do that were written for httpcore.

They can do so in programs that have called `alias_httpx()`, and only there it is looked for.
"""

from __future__ import annotations

from sys import modules

# Class, name and original of each method that is looked at.
WATCHED: list[tuple[type, str, object]] = []


def watch_low_level() -> None:
    """Begins to look at the methods that carry requests."""
    from . import core

    if not WATCHED:
        for kind in (core.ConnectionPool, core.HTTPConnection):
            WATCHED.append((kind, "handle_request", kind.handle_request))
        for akind in (core.AsyncConnectionPool, core.AsyncHTTPConnection):
            WATCHED.append((akind, "handle_async_request", akind.handle_async_request))


def is_low_level_patched() -> bool:
    """Whether one of the methods is another one now. Requests then have to go through them."""
    # As there, httpcore is among the modules once a request was made, wherever it had been before.
    modules.setdefault("httpcore", modules[f"{__package__}.core"])
    return any(getattr(kind, name) is not original for kind, name, original in WATCHED)
