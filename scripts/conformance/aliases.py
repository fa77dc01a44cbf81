"""Lets the tests find this package where they look for the other one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from recorder import is_private

import httparallel


def install(name: str) -> None:
    """Makes `import NAME` give this package, for a suite of that name."""
    if name == "httpcore":
        sys.modules["httpcore"] = httparallel.core
        return
    httparallel.alias_httpx()
    sys.meta_path.append(StandIns())


class StandIns:
    """Gives an empty module for each private module of httpx that is not here.

    A file of tests that imports a private name is then not lost as a whole, only the tests that use it are.
    """

    def find_spec(self, name: str, *places: object) -> ModuleSpec | None:
        del places  # they are of no importance to names
        package, _, module = name.partition(".")
        # Finders and loaders need no base class.
        return ModuleSpec(name, self) if package == "httpx" and is_private(module) else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """It is empty."""


class StandIn(ModuleType):
    """A module in which every name is a function that says that it is not here."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        if (self.__name__, name) == ("httpx._urlparse", "urlparse"):
            return Parsed

        def absent(*_: object, **__: object) -> None:
            raise AttributeError(f"{self.__name__}.{name} is not here", name=f"_{name}")

        return absent


class Parsed:
    """What httpx's private `urlparse` gives, by our public URL.

    The tests of URLs by the WHATWG's examples ask for this function, and mean how URLs are understood.
    """

    def __init__(self, text: str) -> None:
        url = httparallel.URL(text)
        written, _, self.fragment = str(url).partition("#")
        written, _, self.query = written.partition("?")
        self.scheme = url.scheme
        self.host = url.raw_host.decode("ascii")
        self.port = url.port
        path = url.raw_path.decode("ascii").partition("?")[0]
        # What is requested where there is no path is the root.
        self.path = "" if path == "/" and not written.endswith("/") else path
