"""Authentication: generators that are given responses and yield requests.

A flow is written once, as `auth_flow`, and serves synchronous and asynchronous clients: the client drives
it and does the I/O.
"""

from __future__ import annotations

from ._exceptions import ProtocolError
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from ._request import Request
    from ._response import Response


@public
class Auth:
    """The base of all authentication schemes. Subclasses define `auth_flow`::

        class TokenAuth(Auth):
            def auth_flow(self, request):
                request.headers["Authorization"] = f"Bearer {self.token}"
                response = yield request
                if response.status_code == 401:
                    response = yield self.refresh_request()
                    ...

    A scheme that itself waits, for a lock or a file, defines `sync_auth_flow` and `async_auth_flow`.
    """

    requires_request_body = False
    """Whether the flow reads `request.content`."""

    requires_response_body = False
    """Whether the flow reads `response.content`."""

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Yields each request to send, and is given its response. The last response is the caller's."""
        yield request

    def sync_auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """What a synchronous client drives: `auth_flow`, with the bodies read that it requires."""
        if self.requires_request_body:
            request.read()
        flow = self.auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = yield request
                if self.requires_response_body:
                    response.read()
                request = flow.send(response)
        except StopIteration:
            return
        finally:
            flow.close()

    async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """What an asynchronous client drives: `auth_flow`, with the bodies read that it requires."""
        if self.requires_request_body:
            await request.aread()
        flow = self.auth_flow(request)
        try:
            request = next(flow)
            while True:
                response = yield request
                if self.requires_response_body:
                    await response.aread()
                request = flow.send(response)
        except StopIteration:
            return
        finally:
            flow.close()


@public
class FunctionAuth(Auth):
    """A function that is given each request and returns it changed."""

    def __init__(self, func: Callable[[Request], Request]) -> None:
        self._func = func

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        yield self._func(request)


@public
class BasicAuth(Auth):
    """User name and password, readable by whoever can read the request (RFC 7617)."""

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._auth_header = _basic(username, password)

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        request.headers["Authorization"] = self._auth_header
        yield request


@public
class NetRCAuth(Auth):
    """User name and password from a netrc file, by the host of each request.

    Without a file name it is `~/.netrc`. The file is read once, here.
    """

    def __init__(self, file: str | None = None) -> None:
        from netrc import netrc

        self._netrc_info = netrc(file)

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        entry = self._netrc_info.authenticators(request.url.host)
        if entry is not None and entry[2]:
            request.headers["Authorization"] = _basic(entry[0], entry[2])
        yield request


@public
class DigestAuth(Auth):
    """User name and password, proved without sending the password (RFC 7616, RFC 2069).

    The last challenge is remembered, so that later requests are authenticated at once.
    """

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self._username = _to_bytes(username)
        self._password = _to_bytes(password)
        self._last_challenge: _Challenge | None = None
        self._nonce_count = 1

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        if self._last_challenge is not None:
            request.headers["Authorization"] = self._answer(request, self._last_challenge)
        response = yield request
        if response.status_code != 401:
            return
        offers = response.headers.get_list("www-authenticate")
        offer = next((offer for offer in offers if offer.lower().startswith("digest ")), None)
        if offer is None:
            return
        self._last_challenge = _Challenge(offer[len("digest ") :], request)
        self._nonce_count = 1
        request.headers["Authorization"] = self._answer(request, self._last_challenge)
        # A server that keeps its nonces in a session expects that session's cookie with the answer.
        response.cookies.set_cookie_header(request)
        yield request

    def _answer(self, request: Request, challenge: _Challenge) -> str:
        digest = challenge.digest
        target = request.url.raw_path
        count = b"%08x" % self._nonce_count
        cnonce = self._get_client_nonce(self._nonce_count, challenge.nonce)
        self._nonce_count += 1

        secret = digest(b":".join((self._username, challenge.realm, self._password)))
        if challenge.is_session:
            secret = digest(b":".join((secret, challenge.nonce, cnonce)))
        request_digest = digest(b":".join((request.method.encode(), target)))
        # RFC 7616, section 3.4.1. Without qop, RFC 2069's older form.
        protected = (challenge.nonce, count, cnonce, b"auth") if challenge.qop else (challenge.nonce,)
        response = digest(b":".join((secret, *protected, request_digest)))

        fields = [
            f"username={_quoted(self._username)}",
            f"realm={_quoted(challenge.realm)}",
            f"nonce={_quoted(challenge.nonce)}",
            f"uri={_quoted(target)}",
            f"response={_quoted(response)}",
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.opaque:
            fields.append(f"opaque={_quoted(challenge.opaque)}")
        if challenge.qop:
            fields += ["qop=auth", f"nc={count.decode()}", f"cnonce={_quoted(cnonce)}"]
        return "Digest " + ", ".join(fields)

    def _get_client_nonce(self, nonce_count: int, nonce: bytes) -> bytes:  # noqa: ARG002 - as tests patch it
        from os import urandom

        return urandom(8).hex().encode()


class _Challenge:
    """What a server asks in `WWW-Authenticate: Digest …`."""

    HASHES = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}  # noqa: RUF012

    def __init__(self, fields: str, request: Request) -> None:
        values = _parse_fields(fields)
        if "realm" not in values or "nonce" not in values:
            raise ProtocolError("Malformed Digest WWW-Authenticate header", request=request)
        self.realm = values["realm"].encode()
        self.nonce = values["nonce"].encode()
        self.opaque = values.get("opaque", "").encode()
        self.algorithm = values.get("algorithm", "MD5")
        name = self.algorithm.upper()
        self.is_session = name.endswith("-SESS")
        self._hash = self.HASHES.get(name.removesuffix("-SESS"), "")
        if not self._hash:
            message = f"Unsupported digest auth algorithm {self.algorithm!r}"
            raise ProtocolError(message, request=request)
        self.qop = _quality_of_protection(values.get("qop"), request)

    def digest(self, data: bytes) -> bytes:
        """The hash of `data`, in hexadecimal digits."""
        import hashlib

        # Digest authentication has no other hashes to offer: the servers choose.
        return hashlib.new(self._hash, data, usedforsecurity=False).hexdigest().encode()


def _quality_of_protection(offered: str | None, request: Request) -> bool:
    """Whether to answer with `qop=auth`: RFC 2069's servers offer none."""
    if offered is None:
        return False
    names = [name.strip().lower() for name in offered.split(",")]
    if "auth" in names:
        return True
    if names == ["auth-int"]:
        raise NotImplementedError("Digest auth-int support is not yet implemented")
    raise ProtocolError(f"Unexpected qop value {offered!r} in digest auth", request=request)


def _parse_fields(text: str) -> dict[str, str]:
    """`name=value` and `name="value"` pairs between commas; names in lower case."""
    import re

    pairs = re.findall(r'([^\s,="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))', text)
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or token for name, quoted, token in pairs}


def _quoted(value: bytes) -> str:
    text = value.decode()
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _basic(username: str | bytes, password: str | bytes) -> str:
    from base64 import b64encode

    return "Basic " + b64encode(_to_bytes(username) + b":" + _to_bytes(password)).decode()


def _to_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
