"""Which proxies the environment asks for: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

The result is what `mounts=` would say: a URL pattern for each, and the proxy, or None for no proxy.
"""

from __future__ import annotations

import os

from ._exceptions import InvalidURL

__all__ = ["environment_proxies"]

_SCHEMES = ("http", "https", "all")
# In the order they are looked at: the lower-case name is the older one, and decides if both are set.
_NAMES = tuple((scheme, (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")) for scheme in _SCHEMES)


def environment_proxies() -> dict[str, str | None]:
    """Proxies by URL pattern. What NO_PROXY names has None.

    >>> os.environ.update(HTTPS_PROXY="proxy:3128", NO_PROXY="localhost,.example.org")
    >>> environment_proxies()
    {'https://': 'http://proxy:3128', 'all://localhost': None, 'all://*.example.org': None}
    """
    proxies = _configured()
    if not proxies:
        return {}
    found: dict[str, str | None] = {
        f"{scheme}://": proxies[scheme] if "://" in proxies[scheme] else f"http://{proxies[scheme]}"
        for scheme in _SCHEMES
        if proxies.get(scheme)
    }
    for entry in proxies.get("no", "").split(","):
        entry = entry.strip()
        if entry == "*":
            return {}
        pattern = _pattern_of(entry) if entry else None
        if pattern is not None:
            found[pattern] = None
    return found


def _configured() -> dict[str, str]:
    """Proxies by scheme, with `no` for those who get none; empty if there is no proxy at all."""
    environ = os.environ
    proxies: dict[str, str] = {}
    for scheme, names in _NAMES if _may_have_some() else ():
        for name in names:
            # A server that runs CGI programs puts the header `Proxy` of whoever calls into HTTP_PROXY.
            is_forged = name == "HTTP_PROXY" and "REQUEST_METHOD" in environ
            if name in environ and not is_forged:
                proxies[scheme] = environ[name]
                break
    if any(proxies.values()):
        proxies["no"] = environ.get("no_proxy", environ.get("NO_PROXY", ""))
        return proxies
    return {} if proxies else _of_system()


# As the environment stores its names.
_ENCODED = tuple(os.environ.encodekey(name) for _, names in _NAMES for name in names)


def _may_have_some() -> bool:
    """Whether one of the variables is there.

    Every client asks this. The environment's own methods take a microsecond for each name, because they raise
    and catch an exception for one that is not there.
    """
    stored = getattr(os.environ, "_data", _ENCODED)
    for name in _ENCODED:  # noqa: SIM110 - a generator takes longer
        if name in stored:
            return True
    return False


def _of_system() -> dict[str, str]:
    """What the settings of the desktop say, where there are such settings."""
    import sys

    if sys.platform not in ("darwin", "win32"):
        return {}
    from urllib.request import getproxies

    return getproxies()


def _pattern_of(entry: str) -> str | None:
    """The URL pattern for an entry of NO_PROXY; None if it is not to be understood, and so ignored."""
    from ._url_patterns import URLPattern, is_address

    address, slash, prefix = entry.partition("/")
    if "://" in entry:
        pattern = entry
    elif is_address(address):
        host = f"[{address}]" if ":" in address else address
        pattern = f"all://{host}{slash}{prefix}"
    elif entry.startswith("[") or entry.lower() == "localhost":
        pattern = f"all://{entry}"
    elif slash:
        return None
    else:
        # `example.org` is the host and its subdomains, `.example.org` its subdomains only.
        pattern = f"all://{entry}" if entry.startswith("*.") else f"all://*{entry}"
    try:
        URLPattern(pattern)
    except (InvalidURL, ValueError):
        return None
    return pattern
