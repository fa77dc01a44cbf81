"""Authentication: generators that are given responses and yield requests.

A flow is written once, as `auth_flow`, and serves synchronous and asynchronous clients: the client drives
it and does the I/O.
"""

from __future__ import annotations

from ._exceptions import request_context
from ._native import DigestChallenge, basic_authorization
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
        self._last_challenge: DigestChallenge | None = None
        self._nonce_count = 1

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        if self._last_challenge is not None:
            request.headers["Authorization"] = self._answer(request, self._last_challenge)
        response = yield request
        for is_first in (True, False):
            if response.status_code != 401:
                return
            with request_context(request):
                challenge = DigestChallenge.choose(response.headers)
            # A second challenge says that the answer was wrong, unless it was only late.
            if challenge is None or not (is_first or challenge.is_stale):
                return
            self._last_challenge = challenge
            self._nonce_count = 1
            request.headers["Authorization"] = self._answer(request, challenge)
            # A server that keeps its nonces in a session expects that session's cookie with the answer.
            response.cookies.set_cookie_header(request)
            response = yield request

    def _answer(self, request: Request, challenge: DigestChallenge) -> str:
        count = self._nonce_count
        self._nonce_count += 1
        client_nonce = self._get_client_nonce(count, challenge.nonce)
        target = request.url.raw_path
        return challenge.answer(self._username, self._password, request.method, target, count, client_nonce)

    def __getstate__(self) -> dict[str, object]:
        # A copy of it, in this process or another one, waits for a challenge of its own.
        return self.__dict__ | {"_last_challenge": None, "_nonce_count": 1}

    def _get_client_nonce(self, nonce_count: int, nonce: bytes) -> bytes:  # noqa: ARG002 - as tests patch it
        from os import urandom

        return urandom(8).hex().encode()


def _basic(username: str | bytes, password: str | bytes) -> str:
    return basic_authorization(_to_bytes(username), _to_bytes(password))


def _to_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
