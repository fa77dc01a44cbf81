"""Patterns that URLs match: the keys of `mounts=`, and what `NO_PROXY` names.

==========================  ====================================================
`all://`                    every URL
`https://`                  those of one scheme
`all://example.org`         those of one host
`all://*.example.org`       those of its subdomains
`all://*example.org`        those of the host and of its subdomains
`all://example.org:8080`    those of one port, too
`all://10.0.0.0/8`          those whose host is an address of a network
`all://[2001:db8::]/32`     the same for IPv6
==========================  ====================================================
"""

from __future__ import annotations

from ._exceptions import InvalidURL
from ._native import URL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["URLPattern", "is_address"]


class URLPattern:
    """One pattern. Patterns sort by how much they say: the first of a sorted list that matches decides."""

    def __init__(self, pattern: str) -> None:
        if pattern and ":" not in pattern:
            raise ValueError(
                f"A pattern for URLs looks like one: {pattern + '://'!r} instead of {pattern!r} for all "
                "URLs of a scheme."
            )
        url = URL(pattern)
        self.pattern = pattern
        self.scheme = "" if url.scheme == "all" else url.scheme
        self.host = "" if url.host == "*" else url.host
        self.port = url.port
        self.network = _network(pattern, url)

    def matches(self, url: URL) -> bool:
        """Whether the pattern covers this URL."""
        if self.scheme and self.scheme != url.scheme:
            return False
        if self.port is not None and self.port != url.port:
            return False
        if self.network is not None:
            return _is_within(url.host, self.network)
        return not self.host or _covers(self.host, url.host)

    @property
    def priority(self) -> tuple[int, int, int, int, int]:
        """What patterns are sorted by. Smaller is more specific.

        A port counts most; then a host before a network before neither, a small network before a large
        one, a long name before a short one; then a scheme.
        """
        # Counted in addresses, because prefixes of IPv4 and IPv6 cannot be compared.
        addresses = 0 if self.network is None else self.network.num_addresses
        kind = 1 if self.network is not None else 0 if self.host else 2
        length = 0 if self.network is not None else len(self.host)
        return int(self.port is None), kind, addresses, -length, -len(self.scheme)

    def covered_schemes(self, schemes: set[str]) -> set[str]:
        """Those of the schemes of which the pattern covers every URL."""
        if self.host or self.port is not None:
            return set()
        return {scheme for scheme in schemes if self.scheme in ("", scheme)}

    def __lt__(self, other: URLPattern) -> bool:
        return self.priority < other.priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URLPattern) and self.pattern == other.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pattern!r})"


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    from ipaddress import ip_address

    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _covers(pattern: str, host: str) -> bool:
    if not pattern.startswith("*"):
        return pattern == host
    name = pattern[1:].removeprefix(".")
    if host.endswith("." + name):
        return len(host) > len(name) + 1
    return host == name and not pattern.startswith("*.")


def _network(pattern: str, url: URL) -> IPv4Network | IPv6Network | None:
    """The network that a pattern names, if it is one of an address and a prefix length."""
    prefix = url.path.removeprefix("/")
    if not prefix or not is_address(url.host):
        return None
    from ipaddress import ip_network

    host = f"[{url.host}]" if ":" in url.host else url.host
    # Only what stands there literally: credentials, zones and queries have no place in a network.
    is_plain = prefix.isdigit() and pattern.endswith(f"{host}/{prefix}") and "@" not in pattern
    try:
        if is_plain and "%" not in pattern:
            return ip_network(f"{url.host}/{prefix}", strict=False)
    except ValueError:
        pass
    raise InvalidURL(f"Invalid network in {pattern!r}")


def _is_within(host: str, network: IPv4Network | IPv6Network) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host) in network
    except ValueError:
        return False
