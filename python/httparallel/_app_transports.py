"""Transports that call an application in this process, without a server: for its tests, mostly.

What they do is in `_asgi` and `_wsgi`, which are loaded with the first request.
"""

from __future__ import annotations

from ._base_transports import AsyncBaseTransport, BaseTransport
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any, TextIO, TypeAlias
    from wsgiref.types import WSGIApplication

    from ._request import Request
    from ._response import Response

    Message: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]
    ASGIApplication: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


@public
class ASGITransport(AsyncBaseTransport):
    """Sends the requests of an async client to an ASGI application::

        async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
            response = await client.get("/")

    The application runs in the caller's task, to its end, before there is a response. Its lifespan is not
    run: start and stop what it needs yourself.

    - `raise_app_exceptions`: False to get a response with status 500 for an exception of the application.
    - `root_path`: where the application is mounted.
    - `client`: the address and port that the application sees requests come from.
    """

    def __init__(
        self,
        app: ASGIApplication,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
    ) -> None:
        self.app = app
        self.raise_app_exceptions = raise_app_exceptions
        self.root_path = root_path
        self.client = client

    async def handle_async_request(self, request: Request) -> Response:
        from ._asgi import answer

        return await answer(self, request)


@public
class WSGITransport(BaseTransport):
    """Sends the requests of a synchronous client to a WSGI application::

        with Client(transport=WSGITransport(app), base_url="http://test") as client:
            response = client.get("/")

    - `raise_app_exceptions`: False to get the response that the application gives for its own exceptions.
    - `script_name`: where the application is mounted.
    - `remote_addr`: the address that the application sees requests come from.
    - `wsgi_errors`: where the application writes errors; standard error by default.
    """

    def __init__(
        self,
        app: WSGIApplication,
        raise_app_exceptions: bool = True,
        script_name: str = "",
        remote_addr: str = "127.0.0.1",
        wsgi_errors: TextIO | None = None,
    ) -> None:
        self.app = app
        self.raise_app_exceptions = raise_app_exceptions
        self.script_name = script_name
        self.remote_addr = remote_addr
        self.wsgi_errors = wsgi_errors

    def handle_request(self, request: Request) -> Response:
        from ._wsgi import answer

        return answer(self, request)
