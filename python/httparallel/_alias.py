"""Makes `import httpx` mean this package, for a whole process."""

from __future__ import annotations

from ._patches import watch_low_level
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# What each name stands for from then on.
_ALIASES = {
    "httpx": "httparallel",
    "httpx2": "httparallel",
    "httpcore": "httparallel.core",
    "httpcore2": "httparallel.core",
}

# Modules that others import or patch by their path, and where what they look for is here.
_MOVED = {
    "httparallel._models": "httparallel",
    "httparallel._urls": "httparallel",
    "httparallel._transports": "httparallel",
    "httparallel._transports.asgi": "httparallel._app_transports",
    "httparallel._transports.base": "httparallel._base_transports",
    "httparallel._transports.default": "httparallel._transports",
    "httparallel._transports.mock": "httparallel._base_transports",
    "httparallel._transports.wsgi": "httparallel._app_transports",
    "httparallel.core._async": "httparallel.core",
    "httparallel.core._async.connection": "httparallel.core._connection",
    "httparallel.core._async.connection_pool": "httparallel.core._pools",
    "httparallel.core._async.http_proxy": "httparallel.core._pools",
    "httparallel.core._sync": "httparallel.core",
    "httparallel.core._sync.connection": "httparallel.core._connection",
    "httparallel.core._sync.connection_pool": "httparallel.core._pools",
    "httparallel.core._sync.http_proxy": "httparallel.core._pools",
}


@public
def alias_httpx() -> None:
    """Makes `import httpx` give httparallel, and `import httpcore` its low level; the same for httpx2.

    For programs, not for libraries: their dependencies then share this package's classes. To be called
    before anything imports one of the four; RuntimeError otherwise. Calling it again does nothing.
    """
    import sys
    from importlib import import_module

    modules = {alias: import_module(name) for alias, name in _ALIASES.items()}
    for alias, module in modules.items():
        if sys.modules.get(alias, module) is not module:
            raise RuntimeError(f"{alias!r} has been imported already: call 'alias_httpx()' before that.")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    sys.modules.update(modules)
    watch_low_level()


class _Finder:
    """Finds modules under their other names, such as `httpx._types`.

    `httpx` itself comes here where a program has taken it out of `sys.modules`, as tests do.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        alias, dot, rest = name.partition(".")
        if alias not in _ALIASES:
            return None
        # Not before, because these imports come here too.
        from importlib.machinery import ModuleSpec
        from importlib.util import find_spec

        real = f"{_ALIASES[alias]}{dot}{rest}"
        real = _MOVED.get(real, real)
        return None if find_spec(real) is None else ModuleSpec(name, _Loader(real))  # type: ignore[arg-type]


class _Loader:
    """Gives the module itself, so that its classes are the same under both names."""

    def __init__(self, real: str) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002
        from importlib import import_module

        module = import_module(self._real)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's there.
        module.__spec__ = self._spec
