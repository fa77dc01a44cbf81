"""Warnings about arguments that will go away, shown for the line of the user's that has them."""

from __future__ import annotations

import sys


def warn_of_cookies() -> None:
    """`cookies=` of one request: whether they are kept for the next one is a matter of taste."""
    from warnings import warn

    message = (
        "Cookies of a single request are deprecated, because it is unclear how long they last. "
        "Set them on the client."
    )
    warn(message, DeprecationWarning, stacklevel=_level_of_caller())


def _level_of_caller() -> int:
    """How many calls ago the code was that is not this package's, counted as `warn` does in its caller."""
    frame = sys._getframe(2)
    level = 2
    while frame.f_back is not None and frame.f_globals.get("__package__", "") == __package__:
        frame = frame.f_back
        level += 1
    return level
