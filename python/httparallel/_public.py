"""Marks what users may name: such a class or function says it lives in `httparallel`.

Tracebacks, `repr()` and pickles then show the public name, and a module may be split or renamed without
breaking anybody's stored pickles.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")


def public(thing: T) -> T:
    """Gives `thing` the package's name as its `__module__`."""
    thing.__module__ = "httparallel"
    return thing
