"""What a module offers, as JSON: the public names, and how each class, method and function is called.

`signatures.json` is what httpcore2 2.16.2 offers. It was made, where that is installed, by::

    python signatures.py httpcore2 > signatures.json
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

Offer = dict[str, dict[str, Any]]


def described(module: Any) -> Offer:
    return {name: of_thing(getattr(module, name)) for name in sorted(module.__all__)}


def of_thing(thing: Any) -> dict[str, Any]:
    if not inspect.isclass(thing):
        return of_function(thing) if inspect.isroutine(thing) else {"is": "value"}
    if issubclass(thing, Exception):
        return {"is": "exception", "base": thing.__bases__[0].__name__}
    # What every object has is left out, and so is what it is called with there.
    members = {
        name: of_member(inspect.getattr_static(thing, name))
        for name in sorted(dir(thing))
        if (name == "__init__" or not name.startswith("_"))
        and getattr(thing, name) is not getattr(object, name, None)
    }
    return {"is": "class", "members": {name: member for name, member in members.items() if member}}


def of_member(member: Any) -> dict[str, Any]:
    if isinstance(member, property):
        return {"is": "property"}
    # Attributes that are computed when asked for are no methods.
    return of_function(member) if callable(member) and inspect.isroutine(member) else {}


def of_function(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()
        if not name.startswith("_")
    ]
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return {"is": "async function" if is_async else "function", "called": str(inspect.Signature(parameters))}


if __name__ == "__main__":
    json.dump(described(importlib.import_module(sys.argv[1])), sys.stdout, indent=1, sort_keys=True)
    print()
