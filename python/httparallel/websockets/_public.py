"""Marks what users may name: such a thing says it lives in `httparallel.websockets`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")


def public(thing: T) -> T:
    """Gives `thing` the subpackage's name as its `__module__`."""
    thing.__module__ = "httparallel.websockets"
    return thing
