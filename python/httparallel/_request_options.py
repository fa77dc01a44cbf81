"""Options that a single request may have beside the arguments of httpx: `proxy`, `verify` and others.

They are keyword arguments of everything that makes a request, and become entries of its `extensions`, where
redirects, auth flows and hooks find them too. `RequestOptions` in `_types` says what each may be.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ._types import RequestExtensions

OPTIONS = frozenset(("max_body", "proxy", "retries", "verify"))


def extended(
    caller: str, extensions: RequestExtensions | None, options: Mapping[str, Any]
) -> RequestExtensions | None:
    """A request's extensions, with options that `caller` was given. TypeError if one of them is none."""
    if not options:
        return extensions
    check_names(caller, options, OPTIONS)
    return {**(extensions or {}), **{name: _checked(name, value) for name, value in options.items()}}


def check_names(caller: str, arguments: Iterable[str], allowed: frozenset[str]) -> None:
    """TypeError, in the interpreter's words, if there is an argument that `caller` does not have."""
    unknown = set(arguments) - allowed
    if unknown:
        raise TypeError(f"{caller}() got an unexpected keyword argument {min(unknown)!r}")


def folded(caller: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments for a request, their options put into `extensions`."""
    options = {name: arguments[name] for name in OPTIONS & arguments.keys()}
    if not options:
        return arguments
    rest = {name: value for name, value in arguments.items() if name not in options}
    return {**rest, "extensions": extended(caller, arguments.get("extensions"), options)}


def _checked(name: str, value: Any) -> Any:  # noqa: ANN401 - each option has a type of its own
    """The option as extensions have it. Refuses at once what would be refused when the request is sent."""
    if name == "max_body":
        from ._client_settings import limit_of

        return limit_of(value)
    if name == "proxy" and value is not None:
        from ._config import Proxy

        return value if isinstance(value, Proxy) else Proxy(value)
    if name == "retries":
        from ._retry import retry_of

        retry_of(value)
        return value
    if name == "verify" and not isinstance(value, (bool, str)):
        import os
        import ssl

        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if not isinstance(value, ssl.SSLContext):
            raise TypeError(
                "verify must be True, False, the path of a file or directory with certificate authorities, "
                f"or an ssl.SSLContext, not {type(value).__name__}."
            )
    return value
