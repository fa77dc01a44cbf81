"""Attributes that are computed when they are first asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import cached_property as lazy
    from typing import Any
else:

    class lazy:
        """`functools.cached_property`, without the lock it takes until Python 3.12, nor its import.

        Assigning to the attribute replaces the value, as with a plain attribute. Two threads that ask at
        once may both compute it.
        """

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self._compute = compute
            self._name = compute.__name__
            self.__doc__ = compute.__doc__

        def __get__(self, instance: object, owner: type | None = None) -> object:
            if instance is None:
                return self
            value = self._compute(instance)
            setattr(instance, self._name, value)
            return value


__all__ = ["lazy"]
