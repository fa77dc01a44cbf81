"""Where the engine's rules for proxies come from: the environment, and on some systems the desktop.

What HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY mean is the engine's to say: see `ProxyRules`.
"""

from __future__ import annotations

import sys

from ._native import ProxyRules

__all__ = ["environment_rules"]


def environment_rules() -> ProxyRules | None:
    """Which URL goes through which proxy, if the environment names one at all.

    ValueError or InvalidURL if what it names is no proxy.
    """
    rules = ProxyRules.of_environment()
    if not rules.names_a_proxy:
        if sys.platform not in ("darwin", "win32"):
            return None
        rules = _of_system()
        if not rules.names_a_proxy:
            return None
    from ._config import Proxy

    for url in rules.routes().values():
        if url is not None:
            Proxy(url)
    return rules


def _of_system() -> ProxyRules:
    """What the settings of the desktop say; nothing if the environment has a variable, be it an empty one."""
    import os
    from urllib.request import getproxies

    if any(name.lower() in ("http_proxy", "https_proxy", "all_proxy") for name in os.environ):
        return ProxyRules({})
    return ProxyRules({f"{scheme}_proxy": value for scheme, value in getproxies().items()})
