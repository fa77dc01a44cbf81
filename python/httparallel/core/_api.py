"""Single requests, each with a pool of its own."""

from __future__ import annotations

from contextlib import contextmanager

from ._pools import ConnectionPool
from ._public import public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._checked import Content, Extensions, HeaderTypes
    from ._models import URL, Response

__all__ = ["request", "stream"]


@public
def request(
    method: bytes | str,
    url: URL | bytes | str,
    *,
    headers: HeaderTypes = None,
    content: Content = None,
    extensions: Extensions | None = None,
) -> Response:
    """Sends a request and reads its response::

    response = httparallel.core.request("GET", "https://www.example.com/")
    """
    with ConnectionPool() as pool:
        return pool.request(method, url, headers=headers, content=content, extensions=extensions)


@public
@contextmanager
def stream(
    method: bytes | str,
    url: URL | bytes | str,
    *,
    headers: HeaderTypes = None,
    content: Content = None,
    extensions: Extensions | None = None,
) -> Iterator[Response]:
    """Sends a request; its response is read inside the block::

    with httparallel.core.stream("GET", "https://www.example.com/") as response:
        for piece in response.iter_stream():
            ...
    """
    with (
        ConnectionPool() as pool,
        pool.stream(method, url, headers=headers, content=content, extensions=extensions) as response,
    ):
        yield response
