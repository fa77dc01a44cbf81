"""Describes a package's public names: what they are called with, in a form that can be compared."""

from __future__ import annotations

import inspect
from enum import Enum
from types import ModuleType


def described(package: ModuleType) -> dict[str, str]:
    """The signature of each public function, class, method and attribute, by its dotted name."""
    found = {}
    for name in package.__all__:
        thing = getattr(package, name)
        if isinstance(thing, type):
            found[name] = _of_class(thing)
            found.update({f"{name}.{member}": text for member, text in _members(thing)})
        elif inspect.isfunction(thing):
            found[name] = signature(thing)
        else:
            found[name] = "a value"
    return found


def signature(function: object) -> str:
    """`(a, b=, *, c=)`: names, kinds, and which of them have a default."""
    parts = []
    seen_star = False
    for each in inspect.signature(function).parameters.values():  # type: ignore[arg-type]
        if each.name == "self":
            continue
        if each.kind is each.KEYWORD_ONLY and not seen_star:
            parts.append("*")
            seen_star = True
        seen_star = seen_star or each.kind is each.VAR_POSITIONAL
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        parts.append(f"{stars}{each.name}{'' if each.default is each.empty else '='}")
    return f"({', '.join(parts)})"


def _of_class(thing: type) -> str:
    if issubclass(thing, Enum):
        # Its signature is the standard library's, and not the same in every version.
        return "an enumeration"
    try:
        return signature(thing)
    except (TypeError, ValueError):
        return "a class"


def _members(thing: type) -> list[tuple[str, str]]:
    members = []
    for name in sorted(dir(thing)):
        value = inspect.getattr_static(thing, name)
        # What comes from the standard library is not the same in every version of it.
        if name.startswith("_") or name in dir(Exception) or (issubclass(thing, Enum) and name in dir(int)):
            continue
        if isinstance(value, (classmethod, staticmethod)):
            value = value.__func__
        if callable(value):
            try:
                members.append((name, signature(value)))
            except ValueError:
                members.append((name, "a method"))
        else:
            members.append((name, "an attribute"))
    return members
