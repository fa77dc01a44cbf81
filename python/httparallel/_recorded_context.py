"""TLS contexts that know what they were made of, so that the engine can do the same without them."""

from __future__ import annotations

import ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ._types import CertTypes

    # `verify`, `cert` and `trust_env`, as `create_ssl_context` takes them.
    Ingredients: TypeAlias = tuple[str | bool, CertTypes | None, bool]


class RecordedContext(ssl.SSLContext):
    """A context as `create_ssl_context` has made it. What changes it makes it forget what it is made of."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        self.__dict__.pop("_made_of", None)


def _forgetting(name: str) -> Callable[..., Any]:
    def method(self: RecordedContext, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        self.__dict__.pop("_made_of", None)
        return getattr(super(RecordedContext, self), name)(*arguments, **keywords)

    method.__name__ = name
    return method


# Newer versions of Python have more of them.
for _name in dir(ssl.SSLContext):
    if _name.startswith(("load_", "set_")):
        setattr(RecordedContext, _name, _forgetting(_name))


def record(context: ssl.SSLContext, made_of: Ingredients) -> ssl.SSLContext:
    """Makes the context remember."""
    # The functions of `ssl` that make contexts make none of a subclass.
    context.__class__ = RecordedContext
    context.__dict__["_made_of"] = made_of
    return context
