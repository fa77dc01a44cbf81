"""The jar that clients keep cookies in: `http.cookiejar`'s, and what RFC 6265bis asks for beyond it.

How a `Set-Cookie` is read, and which cookies go where, is left to `http.cookiejar`. Beyond what that refuses,
the engine's rules are asked, which Rust's jar follows too: which domains a response may set, what the
prefixes `__Secure-` and `__Host-` promise, what may come in the open, and how much of it is kept.
"""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy

from ._native import cookie_is_guarded, cookie_may_be_set, surplus_cookies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from http.cookiejar import Cookie
    from typing import Any

# As `http.cookiejar` has it where cookies are sent: WebSockets share them.
SECURE_SCHEMES = ("https", "wss")


class Policy(DefaultCookiePolicy):
    """Which cookies a response may set."""

    def __init__(self) -> None:
        # RFC 6265, section 5.3, step 6: a cookie without a Domain is for its own host only. Left to itself,
        # Python sends it to all subdomains.
        super().__init__(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)

    def set_ok(self, cookie: Cookie, request: Any) -> bool:  # noqa: ANN401 - what the jar was given
        return super().set_ok(cookie, request) and cookie_may_be_set(
            request.origin_req_host,
            request.type in SECURE_SCHEMES,
            *_pair(cookie),
            domain=cookie.domain if cookie.domain_specified else None,
            path=cookie.path if cookie.path_specified else None,
            secure=cookie.secure,
        )


def _pair(cookie: Cookie) -> tuple[str, str]:
    """Name and value. What has no `=` is a value, and `http.cookiejar` keeps it as a name."""
    return ("", cookie.name) if cookie.value is None else (cookie.name, cookie.value)


def _place(cookie: Cookie) -> tuple[str, str, str]:
    return _pair(cookie)[0], cookie.domain, cookie.path


class Jar(CookieJar):
    """Cookies, not too many of each domain."""

    def __init__(self) -> None:
        super().__init__(Policy())
        self._count = 0

    def make_cookies(self, response: Any, request: Any) -> Sequence[Cookie]:  # noqa: ANN401 - as the jar's
        if request.type in SECURE_SCHEMES:
            return super().make_cookies(response, request)
        secure = [known for known in self if known.secure]
        cookies = super().make_cookies(response, request)
        for known in secure:
            if not self._has(known):
                # One that had ended, and came in the open, has taken it away.
                super().set_cookie(known)
        places = [_place(known) for known in secure]
        return [
            cookie
            for cookie in cookies
            if not any(cookie_is_guarded(place, _place(cookie)) for place in places)
        ]

    def _has(self, cookie: Cookie) -> bool:
        kept: Any = self
        return cookie.name in kept._cookies.get(cookie.domain, {}).get(cookie.path, {})

    def set_cookie(self, cookie: Cookie) -> None:
        kept: Any = self
        # So that the newest stands last, also if it is there already.
        kept._cookies.get(cookie.domain, {}).get(cookie.path, {}).pop(cookie.name, None)
        super().set_cookie(cookie)
        numbered: Any = cookie
        self._count += 1
        numbered._number = self._count

    def extract_cookies(self, response: Any, request: Any) -> None:  # noqa: ANN401 - as the jar's
        super().extract_cookies(response, request)
        kept: Any = self
        for domain in _domains_of(request.origin_req_host.lower()):
            paths = kept._cookies.get(domain, {})
            cookies = [cookie for names in paths.values() for cookie in names.values()]
            # One without a number came past `set_cookie`, and nobody knows when.
            ages = [(cookie.secure, getattr(cookie, "_number", 0)) for cookie in cookies]
            for place in surplus_cookies(ages):
                surplus = cookies[place]
                self.clear(surplus.domain, surplus.path, surplus.name)


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
