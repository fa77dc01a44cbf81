"""The jar that clients keep cookies in: `http.cookiejar`'s, and what RFC 6265bis asks for beyond it.

- A `Domain` without a dot inside it, such as `com` or `local`, or that is part of an address, is refused
  unless it is the host itself; so are most two-part suffixes of countries, such as `co.uk`. There is no list
  of public suffixes.
- `__Secure-` and `__Host-` cookies are taken only if they are what their names promise.
- A response over `http` does not replace a cookie that is `Secure`.
- A cookie with a control character, or of more than 4096 characters, is refused, and of each domain at most
  180 are kept.
"""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from http.cookiejar import Cookie
    from typing import Any

# RFC 6265bis, section 5.6, asks for 4096 octets at least and says to ignore what is larger.
MAX_SIZE = 4096
# RFC 6265bis, section 6.1, asks for 50 at least. What browsers keep.
MAX_OF_A_DOMAIN = 180


class Policy(DefaultCookiePolicy):
    """Which cookies a response may set."""

    def __init__(self) -> None:
        # RFC 6265, section 5.3, step 6: a cookie without a Domain is for its own host only. Left to itself,
        # Python sends it to all subdomains.
        super().__init__(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)

    def set_ok(self, cookie: Cookie, request: Any) -> bool:  # noqa: ANN401 - what the jar was given
        return (
            super().set_ok(cookie, request)
            and _is_domain_allowed(cookie, request.origin_req_host.lower())
            and _keeps_promise(cookie, request.type == "https")
            and _is_harmless(cookie)
        )


def _is_domain_allowed(cookie: Cookie, host: str) -> bool:
    if not cookie.domain_specified:
        return True
    domain = cookie.domain.strip(".")
    is_address = host.replace(".", "").isdigit() or ":" in host
    return domain == host.strip(".") or ("." in domain and not is_address)


def _keeps_promise(cookie: Cookie, is_secure: bool) -> bool:
    """Whether a cookie is what the prefix of its name says: RFC 6265bis, section 4.1.3."""
    name = cookie.name.lower()
    if name.startswith("__secure-"):
        return is_secure and cookie.secure
    if name.startswith("__host-"):
        is_whole_host = not cookie.domain_specified and cookie.path_specified and cookie.path == "/"
        return is_secure and cookie.secure and is_whole_host
    return True


def _is_harmless(cookie: Cookie) -> bool:
    text = cookie.name + (cookie.value or "")
    return len(text) <= MAX_SIZE and not any(ord(each) < 32 or ord(each) == 127 for each in text)


class Jar(CookieJar):
    """Cookies, not too many of each domain."""

    def __init__(self) -> None:
        super().__init__(Policy())

    def make_cookies(self, response: Any, request: Any) -> Sequence[Cookie]:  # noqa: ANN401 - as the jar's
        cookies = super().make_cookies(response, request)
        if request.type == "https":
            return cookies
        return [cookie for cookie in cookies if not self._has_secure(cookie)]

    def _has_secure(self, cookie: Cookie) -> bool:
        bare = cookie.domain.lstrip(".")
        kept: Any = self
        places = [path for domain in (bare, f".{bare}") for path in kept._cookies.get(domain, {}).values()]
        return any(cookie.name in names and names[cookie.name].secure for names in places)

    def set_cookie(self, cookie: Cookie) -> None:
        kept: Any = self
        # So that the newest stands last, also if it is there already.
        kept._cookies.get(cookie.domain, {}).get(cookie.path, {}).pop(cookie.name, None)
        super().set_cookie(cookie)

    def extract_cookies(self, response: Any, request: Any) -> None:  # noqa: ANN401 - as the jar's
        super().extract_cookies(response, request)
        kept: Any = self
        for domain in _domains_of(request.origin_req_host.lower()):
            paths = kept._cookies.get(domain, {})
            surplus = sum(map(len, paths.values())) - MAX_OF_A_DOMAIN
            for _ in range(surplus):
                names = max(paths.values(), key=len)
                del names[next(iter(names))]


def _domains_of(host: str) -> Iterator[str]:
    """The domains that a host may set cookies for, as the jar names them."""
    name = f"[{host}]" if ":" in host else host
    if "." not in name:
        name += ".local"
    yield name
    parent = f".{name}"
    while parent:
        yield parent
        parent = parent[parent.find(".", 1) :] if "." in parent[1:] else ""
