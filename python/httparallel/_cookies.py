"""Cookies, as a mapping over a `http.cookiejar.CookieJar`, which knows the rules.

The jar, and the module it comes from, are loaded when the first cookie is: most clients never meet one.
"""

from __future__ import annotations

# What `collections.abc` is made of: loaded anyway, and that name would bring `collections` along.
from _collections_abc import MutableMapping

from ._exceptions import CookieConflict
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.cookiejar import Cookie, CookieJar
    from typing import Any

    from ._native import Headers
    from ._request import Request
    from ._response import Response
    from ._types import CookieTypes


@public
class Cookies(MutableMapping[str, str]):
    """Cookies by name. Those of several domains or paths live side by side.

    `cookies["name"]` raises CookieConflict if there are several of that name; `get`, `set` and `delete`
    take a domain and a path.
    """

    _jar: CookieJar | None

    def __init__(self, cookies: CookieTypes | None = None) -> None:
        self._jar = None
        if cookies is None:
            return
        if isinstance(cookies, Cookies):
            self._adopt(cookies)
        elif isinstance(cookies, (dict, list, tuple)):
            for name, value in cookies.items() if isinstance(cookies, dict) else cookies:
                self.set(name, value)
        else:
            self._jar = cookies

    @property
    def jar(self) -> CookieJar:
        """The jar that holds the cookies."""
        if self._jar is None:
            from ._cookie_jar import Jar

            self._jar = Jar()
        return self._jar

    @jar.setter
    def jar(self, jar: CookieJar) -> None:
        self._jar = jar

    def extract_cookies(self, response: Response) -> None:
        """Takes the cookies that a response sets, as far as it may set them for its URL."""
        self._extract(response)

    def _extract(self, response: Response, scheme: str | None = None) -> None:
        headers = response.headers
        if "set-cookie" in headers or "set-cookie2" in headers:
            given: Any = _ResponseForJar(headers)
            asked: Any = _RequestForJar(response.request)
            asked.type = scheme or asked.type
            self.jar.extract_cookies(given, asked)

    def set_cookie_header(self, request: Request) -> None:
        """Adds the header `Cookie` with the cookies that belong to the request's URL, if it has none."""
        if self:
            asked: Any = _RequestForJar(request)
            self.jar.add_cookie_header(asked)

    def set(self, name: str, value: str, domain: str = "", path: str = "/") -> None:
        """Sets a cookie. Without a domain it is sent to every server."""
        from http.cookiejar import Cookie

        self.jar.set_cookie(
            Cookie(
                version=0,
                name=name,
                value=value,
                port=None,
                port_specified=False,
                domain=domain,
                domain_specified=True,
                domain_initial_dot=domain.startswith("."),
                path=path,
                path_specified=bool(path),
                secure=False,
                expires=None,
                discard=True,
                comment=None,
                comment_url=None,
                rest={"HttpOnly": ""},
                rfc2109=False,
            )
        )

    def get(  # type: ignore[override]
        self, name: str, default: str | None = None, domain: str | None = None, path: str | None = None
    ) -> str | None:
        """The value of the cookie of that name, and of that domain and path if they are given.

        CookieConflict if there are several.
        """
        values = [cookie.value for cookie in self._matching(name, domain, path) if cookie.value is not None]
        if len(values) > 1:
            raise CookieConflict(f"Multiple cookies exist with name={name}")
        return values[0] if values else default

    def delete(self, name: str, domain: str | None = None, path: str | None = None) -> None:
        """Removes all cookies of that name, or those of one domain and path. KeyError only if all three
        are given and there is no such cookie."""
        if domain is not None and path is not None:
            self.jar.clear(domain, path, name)
            return
        for cookie in self._matching(name, domain, path):
            self.jar.clear(cookie.domain, cookie.path, cookie.name)

    def clear(self, domain: str | None = None, path: str | None = None) -> None:
        """Removes all cookies, or those of a domain, or those of a path of a domain."""
        if path is not None and domain is None:
            raise ValueError("A path can only be cleared together with its domain.")
        if path is not None and domain is not None:
            self.jar.clear(domain, path)
        elif domain is not None:
            self.jar.clear(domain)
        else:
            self.jar.clear()

    def update(self, cookies: CookieTypes | None = None) -> None:  # type: ignore[override]
        """Adds cookies, which replace those of the same name, domain and path."""
        self._adopt(Cookies(cookies))

    def _adopt(self, cookies: Cookies) -> None:
        for cookie in cookies._each():
            if not cookie.domain and not cookie.domain_specified:
                # Of no host at all: for every server, which the policy wants to have been said.
                from copy import copy

                cookie = copy(cookie)
                cookie.domain_specified = True
            self.jar.set_cookie(cookie)

    def _of_hosts(self) -> Cookies:
        """Without those that are for every server."""
        if not any(not cookie.domain for cookie in self._each()):
            return self
        from copy import copy

        # By this way a jar of the user's own class keeps its rules.
        jar: Any = copy(self.jar)
        jar._cookies = {domain: cookies for domain, cookies in jar._cookies.items() if domain}
        return Cookies(jar)

    def _each(self) -> list[Cookie]:
        return [] if self._jar is None else list(self._jar)

    def _matching(self, name: str, domain: str | None, path: str | None) -> list[Cookie]:
        return [
            cookie
            for cookie in self._each()
            if cookie.name == name
            and (domain is None or cookie.domain == domain)
            and (path is None or cookie.path == path)
        ]

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def __len__(self) -> int:
        return len(self._each())

    def __iter__(self) -> Iterator[str]:
        return (cookie.name for cookie in self._each())

    def __bool__(self) -> bool:
        return self._jar is not None and any(True for _ in self._jar)

    def __getstate__(self) -> dict[str, list[Cookie]]:
        # A jar holds a lock, and cannot be pickled.
        return {"cookies": self._each()}

    def __setstate__(self, state: dict[str, list[Cookie]]) -> None:
        self._jar = None
        for cookie in state["cookies"]:
            self.jar.set_cookie(cookie)

    def __repr__(self) -> str:
        cookies = ", ".join(
            f"<Cookie {cookie.name}={cookie.value} for {cookie.domain} />" for cookie in self._each()
        )
        return f"<Cookies[{cookies}]>"


class _RequestForJar:
    """A request as `http.cookiejar` documents that it wants one; urllib need not be loaded for it."""

    unverifiable = False

    def __init__(self, request: Request) -> None:
        self._request = request
        self.type = request.url.scheme
        self.host = request.url.netloc.decode("ascii")
        self.origin_req_host = request.url.raw_host.decode("ascii")

    def get_full_url(self) -> str:
        # Without credentials, which the jar would take for a part of the host.
        return f"{self.type}://{self.host}{self._request.url.raw_path.decode('ascii')}"

    def has_header(self, name: str) -> bool:
        return name in self._request.headers

    def get_header(self, name: str, default: str | None = None) -> str | None:
        return self._request.headers.get(name, default)

    def header_items(self) -> list[tuple[str, str]]:
        return list(self._request.headers.items())

    def add_unredirected_header(self, name: str, value: str) -> None:
        self._request.headers[name] = value


class _ResponseForJar:
    """A response as `http.cookiejar` wants one: `info()` has `get_all(name, default)`."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def info(self) -> _ResponseForJar:
        return self

    def get_all(self, name: str, default: list[str]) -> list[str]:
        return self._headers.get_list(name) or default
