"""Names that others import from here, as httpx has them."""

from __future__ import annotations

from ._native import ProxyRules, URLPattern

__all__ = ["URLPattern", "get_environment_proxies"]


def get_environment_proxies() -> dict[str, str | None]:
    """The environment's proxies, by URL pattern. What NO_PROXY names has None."""
    return ProxyRules.of_environment().routes()
